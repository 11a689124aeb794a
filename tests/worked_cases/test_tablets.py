"""50 tablets ordered, 30 at the main node, 20 at another."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simple_day import CHICAGO, NEW_YORK, NEWARK, sent, short, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL, RULES, Policy

STRATEGIES = (OPTIMAL, *RULES)


def tablets(**order: object) -> Snapshot:
    return simple_day(
        orders=[Order(order_id="school", **NEW_YORK, **order)],
        lines=[OrderLine(order_id="school", line_id="1", sku="tablet", quantity=50)],
        nodes=[Node(node_id="main", **NEWARK, priority=1), Node(node_id="other", **CHICAGO)],
        stock={("main", "tablet"): 30, ("other", "tablet"): 20},
        max_weight_g=30_000,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_shipments_and_nothing_backordered(strategy: str) -> None:
    plan = qm.plan(tablets(), Policy(strategy=strategy))
    assert sent(plan.allocations) == {("school", "1", "main"): 30, ("school", "1", "other"): 20}
    assert len(plan.shipments) == 2
    assert plan.backorders.empty
    assert plan.objective.total == Decimal("5") + Decimal("8")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_shipment_allowed_sends_thirty_and_backorders_twenty(strategy: str) -> None:
    plan = qm.plan(tablets(max_shipments=1), Policy(strategy=strategy))
    assert sent(plan.allocations) == {("school", "1", "main"): 30}
    assert short(plan.backorders) == {("school", "1"): (20, "max_shipments")}
    assert plan.objective.total == Decimal("5") + 20 * Decimal("100")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ship_complete_sends_nothing_now(strategy: str) -> None:
    plan = qm.plan(tablets(max_shipments=1, ship_complete=True), Policy(strategy=strategy))
    assert plan.allocations.empty
    assert plan.shipments.empty
    assert short(plan.backorders) == {("school", "1"): (50, "ship_complete")}
    assert plan.objective.total == 50 * Decimal("100")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ship_complete_from_two_nodes_is_complete(strategy: str) -> None:
    plan = qm.plan(tablets(ship_complete=True), Policy(strategy=strategy))
    assert len(plan.shipments) == 2
    assert plan.backorders.empty
