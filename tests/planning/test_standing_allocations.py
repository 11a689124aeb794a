"""Allocations that stand: what they leave of stock and capacity is all there is, for every strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from instance_features import with_tables
from instances import small_instance
from simple_day import LOS_ANGELES, NEW_YORK, NEWARK, sent, short, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Fixed
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import BroughtPlan
from quartermaster.planning.problem import UNLIMITED, build_problem
from quartermaster.policy import OPTIMAL, RULES, Policy

NEAR, FAR = Node(node_id="near", **NEWARK), Node(node_id="far", **LOS_ANGELES)
ORDERS = tuple(Order(order_id=name, **NEW_YORK) for name in ("1", "2"))


def stands(quantity: int, sku: str = "a", node_id: str = "near", shipment_id: str = "s", **ids: str) -> Fixed:
    row = {"order_id": "gone", "line_id": "1", **ids}
    return Fixed(sku=sku, node_id=node_id, quantity=quantity, shipment_id=shipment_id, **row)


def day(
    fixed: Sequence[Fixed], stock: dict[tuple[str, str], int], quantities: Sequence[int] = (2, 2), node: Node = NEAR
) -> Snapshot:
    lines = [
        OrderLine(order_id=order.order_id, line_id="1", sku="a", quantity=quantity)
        for order, quantity in zip(ORDERS, quantities, strict=False)
    ]
    return simple_day(orders=ORDERS[: len(lines)], lines=lines, nodes=(node, FAR), stock=stock, fixed=fixed)


def planned(snapshot: Snapshot, strategy: str = OPTIMAL) -> Plan:
    return qm.plan(snapshot, Policy(strategy=strategy))


@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
def test_stock_that_stands_is_not_there(strategy: str) -> None:
    plan = planned(day([stands(2), stands(1, line_id="2")], {("near", "a"): 5, ("far", "a"): 1}), strategy)
    assert int(plan.allocations["quantity"].sum()) == 3  # 5 - 3 near, 1 far
    assert int(plan.allocations.query("node_id == 'near'")["quantity"].sum()) == 2


@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
def test_no_stock_is_the_reason_where_all_of_it_stands(strategy: str) -> None:
    snapshot = day([stands(4)], {("near", "a"): 5}, (2,))
    assert short(planned(snapshot, strategy).backorders) == {("1", "1"): (1, "no_stock")}
    more = day([stands(6)], {("near", "a"): 5}, (2,))  # more than there is leaves 0, not less
    assert short(planned(more, strategy).backorders) == {("1", "1"): (2, "no_stock")}
    assert [warning.code for warning in more.warnings if warning.code == "fixed_clamped"] == ["fixed_clamped"]


@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
@pytest.mark.parametrize(
    ("limit", "fixed", "left"),
    [
        ({"max_units": 5}, [stands(1, "b")], 4),
        ({"max_units": 5}, [stands(3, "b")], 2),
        ({"max_units": 5}, [stands(9, "b")], 0),
        # A shipment is one of an order: two lines in it are one, an s of another order is another.
        ({"max_shipments": 2}, [stands(1, "b"), stands(1, "b", line_id="2")], 2),
        ({"max_shipments": 2}, [stands(1, "b"), stands(1, "b", shipment_id="t")], 0),
        ({"max_shipments": 2}, [stands(1, "b"), stands(1, "b", order_id="1")], 0),
        ({"max_shipments": 2}, [stands(1, "b"), stands(1, "b", node_id="far")], 2),
        ({"max_shipments": 1}, [stands(1, "b"), stands(1, "b", shipment_id="t")], 0),
    ],
)
def test_capacity_that_stands_is_not_there(strategy: str, limit: dict[str, int], fixed: list[Fixed], left: int) -> None:
    snapshot = day([], {("near", "a"): 9}, (2, 2), Node(node_id="near", **limit, **NEWARK))
    products = [*snapshot.products, replace(snapshot.products.row(0), sku="b")]
    plan = planned(with_tables(snapshot, products=products, fixed=fixed), strategy)
    assert int(plan.allocations["quantity"].sum()) == left
    assert set(plan.backorders["reason"]) == ({"no_capacity"} if left < 4 else set())


def test_they_are_no_shipment_of_their_order_and_open_no_node() -> None:
    """Order 1 has a shipment that stands, may have one, and gets it; the opening of its node is paid by the plan."""
    node = Node(node_id="near", opening_cost=Decimal(7), **NEWARK)
    snapshot = day([stands(1, order_id="1")], {("near", "a"): 9}, (2,), node)
    snapshot = with_tables(snapshot, orders=[replace(ORDERS[0], max_shipments=1)])
    plan = planned(snapshot)
    assert sent(plan.allocations) == {("1", "1", "near"): 2}
    assert (plan.objective.opening_micro, plan.objective.extra_shipment_micro) == (7_000_000, 0)
    idle = planned(with_tables(snapshot, inventory=[]))
    assert idle.objective.opening_micro == 0


def test_a_plan_made_in_two_steps_takes_no_unit_twice() -> None:
    """What one plan allocated stands in the next, whose orders are others."""
    for seed in range(300, 306):
        snapshot, policy = small_instance(seed)
        snapshot = with_tables(snapshot, fixed=[])
        half = {order for at, order in enumerate(snapshot.orders["order_id"].tolist()) if at % 2}

        def of(chosen: set[str], whole: Snapshot = snapshot, **tables: object) -> Snapshot:
            kept = {
                name: [row for row in whole.table(name) if row.order_id in chosen] for name in ("orders", "order_lines")
            }
            return with_tables(whole, **kept, **tables)

        rule = replace(policy, strategy="cheapest")
        first = qm.plan(of(half), rule)
        rows = [Fixed(**row) for row in first.allocations.to_dict("records")]
        second = qm.plan(of(set(snapshot.orders["order_id"].tolist()) - half, fixed=rows), rule)
        both = {
            name: [*first_table.to_dict("records"), *getattr(second, name).to_dict("records")]
            for name, first_table in (("allocations", first.allocations), ("shipments", first.shipments))
        }
        judged = qm.evaluate(
            snapshot,
            BroughtPlan(
                allocations=pd.DataFrame(both["allocations"], columns=first.allocations.columns),
                shipments=pd.DataFrame(both["shipments"], columns=first.shipments.columns),
            ),
            rule,
        )
        assert judged.violations == (), f"small_instance({seed})"


def test_arrays_by_hand() -> None:
    node = Node(node_id="near", max_units=10, max_shipments=3, **NEWARK)
    fixed = [stands(2), stands(3, line_id="2"), stands(4, shipment_id="t", node_id="far")]
    problem = build_problem(day(fixed, {("near", "a"): 6, ("far", "a"): 4}, (1,), node), Policy())
    far, near = 0, 1
    assert problem.available.toarray().tolist() == [[0, 1]]
    assert problem.available.nnz == 1  # nothing that is 0 is stored
    assert (problem.node_max_units[near], problem.node_max_shipments[near]) == (5, 2)
    assert (problem.node_max_units[far], problem.node_max_shipments[far]) == (UNLIMITED, UNLIMITED)


def test_prices_and_their_proof_see_what_is_left() -> None:
    """Four orders want the 5 - 3 units near; the certificate holds, and a price says 2 are there."""
    orders = [Order(order_id=str(number), **NEW_YORK) for number in range(4)]
    lines = [OrderLine(order_id=order.order_id, line_id="1", sku="a", quantity=1) for order in orders]
    stock = {("near", "a"): 5, ("far", "a"): 9}
    node = Node(node_id="near", max_units=50, max_shipments=50, **NEWARK)
    snapshot = simple_day(orders=orders, lines=lines, nodes=(node, FAR), stock=stock, fixed=[stands(3)])
    plan = planned(snapshot)
    # 5.00 near for two, 12.00 far for two
    assert plan.objective.transport_micro == 34_000_000
    assert plan.certified_bound_micro == plan.objective.total_micro
    verified = qm.verify(snapshot, plan)
    assert verified.ok
    (price,) = qm.prices(snapshot, plan)
    assert (price.resource, price.node_id, price.sku, price.price_micro) == ("stock", "near", "a", 7_000_000)
    assert (price.available, price.taken) == (2, 2)
    other = qm.verify(with_tables(snapshot, fixed=[]), plan)
    assert not other.ok  # the same plan, were nothing to stand: another snapshot


@pytest.mark.parametrize(
    ("limit", "resource", "left"),
    [({"max_units": 6}, "units", 2), ({"max_shipments": 4}, "shipments", 2)],
)
def test_prices_of_capacity_see_what_is_left(limit: dict[str, int], resource: str, left: int) -> None:
    orders = [Order(order_id=str(number), **NEW_YORK) for number in range(4)]
    lines = [OrderLine(order_id=order.order_id, line_id="1", sku="a", quantity=1) for order in orders]
    node = Node(node_id="near", **limit, **NEWARK)
    fixed = [stands(2), stands(2, shipment_id="t")]
    stock = {("near", "a"): 50, ("far", "a"): 50}
    snapshot = simple_day(orders=orders, lines=lines, nodes=(node, FAR), stock=stock, fixed=fixed)
    plan = planned(snapshot)
    assert plan.objective.transport_micro == 34_000_000
    (price,) = qm.prices(snapshot, plan)
    assert (price.resource, price.node_id, price.available, price.taken) == (resource, "near", left, 2)
    assert qm.verify(snapshot, plan).ok
