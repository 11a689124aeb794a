"""Delivery dates that can be kept: hand-worked cases, and every date against enumeration.

``QUARTERMASTER_SEEDS`` says how many instances (100 by default).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product as grid
from random import Random

import pytest
from instance_features import alone, with_tables
from instances import tiny_instance
from order_options import OrderOptions

import quartermaster as qm
from quartermaster.domain.outlook import Replenishment
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy, ServicePolicy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100")) // 2
FIRST_SEED = 60_000

WEDNESDAY = datetime(2026, 9, 16, 9, tzinfo=UTC)


def network(**tables: object) -> qm.Snapshot:
    """Near has k1 only, far has both; fast takes 1 day for 20.00, slow 3 days for 6.00 (near) or 8.00 (far)."""
    given = {
        "products": [qm.Product(sku=sku, weight_g=500) for sku in ("k1", "k2")],
        "nodes": [
            qm.Node(node_id="near", lat=40.0, lon=-75.0, cutoff=datetime(2000, 1, 1, 12).time()),
            qm.Node(node_id="far", lat=34.0, lon=-118.0, cutoff=datetime(2000, 1, 1, 8).time()),
        ],
        "inventory": [
            qm.Inventory(node_id="near", sku="k1", on_hand=5),
            qm.Inventory(node_id="far", sku="k1", on_hand=5),
            qm.Inventory(node_id="far", sku="k2", on_hand=1),
        ],
        "services": [qm.Service(carrier="c", service=name) for name in ("fast", "slow")],
        "zones": [
            qm.Zone(carrier="c", zone="1", max_distance_km=Decimal(1000)),
            qm.Zone(carrier="c", zone="2", max_distance_km=Decimal(20000)),
        ],
        "rates": [
            qm.Rate(carrier="c", service=service, zone=zone, max_weight_g=10_000, price=Decimal(price))
            for service, zone, price in (("fast", "1", 20), ("fast", "2", 20), ("slow", "1", 6), ("slow", "2", 8))
        ],
        "transit": [
            qm.Transit(carrier="c", service=service, zone=zone, days=days)
            for service, days in (("fast", 1), ("slow", 3))
            for zone in ("1", "2")
        ],
        "orders": [qm.Order(order_id="open")],
        "order_lines": [qm.OrderLine(order_id="open", line_id="1", sku="k1", quantity=1)],
    }
    return qm.Snapshot(as_of=WEDNESDAY, currency="USD", **{**given, **tables})


def promised(snapshot: qm.Snapshot, **quantities: int) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Promise a cart to a place beside `near`: (date, total, [(node, service, ship date)])."""
    order = qm.Order(order_id="cart", lat=40.1, lon=-75.0, promise_date=date(2026, 9, 16))
    lines = [
        qm.OrderLine(order_id="cart", line_id=sku, sku=sku, quantity=quantity) for sku, quantity in quantities.items()
    ]
    return [
        (
            day.isoformat(),
            str(option.objective.total),
            [(s.node_id, s.service, s.ship_date.isoformat()) for s in option.shipments],
        )
        for day, option in qm.Router(snapshot).promise(order, lines)
    ]


def test_faster_costs_more() -> None:
    # 09:00 is before the cut-off of near: it ships on Wednesday; fast arrives on Thursday, slow on Monday
    assert promised(network(), k1=2) == [
        ("2026-09-17", "20.000000", [("near", "fast", "2026-09-16")]),
        ("2026-09-21", "6.000000", [("near", "slow", "2026-09-16")]),
    ]


def test_only_all_units_count() -> None:
    # far ships on Thursday, after its cut-off; both units of k2 are nowhere
    assert promised(network(), k1=1, k2=1) == [
        ("2026-09-18", "20.000000", [("far", "fast", "2026-09-17")]),
        ("2026-09-22", "8.000000", [("far", "slow", "2026-09-17")]),
    ]
    assert promised(network(), k1=1, k2=2) == []


def test_inbound_ships_on_the_first_shipping_day_from_its_arrival() -> None:
    # one unit of k2 comes to near on Saturday and leaves on Monday, which is a holiday there, so on Tuesday
    arriving = [Replenishment(node_id="near", sku="k2", quantity=1, arrives_on=date(2026, 9, 19))]
    closed = [qm.Holiday(date=date(2026, 9, 21), node_id="near")]
    snapshot = network(replenishment=arriving, holidays=closed)
    # all from far at once, by either service; waiting for near pays from slow's 6.00 on, which is Friday
    assert promised(snapshot, k1=1, k2=1) == [
        ("2026-09-18", "20.000000", [("far", "fast", "2026-09-17")]),
        ("2026-09-22", "8.000000", [("far", "slow", "2026-09-17")]),
        ("2026-09-25", "6.000000", [("near", "slow", "2026-09-22")]),
    ]
    # two units of k2 need both nodes: near on Tuesday, far on Thursday before
    assert promised(snapshot, k2=2) == [
        ("2026-09-23", "28.000000", [("far", "slow", "2026-09-17"), ("near", "fast", "2026-09-22")]),
        ("2026-09-25", "14.000000", [("far", "slow", "2026-09-17"), ("near", "slow", "2026-09-22")]),
    ]


def test_what_arrived_by_the_next_ship_day_leaves_on_it() -> None:
    arriving = [
        Replenishment(node_id="near", sku="k2", quantity=1, arrives_on=date(2026, 9, 14)),  # overdue
        Replenishment(node_id="near", sku="k2", quantity=2, arrives_on=date(2026, 9, 16)),
        Replenishment(node_id="near", sku="k2", quantity=4, arrives_on=date(2026, 9, 17)),
    ]
    snapshot = network(replenishment=arriving)
    assert promised(snapshot, k2=3)[0] == ("2026-09-17", "20.000000", [("near", "fast", "2026-09-16")])
    assert promised(snapshot, k2=7)[0] == ("2026-09-18", "20.000000", [("near", "fast", "2026-09-17")])


def test_inbound_is_committed_once_it_is_in_stock() -> None:
    arriving = [Replenishment(node_id="near", sku="k2", quantity=3, arrives_on=date(2026, 9, 17))]
    router = qm.Router(network(replenishment=arriving))
    order = qm.Order(order_id="cart", lat=40.1, lon=-75.0)
    lines = [qm.OrderLine(order_id="cart", line_id="1", sku="k2", quantity=3)]
    option = router.promise(order, lines)[0][1]
    with pytest.raises(qm.RoutingError, match="node near has 0 of SKU k2, not 3"):
        router.commit(option)
    router.advance(WEDNESDAY + timedelta(days=1))
    router.restock("near", "k2", 3)
    router.commit(option)
    assert router.available("near", "k2") == 0
    assert router.promise(order, lines) == []  # the three units are not counted again as inbound


def test_inbound_that_a_count_shows_is_not_counted_again() -> None:
    arriving = [
        Replenishment(node_id="near", sku="k2", quantity=3, arrives_on=date(2026, 9, 17)),
        Replenishment(node_id="near", sku="k2", quantity=2, arrives_on=date(2026, 9, 18)),
    ]
    router = qm.Router(network(replenishment=arriving))
    order = qm.Order(order_id="cart", lat=40.1, lon=-75.0)

    def most() -> int:
        units = 1
        while router.promise(order, [qm.OrderLine(order_id="cart", line_id="1", sku="k2", quantity=units)]):
            units += 1
        return units - 1

    at_first = most()
    assert at_first >= 5
    router.advance(WEDNESDAY + timedelta(days=1))
    router.recount("near", "k2", 3)
    assert most() == at_first + 3  # nobody has said that these are those that were due
    router.fed(WEDNESDAY + timedelta(days=1))
    assert most() == at_first


def test_prices_decide_and_are_told_apart() -> None:
    prices = qm.StockPrices(node_id=("near",), sku=("k1",), price_micro=(3_000_000,))
    router = qm.Router(network(), prices=prices)
    order = qm.Order(order_id="cart", lat=40.1, lon=-75.0)
    lines = [qm.OrderLine(order_id="cart", line_id="1", sku="k1", quantity=1)]
    dates = router.promise(order, lines)
    assert [(day.day, option.objective.total, option.stock_value) for day, option in dates] == [
        (17, Decimal(20), Decimal(3)),  # near at once
        (18, Decimal(20), Decimal(0)),  # far a day later, where a unit is worth nothing
        (21, Decimal(6), Decimal(3)),
        (22, Decimal(8), Decimal(0)),
    ]


def cases() -> Iterator[tuple[int, Snapshot, Policy]]:
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS):
        rng = Random(f"inbound {seed}")
        snapshot, policy = tiny_instance(seed)
        snapshot = alone(snapshot, snapshot.orders["order_id"][seed % len(snapshot.orders)])
        today = snapshot.as_of.date()
        coming = {
            (rng.choice(snapshot.nodes["node_id"]), rng.choice(snapshot.order_lines["sku"])): rng.randint(1, 3)
            for _ in range(rng.randint(1, 3))
        }
        rows = [
            Replenishment(node_id=node, sku=sku, quantity=units, arrives_on=today + timedelta(days=rng.randint(0, 6)))
            for (node, sku), units in coming.items()
        ]
        yield seed, with_tables(snapshot, replenishment=rows), policy


def departing(snapshot: Snapshot, waits: dict[str, date]) -> Snapshot:
    """Let some nodes ship from a day on: closed before it, and stocked with what has arrived by then."""
    today = snapshot.as_of.date() - timedelta(days=1)
    inventory = {(row.node_id, row.sku): row for row in snapshot.inventory}
    for row in snapshot.replenishment:
        if row.node_id in waits and row.arrives_on <= waits[row.node_id]:
            key = row.node_id, row.sku
            here = inventory.get(key, qm.Inventory(node_id=row.node_id, sku=row.sku, on_hand=0))
            free = max(0, here.on_hand - here.safety_stock - here.reserved)
            inventory[key] = qm.Inventory(node_id=row.node_id, sku=row.sku, on_hand=free + row.quantity)
    closed = {
        (today + timedelta(days=number), node)
        for node, day in waits.items()
        for number in range((day - today).days)
    }  # fmt: skip
    known = {(row.date, row.node_id) for row in snapshot.holidays}
    holidays = [*snapshot.holidays, *(qm.Holiday(date=day, node_id=node) for day, node in sorted(closed - known))]
    return with_tables(snapshot, inventory=list(inventory.values()), holidays=holidays, replenishment=[])


def least_by(snapshot: Snapshot, policy: Policy, day: date) -> int | None:
    """Least cost of all units by a day, over every choice of one departure for each node."""
    forbidding = replace(policy, service=replace(policy.service, late="forbid"))
    arrivals = {node: {None} for node in snapshot.nodes["node_id"]}
    for row in snapshot.replenishment:
        arrivals[row.node_id].add(row.arrives_on)
    found = []
    for choice in grid(*arrivals.values()):
        waits = {node: arrives for node, arrives in zip(arrivals, choice, strict=True) if arrives is not None}
        variant = departing(snapshot, waits)
        order = replace(variant.orders.row(0), promise_date=day, ordered_at=None)
        options = OrderOptions(with_tables(variant, orders=[order]), forbidding)
        wanted = tuple(line.quantity for line in options.lines)
        found += [way.cost for way in options.ways if way.served == wanted]
    return min(found, default=None)


def test_every_date_against_enumeration() -> None:
    several, waiting = 0, 0
    for seed, snapshot, policy in cases():
        order = snapshot.orders.row(0)
        dates = qm.Router(snapshot, policy).promise(order, list(snapshot.order_lines))
        far = date(2040, 1, 1)
        before = None
        for day, option in dates:
            assert least_by(snapshot, policy, day - timedelta(days=1)) == before, f"tiny_instance({seed})"
            before = option.decision_total_micro
            assert least_by(snapshot, policy, day) == before, f"tiny_instance({seed})"
            assert option.delivery_date == day
            assert not option.backordered
            assert option.objective.late_micro == option.objective.backorder_micro == 0
            assert len({shipment.node_id for shipment in option.shipments}) == len(
                {(shipment.node_id, shipment.ship_date) for shipment in option.shipments}
            )
        assert least_by(snapshot, policy, far) == before, f"tiny_instance({seed})"
        several += len(dates) > 1
        stock = {
            (row.node_id, row.sku): max(0, row.on_hand - row.safety_stock - row.reserved) for row in snapshot.inventory
        }
        waiting += any(units > stock.get(pair, 0) for _, option in dates for pair, units in option.taken().items())
    assert several * 10 > N_SEEDS
    assert waiting * 10 > N_SEEDS


def test_an_order_too_large_to_be_exact_is_served_whole() -> None:
    inventory = [qm.Inventory(node_id=node, sku=sku, on_hand=60) for node in ("near", "far") for sku in ("k1", "k2")]
    policy = qm.Policy(backorder=qm.BackorderPolicy(cost_per_unit=Decimal("0.01")), service=ServicePolicy())
    router = qm.Router(network(inventory=inventory), policy)
    order = qm.Order(order_id="cart", lat=40.1, lon=-75.0)
    lines = [qm.OrderLine(order_id="cart", line_id=sku, sku=sku, quantity=80) for sku in ("k1", "k2")]
    assert router.promise(order, lines) == []  # 80 kg from two nodes, 10 kg each by a service
    few = [qm.OrderLine(order_id="cart", line_id=str(at), sku="k1", quantity=2) for at in range(8)]
    dates = router.promise(order, few)
    assert [(day.day, option.objective.total, option.exact) for day, option in dates] == [
        (17, Decimal(20), False),
        (21, Decimal(6), False),
    ]
