"""The same SKU on two lines; a node without coordinates; stock that other systems hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simple_day import CHICAGO, LOS_ANGELES, NEW_YORK, NEWARK, sent, short, simple_day

import quartermaster as qm
from quartermaster.domain.network import Inventory, Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.policy import OPTIMAL, RULES, ObjectivePolicy, Policy

STRATEGIES = (OPTIMAL, *RULES)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_sku_on_two_lines_adds_up(strategy: str) -> None:
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[
            OrderLine(order_id="o", line_id="1", sku="mug", quantity=2),
            OrderLine(order_id="o", line_id="2", sku="mug", quantity=3),
        ],
        nodes=[Node(node_id="near", **NEWARK)],
        stock={("near", "mug"): 4},
    )
    plan = qm.plan(snapshot, Policy(strategy=strategy))
    assert plan.allocations["quantity"].sum() == 4
    assert plan.shipments["units"].tolist() == [4]
    assert plan.shipments["billable_weight_g"].tolist() == [1600]
    assert plan.backorders["quantity"].sum() == 1


@pytest.mark.parametrize("strategy", [OPTIMAL, "cheapest", "nearest"])
def test_a_node_without_coordinates_is_last_by_distance(strategy: str) -> None:
    """Its parcel is priced for half the Earth's circumference, so even Los Angeles is nearer."""
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="mug", quantity=1)],
        nodes=[Node(node_id="a nowhere", priority=1), Node(node_id="far", **LOS_ANGELES, priority=50)],
        stock={("a nowhere", "mug"): 5, ("far", "mug"): 5},
        prices={"near": "5", "middle": "8", "far": "12"},
    )
    policy = Policy(strategy=strategy, objective=ObjectivePolicy(cost_per_shipment_km=Decimal("0.001")))
    plan = qm.plan(snapshot, policy)
    assert sent(plan.allocations) == {("o", "1", "far"): 1}


def test_a_node_without_coordinates_still_serves_when_it_is_the_only_one() -> None:
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="mug", quantity=1)],
        nodes=[Node(node_id="nowhere")],
        stock={("nowhere", "mug"): 5},
    )
    plan = qm.plan(snapshot)
    assert plan.shipments["distance_m"].tolist() == [20_015_115]
    assert plan.shipments["zone"].tolist() == ["far"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_reserved_and_safety_stock_is_not_available(strategy: str) -> None:
    held = Inventory(node_id="near", sku="mug", on_hand=10, safety_stock=3, reserved=5)
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="mug", quantity=4)],
        nodes=[Node(node_id="near", **NEWARK)],
        stock={("near", "mug"): held},
    )
    plan = qm.plan(snapshot, Policy(strategy=strategy))
    assert sent(plan.allocations) == {("o", "1", "near"): 2}
    assert short(plan.backorders)["o", "1"][0] == 2


def test_reserved_stock_does_not_count_in_ranking() -> None:
    """``rich`` has more on hand, but most of it is held: ``free`` has more available."""
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="mug", quantity=1)],
        nodes=[Node(node_id="rich", **NEWARK), Node(node_id="free", **CHICAGO)],
        stock={
            ("rich", "mug"): Inventory(node_id="rich", sku="mug", on_hand=100, reserved=95),
            ("free", "mug"): 6,
        },
    )
    plan = qm.plan(snapshot, Policy(strategy="highest_stock"))
    assert sent(plan.allocations) == {("o", "1", "free"): 1}
