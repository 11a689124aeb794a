"""Plans with stock prices, against brute force: least cost plus stock value, and no unit backordered for its value."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from brute_force import Enumeration, Vector
from instances import tiny_instance
from plan_checks import check_conservation, check_cost, check_reasons, check_stock
from simple_day import CHICAGO, NEWARK, sent, short, simple_day

import quartermaster as qm
from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast, Replenishment
from quartermaster.domain.plan import Plan, Status
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError
from quartermaster.planning import foresight
from quartermaster.planning.foresight import REFUSED
from quartermaster.policy import FuturePolicy, ObjectivePolicy, Policy

SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")))
MICRO = 10**6
TOO_DEAR = 10**14
"""Dearer than any plan of a tiny instance."""


class Valued(Enumeration):
    """Brute force over cost and stock value together, of plans that serve some units at least."""

    def __init__(
        self, snapshot: Snapshot, policy: Policy, price: dict[tuple[str, str], int], least: Counter[tuple[str, str]]
    ) -> None:
        super().__init__(snapshot, policy)
        self.price, self.least = price, least

    def node_parts(self, order: Order, lines: list[OrderLine], node: Node) -> dict[tuple[Vector, int], int]:
        each = [self.price.get((node.node_id, line.sku), 0) for line in lines]
        parts = super().node_parts(order, lines, node)
        return {
            (units, count): cost + sum(price * have for price, have in zip(each, units, strict=True))
            for (units, count), cost in parts.items()
        }

    def order_cost(self, order: Order, lines: list[OrderLine], served: Vector, shipments: int) -> int:
        missing = sum(
            max(0, self.least[line.order_id, line.line_id] - have) for line, have in zip(lines, served, strict=True)
        )
        return super().order_cost(order, lines, served, shipments) + missing * TOO_DEAR


def drawn(seed: int, *, may_backorder: bool) -> tuple[Snapshot, Policy, StockPrices]:
    """Draw a tiny instance and a price for about half of its stock: next to nothing, or more than any shipment."""
    snapshot, policy = tiny_instance(seed)
    rng = Random(seed)
    priced = [(row.node_id, row.sku) for row in snapshot.inventory if rng.random() < 0.6]
    dear = rng.choice([2, 20, 200])
    prices = StockPrices(
        node_id=tuple(node_id for node_id, _ in priced),
        sku=tuple(sku for _, sku in priced),
        price_micro=tuple(rng.randrange(dear * MICRO) for _ in priced),
    )
    return snapshot, replace(policy, future=FuturePolicy(may_backorder=may_backorder)), prices


def served(plan: Plan) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for order_id, line_id, quantity in plan.allocations[["order_id", "line_id", "quantity"]].itertuples(index=False):
        units[order_id, line_id] += int(quantity)
    return units


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("may_backorder", [False, True])
def test_decision_equals_brute_force(seed: int, may_backorder: bool) -> None:
    snapshot, policy, prices = drawn(seed, may_backorder=may_backorder)
    plain = qm.plan(snapshot, policy)
    plan = qm.plan(snapshot, policy, stock_prices=prices)
    price = {
        (node_id, sku): micro
        for node_id, sku, micro in zip(prices.node_id, prices.sku, prices.price_micro, strict=True)
    }
    least = Counter() if may_backorder else served(plain)
    best = Valued(snapshot, policy, price, least).cheapest()
    assert plan.decision_total_micro == best
    assert plan.decision_bound_micro is not None
    assert plan.decision_bound_micro <= best
    assert plan.status is (Status.OPTIMAL if plan.decision_gap <= policy.solver.relative_gap else Status.FEASIBLE)
    taken = sum(
        price.get((node_id, sku), 0) * int(quantity)
        for node_id, sku, quantity in plan.allocations[["node_id", "sku", "quantity"]].itertuples(index=False)
    )
    assert plan.stock_value_micro == taken
    assert plan.decision_total_micro == plan.objective.total_micro + taken
    assert plan.bound_micro is not None
    assert plan.bound_micro <= plan.objective.total_micro
    check_conservation(snapshot, plan)
    check_stock(snapshot, plan)
    check_cost(snapshot, policy, plan)
    check_reasons(snapshot, policy, plan)
    if not may_backorder:
        assert all(served(plan)[line] >= units for line, units in served(plain).items())


def test_prices_change_decisions_and_may_backorder_more() -> None:
    """Of the instances drawn, many are decided otherwise with prices, and some backorder more where they may."""
    changed = more = 0
    for seed in range(40):
        snapshot, policy, prices = drawn(seed, may_backorder=True)
        plain, plan = qm.plan(snapshot, policy), qm.plan(snapshot, policy, stock_prices=prices)
        changed += not plain.allocations.equals(plan.allocations)
        more += sum(served(plan).values()) < sum(served(plain).values())
    assert changed >= 6
    assert more >= 2


PITTSBURGH = {"lat": 40.4406, "lon": -79.9959}
NEW_YORK = Forecast(sku="X", destination_prefix="100", units_per_day=Decimal("0.75"))


def between_two_nodes(**tables: object) -> Snapshot:
    """One order in Pittsburgh, 8.00 from either node; A is 5.00 from New York and B 8.00, and A is preferred."""
    return simple_day(
        orders=[Order(order_id="1", **PITTSBURGH)],
        lines=[OrderLine(order_id="1", line_id="1", sku="X", quantity=1)],
        nodes=[Node(node_id="A", priority=1, **NEWARK), Node(node_id="B", priority=2, **CHICAGO)],
        stock={("A", "X"): 1, ("B", "X"): 2},
        **tables,
    )


def looking_ahead(days: int = 2, **future: bool) -> Policy:
    return Policy(future=FuturePolicy(horizon_days=days, **future))


def test_a_forecast_keeps_the_unit_that_tomorrow_needs() -> None:
    """One and a half orders are expected from New York: A's unit saves them 3.00 (8.00 from B, 5.00 from A)."""
    assert sent(qm.plan(between_two_nodes()).allocations) == {("1", "1", "A"): 1}
    plan = qm.plan(between_two_nodes(forecast=[NEW_YORK]), looking_ahead())
    assert sent(plan.allocations) == {("1", "1", "B"): 1}
    assert plan.stock_prices == StockPrices(node_id=("A",), sku=("X",), price_micro=(3 * MICRO,))
    assert (plan.objective.total, plan.stock_value, plan.decision_total) == (8, 0, 8)
    assert plan.status is Status.OPTIMAL
    assert plan.decision_gap == 0


def test_without_a_horizon_or_a_forecast_nothing_changes(tmp_path) -> None:
    plain = qm.plan(between_two_nodes())
    for snapshot, policy in (
        (between_two_nodes(forecast=[NEW_YORK]), Policy()),
        (between_two_nodes(), looking_ahead()),
    ):
        plan = qm.plan(snapshot, policy)
        assert plan.allocations.equals(plain.allocations)
        assert plan.stock_value is None
        assert plan.decision_gap == plan.gap
        plan.write(tmp_path / "plan")
        assert not (tmp_path / "plan" / "stock_prices.csv").exists()
        assert "decision" not in (tmp_path / "plan" / "plan.json").read_text(encoding="utf-8")


def test_what_arrives_within_the_horizon_is_supply() -> None:
    """With a unit coming to A there is enough for New York: A's is worth nothing more."""
    inbound = [Replenishment(node_id="A", sku="X", quantity=1, arrives_on=date(2026, 6, 10))]
    snapshot = between_two_nodes(forecast=[NEW_YORK], replenishment=inbound)
    assert sent(qm.plan(snapshot, looking_ahead(2)).allocations) == {("1", "1", "A"): 1}
    later = replace(snapshot, replenishment=[replace(inbound[0], arrives_on=date(2026, 6, 11))], checked=False)
    assert sent(qm.plan(later, looking_ahead(2)).allocations) == {("1", "1", "B"): 1}


def test_stock_value_backorders_only_where_it_may() -> None:
    """Both units are worth 200 to somebody else; waiting costs 100."""
    prices = StockPrices(node_id=("A", "B"), sku=("X", "X"), price_micro=(200 * MICRO, 190 * MICRO))
    kept = qm.plan(between_two_nodes(), Policy(), stock_prices=prices)
    assert sent(kept.allocations) == {("1", "1", "B"): 1}
    assert kept.stock_value == 190
    assert kept.status is Status.OPTIMAL
    given = qm.plan(between_two_nodes(), Policy(future=FuturePolicy(may_backorder=True)), stock_prices=prices)
    assert short(given.backorders) == {("1", "1"): (1, "too_costly")}
    assert given.decision_total == 100


def test_prices_come_back_from_the_plan_folder(tmp_path) -> None:
    plan = qm.plan(between_two_nodes(forecast=[NEW_YORK]), looking_ahead())
    plan.write(tmp_path)
    assert (tmp_path / "stock_prices.csv").read_text(encoding="utf-8") == "node_id,sku,price\nA,X,3.00\n"
    again = qm.plan(between_two_nodes(), stock_prices=qm.read_stock_prices(tmp_path))
    assert again.allocations.equals(plan.allocations)
    qm.plan(between_two_nodes()).write(tmp_path)
    assert not (tmp_path / "stock_prices.csv").exists()


def test_prices_of_what_the_snapshot_does_not_have_are_refused() -> None:
    prices = StockPrices(node_id=("A", "C"), sku=("Y", "X"), price_micro=(1, 2))
    with pytest.raises(InputError) as raised:
        qm.plan(between_two_nodes(), stock_prices=prices)
    assert [problem.code for problem in raised.value.problems] == ["unknown_sku", "unknown_node"]
    dear = StockPrices(node_id=("A",), sku=("X",), price_micro=(10**15 + 1,))
    with pytest.raises(InputError) as raised:
        qm.plan(between_two_nodes(), stock_prices=dear)
    assert [problem.code for problem in raised.value.problems] == ["cost_range"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("node_id,sku\nA,X\n", ["missing_field"]),
        ("node_id,sku,price\nA,X,-1\nA,Y,1e3\n,Y,2\n", ["money_range", "number_format", "missing_field"]),
        ("node_id,sku,price\nA,X,1\nA,X,1\n", ["duplicate_row"]),
        ("node_id,sku,price\nA,X,1.1234567\nA,Y,\n", ["money_scale", "missing_field"]),
    ],
)
def test_bad_price_files_are_refused(tmp_path, text: str, codes: list[str]) -> None:
    (tmp_path / "stock_prices.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        qm.read_stock_prices(tmp_path / "stock_prices.csv")
    assert [problem.code for problem in raised.value.problems] == codes


def test_an_order_too_large_to_list_gives_up_no_unit_either() -> None:
    """Units are worth 200 at A and nothing at B, which holds twelve of each: eight of each leave A."""
    skus = ["S0", "S1", "S2", "S3"]
    snapshot = simple_day(
        orders=[Order(order_id="big", **NEWARK)],
        lines=[OrderLine(order_id="big", line_id=sku, sku=sku, quantity=20) for sku in skus],
        nodes=[Node(node_id="A", priority=1, **NEWARK), Node(node_id="B", priority=2, **NEWARK)],
        stock={(node_id, sku): units for sku in skus for node_id, units in (("A", 20), ("B", 12))},
    )
    prices = StockPrices(node_id=("A",) * 4, sku=tuple(skus), price_micro=(200 * MICRO,) * 4)
    plain, plan = qm.plan(snapshot), qm.plan(snapshot, stock_prices=prices)
    assert plan.run.counters["large_orders"] == 1
    assert served(plan) == served(plain)
    assert plan.stock_value == 4 * 8 * 200
    assert plan.run.counters["stock_value_refused"] == 0
    assert plan.decision_bound_micro is not None
    assert plan.decision_bound_micro <= plan.decision_total_micro


def test_no_unit_is_given_up_for_what_that_saves_another_order() -> None:
    """Giving up the unit of order a would save order b a second shipment, at 500: more than its mild charge."""
    skus = [f"S{number}" for number in range(8)]
    snapshot = simple_day(
        orders=[Order(order_id="a", **NEWARK), Order(order_id="b", **NEWARK)],
        lines=[
            OrderLine(order_id="a", line_id="1", sku="S0", quantity=1, pinned_node="A"),
            *(OrderLine(order_id="b", line_id=sku, sku=sku, quantity=1) for sku in skus),
        ],
        nodes=[Node(node_id="A", priority=1, **NEWARK), Node(node_id="B", priority=2, **NEWARK)],
        stock={(node_id, sku): 1 for node_id in ("A", "B") for sku in skus},
    )
    policy = Policy(objective=ObjectivePolicy(extra_shipment=Decimal(500)))
    prices = StockPrices(node_id=("B",) * 8, sku=tuple(skus), price_micro=(60 * MICRO,) * 8)
    plain, plan = qm.plan(snapshot, policy), qm.plan(snapshot, policy, stock_prices=prices)
    assert served(plan) == served(plain) == {("a", "1"): 1, **{("b", sku): 1 for sku in skus}}
    assert plan.stock_value == 8 * 60  # all of b from B; from A but for S0 it would be 500 for the second shipment
    assert plan.status is Status.OPTIMAL


def test_orders_that_a_search_would_serve_less_keep_their_plan_and_the_others_are_decided_anew(monkeypatch) -> None:
    """Searches that charge nothing for units given up: the order whose units are dear keeps them, the other moves."""
    snapshot = simple_day(
        orders=[Order(order_id=order_id, **PITTSBURGH) for order_id in ("dear", "other")],
        lines=[
            OrderLine(order_id="dear", line_id="1", sku="X", quantity=1),
            OrderLine(order_id="other", line_id="1", sku="Y", quantity=1),
        ],
        nodes=[Node(node_id="A", priority=1, **NEWARK), Node(node_id="B", priority=2, **CHICAGO)],
        stock={("A", "X"): 1, ("A", "Y"): 1, ("B", "Y"): 1},
    )
    prices = StockPrices(node_id=("A", "A"), sku=("X", "Y"), price_micro=(200 * MICRO, 5 * MICRO))
    assert sent(qm.plan(snapshot).allocations) == {("dear", "1", "A"): 1, ("other", "1", "A"): 1}
    monkeypatch.setattr(foresight, "MOST_CHARGED", 0)
    plan = qm.plan(snapshot, stock_prices=prices)
    assert sent(plan.allocations) == {("dear", "1", "A"): 1, ("other", "1", "B"): 1}
    assert plan.run.counters["stock_value_refused"] == 1
    assert REFUSED.format(1) in plan.run.warnings
    assert plan.decision_bound_micro is not None
    assert plan.decision_bound_micro <= plan.decision_total_micro
