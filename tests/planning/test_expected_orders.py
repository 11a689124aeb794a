"""What a forecast is taken for: nothing of it is lost or added, and the open orders say what comes together."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from simple_day import CHICAGO, NEWARK, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError
from quartermaster.planning.expected_orders import DESTINATIONS, ExpectedOrders, expected_orders
from quartermaster.planning.problem import build_problem
from quartermaster.planning.stock_prices import price_stock
from quartermaster.policy import FuturePolicy, Policy, SolverPolicy


def day(orders: dict[str, str], lines: list[tuple[str, str, int]], forecast: list[Forecast], **tables) -> Snapshot:
    """Build a day of orders by ZIP code, lines of (order, SKU, quantity), and a forecast."""
    skus = sorted({sku for _, sku, _ in lines} | {row.sku for row in forecast})
    return simple_day(
        orders=[Order(order_id=order_id, postal_code=code) for order_id, code in orders.items()],
        lines=[
            OrderLine(order_id=order_id, line_id=str(number), sku=sku, quantity=quantity)
            for number, (order_id, sku, quantity) in enumerate(lines)
        ],
        nodes=[Node(node_id="A", **NEWARK), Node(node_id="B", **CHICAGO)],
        forecast=forecast,
        **{
            "stock": {("A", sku): 5 for sku in skus},
            "products": [Product(sku=sku, weight_g=400) for sku in skus],
            **tables,
        },
    )


def rate(sku: str, prefix: str, units: str) -> Forecast:
    return Forecast(sku=sku, destination_prefix=prefix, units_per_day=Decimal(units))


def kinds(expected: ExpectedOrders) -> Counter[tuple[str, tuple[tuple[str, int], ...]]]:
    """How often each kind comes: by postal code and what is in it."""
    held: dict[str, list[tuple[str, int]]] = {}
    for line in expected.snapshot.order_lines:
        held.setdefault(line.order_id, []).append((line.sku, line.quantity))
    found: Counter[tuple[str, tuple[tuple[str, int], ...]]] = Counter()
    for order, times in zip(expected.snapshot.orders, expected.times.tolist(), strict=True):
        found[order.postal_code, tuple(held[order.order_id])] += times
    return found


def test_the_open_orders_say_what_comes_together():
    """X is expected twice per unit on order, Y once: the order of both comes once, that of X twice, one X is left."""
    snapshot = day(
        {"1": "10001", "2": "10002"},
        [("1", "X", 1), ("1", "Y", 1), ("2", "X", 1)],
        [rate("X", "100", "4"), rate("Y", "100", "1")],
    )
    expected = expected_orders(snapshot, 1)
    assert kinds(expected) == {
        ("10001", (("X", 1), ("Y", 1))): 1.0,
        ("10002", (("X", 1),)): 2.0 + 1.0,  # what is left goes to the middle one of the region's destinations
    }


def test_a_region_without_orders_is_served_at_its_middle():
    expected = expected_orders(day({"1": "10001"}, [("1", "X", 1)], [rate("X", "606", "2")]), 3)
    assert kinds(expected) == {("606", (("X", 1),)): 6.0}
    place = expected.snapshot.orders.row(0)
    assert (place.lat, place.lon) == (pytest.approx(41.85, abs=0.1), pytest.approx(-87.7, abs=0.1))


def test_everywhere_is_where_the_open_orders_are():
    codes = {str(number): f"{10001 + number:05d}" for number in range(3 * DESTINATIONS)}
    expected = expected_orders(day(codes, [(order_id, "X", 1) for order_id in codes], [rate("Z", "", "10")]), 2)
    found = kinds(expected)
    assert len(found) == DESTINATIONS
    assert all(times == pytest.approx(20 / DESTINATIONS) for times in found.values())


def test_rows_of_few_units_go_to_few_destinations_and_together_to_all():
    """30 slow products, 0.4 units each, to ten places: one place each, and none of the places is passed over."""
    codes = {str(number): f"{10001 + 100 * number:05d}" for number in range(10)}
    forecast = [rate(f"Z{number:02d}", "1", "0.4") for number in range(30)]
    found = kinds(expected_orders(day(codes, [(order_id, "X", 1) for order_id in codes], forecast), 1))
    assert len(found) == 30
    assert all(times == pytest.approx(0.4) for times in found.values())
    reached = Counter(code for code, _ in found)
    assert set(reached) == set(codes.values())
    assert max(reached.values()) <= 4


@pytest.mark.parametrize("seed", range(40))
def test_every_expected_unit_is_there_once(seed):
    """Nested and overlapping regions, SKUs on several lines, rows without orders: units by SKU add up."""
    rng = Random(seed)
    codes = {str(number): rng.choice(["10001", "10128", "11201", "60601"]) for number in range(rng.randint(1, 12))}
    lines = [(order_id, rng.choice("XYZ"), rng.randint(1, 3)) for order_id in codes for _ in range(rng.randint(1, 3))]
    regions = {(sku, prefix) for sku in "XYZW" for prefix in ("", "1", "100", "606", "9") if rng.random() < 0.5}
    forecast = [rate(sku, prefix, f"{rng.uniform(0, 9):.3f}") for sku, prefix in sorted(regions)]
    days = rng.randint(1, 14)
    expected = expected_orders(day(codes, lines, forecast), days)
    units: Counter[str] = Counter()
    for (_, held), times in kinds(expected).items():
        for sku, quantity in held:
            units[sku] += times * quantity
    wanted: Counter[str] = Counter()
    for row in forecast:
        wanted[row.sku] += float(row.units_per_day) * days
    assert {sku: pytest.approx(total) for sku, total in wanted.items() if total} == dict(units)
    assert (expected.times > 0).all()


def test_stock_is_priced_without_a_plan():
    """Three orders a day for two days from New York, five units at A (5.00), none at B: one goes short, at 100."""
    snapshot = day({"1": "10001"}, [("1", "X", 1)], [rate("X", "100", "3")])
    prices = qm.stock_prices(snapshot, Policy(future=FuturePolicy(horizon_days=2)))
    assert (prices.node_id, prices.sku, prices.price_micro) == (("A",), ("X",), (95_000_000,))


def test_prices_need_a_forecast_and_a_horizon():
    with pytest.raises(InputError) as raised:
        qm.stock_prices(day({"1": "10001"}, [("1", "X", 1)], []), Policy(solver=SolverPolicy()))
    assert [problem.code for problem in raised.value.problems] == ["missing_field", "policy_value"]


@pytest.mark.parametrize("times", [0.01, 50.0])
def test_what_no_stock_covers_costs_as_often_as_it_comes(times):
    """No X anywhere and backorders at 100: the fluid costs 100 for each time the order comes."""
    snapshot = day({"1": "10001"}, [("1", "X", 1)], [], stock={})
    supply = build_problem(snapshot, Policy()).available
    kinds = ExpectedOrders(snapshot, np.array([times]))
    priced = price_stock(kinds, Policy(), supply, seconds_left=lambda: 30.0)
    assert priced.bound == pytest.approx(100_000_000 * times)
