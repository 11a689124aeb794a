"""What a router keeps between orders: stock, capacity and open nodes, over random steps.

``QUARTERMASTER_ROUTER_RUNS`` and ``QUARTERMASTER_ROUTER_STEPS`` say how long (40 runs of 30 steps by default; the long
run takes 5 000 of 100).
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import quartermaster as qm
from quartermaster.domain.outlook import Fixed

RUNS = int(os.environ.get("QUARTERMASTER_ROUTER_RUNS", "40"))
STEPS = int(os.environ.get("QUARTERMASTER_ROUTER_STEPS", "30"))
AS_OF = datetime(2026, 9, 16, 6, tzinfo=UTC)
NODES = ("a", "b", "c")
SKUS = ("k1", "k2", "k3")


def network() -> qm.Snapshot:
    return qm.Snapshot(
        as_of=AS_OF,
        currency="USD",
        products=[qm.Product(sku=sku, weight_g=500) for sku in SKUS],
        nodes=[
            qm.Node(node_id="a", lat=40.0, lon=-75.0, cost_per_shipment=Decimal(2)),
            qm.Node(node_id="b", lat=41.0, lon=-88.0, max_shipments=3, opening_cost=Decimal(5)),
            qm.Node(node_id="c", lat=34.0, lon=-118.0, max_units=6, cost_per_unit=Decimal("0.5")),
        ],
        inventory=[
            qm.Inventory(node_id="a", sku="k1", on_hand=4),
            qm.Inventory(node_id="a", sku="k2", on_hand=3, safety_stock=1),
            qm.Inventory(node_id="b", sku="k1", on_hand=5, reserved=2),
            qm.Inventory(node_id="b", sku="k3", on_hand=2),
            qm.Inventory(node_id="c", sku="k2", on_hand=6),
        ],
        orders=[qm.Order(order_id="open")],
        order_lines=[qm.OrderLine(order_id="open", line_id="1", sku="k1", quantity=9)],
    )


POLICY = qm.Policy(
    objective=qm.ObjectivePolicy(cost_per_shipment_km=Decimal("0.002"), extra_shipment=Decimal(1)),
    backorder=qm.BackorderPolicy(cost_per_unit=Decimal(30)),
)
OPENING = {"a": 0, "b": 5_000_000, "c": 0}
MAX_SHIPMENTS = {"b": 3}
MAX_UNITS = {"c": 6}


class Steps(RuleBasedStateMachine):
    """Routes, commits, releases and restocks beside a ledger kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.router = qm.Router(network(), POLICY)
        self.stock = Counter({("a", "k1"): 4, ("a", "k2"): 2, ("b", "k1"): 3, ("b", "k3"): 2, ("c", "k2"): 6})
        self.options: list[qm.Option] = []
        self.held: list[qm.Option] = []
        self.number = 0

    @rule(
        quantities=st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any),
        complete=st.booleans(),
        west=st.booleans(),
        count=st.integers(1, 3),
    )
    def route(self, quantities: list[int], complete: bool, west: bool, count: int) -> None:
        self.number += 1
        name = f"o{self.number}"
        order = qm.Order(order_id=name, lat=36.0, lon=-115.0 if west else -80.0, ship_complete=complete)
        lines = [
            qm.OrderLine(order_id=name, line_id=sku, sku=sku, quantity=quantity)
            for sku, quantity in zip(SKUS, quantities, strict=True)
            if quantity
        ]
        routing = self.router.route(order, lines, count)
        for option in routing.options:
            self.check(option, lines)
        self.options = (self.options + list(routing.options))[-12:]

    def check(self, option: qm.Option, lines: list[qm.OrderLine]) -> None:
        assert all(units <= self.stock[pair] for pair, units in option.taken().items())
        served = Counter[str]()
        for shipment in option.shipments:
            served.update(shipment.units)
        assert all(served[line.line_id] + option.backordered.get(line.line_id, 0) == line.quantity for line in lines)
        opened = {shipment.node_id for shipment in option.shipments} - self.open_nodes()
        assert option.objective.opening_micro == sum(OPENING[node] for node in opened)

    def open_nodes(self) -> set[str]:
        return {shipment.node_id for option in self.held for shipment in option.shipments}

    @precondition(lambda self: self.options)
    @rule(which=st.integers(0, 11))
    def commit(self, which: int) -> None:
        option = self.options[which % len(self.options)]
        if option in self.held or not self.covers(option):
            before = self.picture()
            with pytest.raises(qm.RoutingError, match=option.order_id):
                self.router.commit(option)
            assert self.picture() == before
            return
        self.router.commit(option)
        self.held.append(option)
        self.stock.subtract(option.taken())

    def covers(self, option: qm.Option) -> bool:
        units, shipments = Counter[str](), Counter[str]()
        for held in [*self.held, option]:
            for shipment in held.shipments:
                shipments[shipment.node_id] += 1
                units[shipment.node_id] += sum(shipment.units.values())
        mine = {shipment.node_id for shipment in option.shipments}
        return (
            all(count <= self.stock[pair] for pair, count in option.taken().items())
            and all(shipments[node] <= most for node, most in MAX_SHIPMENTS.items() if node in mine)
            and all(units[node] <= most for node, most in MAX_UNITS.items() if node in mine)
        )

    @precondition(lambda self: self.options)
    @rule(which=st.integers(0, 11))
    def release(self, which: int) -> None:
        option = self.options[which % len(self.options)]
        if option not in self.held:
            with pytest.raises(qm.RoutingError, match="not committed"):
                self.router.release(option)
            return
        self.router.release(option)
        self.held.remove(option)
        self.stock.update(option.taken())

    @rule(node=st.sampled_from(NODES), sku=st.sampled_from(SKUS), units=st.integers(1, 3))
    def restock(self, node: str, sku: str, units: int) -> None:
        if sum(self.stock.values()) > 40:
            return
        self.router.restock(node, sku, units)
        self.stock[node, sku] += units

    @rule(hours=st.integers(0, 30))
    def advance(self, hours: int) -> None:
        self.router.advance(self.router.as_of + timedelta(hours=hours))

    def picture(self) -> dict[tuple[str, str], int]:
        return {(node, sku): self.router.available(node, sku) for node in NODES for sku in SKUS}

    @invariant()
    def stock_is_as_the_ledger_says(self) -> None:
        picture = self.picture()
        assert picture == {pair: self.stock[pair] for pair in picture}
        assert min(picture.values()) >= 0
        assert list(self.router.committed) == self.held


TestSteps = Steps.TestCase
TestSteps.settings = settings(
    max_examples=RUNS, stateful_step_count=STEPS, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_rows_that_stand_take_stock_and_capacity() -> None:
    snapshot = network()
    rows = [
        Fixed(order_id="gone", line_id="1", sku="k3", node_id="b", quantity=2, shipment_id="s1"),
        Fixed(order_id="gone", line_id="2", sku="k1", node_id="b", quantity=1, shipment_id="s1"),
    ]
    held = qm.Snapshot(
        as_of=AS_OF,
        currency="USD",
        fixed=rows,
        **{name: snapshot.table(name) for name in ("products", "nodes", "inventory", "orders", "order_lines")},
    )
    router = qm.Router(held, POLICY)
    assert router.available("b", "k3") == 0
    assert router.available("b", "k1") == 2
    order = qm.Order(order_id="o", lat=41.0, lon=-88.0)
    for number in range(2):
        line = qm.OrderLine(order_id="o", line_id=str(number), sku="k1", quantity=1, pinned_node="b")
        router.commit(router.route(order, [line]).best)
    assert router.available("b", "k1") == 0
    router.restock("b", "k1", 1)
    assert router.route(order, [line]).best.shipments == ()  # b ships three times: once what stands, twice since
