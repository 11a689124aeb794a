"""The rule `cheapest`, order by order: each order gets the least cost that what is left allows, to the last integer."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from brute_force import cheapest_cost
from instance_features import alone, with_tables
from instances import tiny_instance

import quartermaster as qm
from quartermaster.domain.orders import Order
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100")) // 3
CHUNK = 10
FIRST_SEED = 5000


def sequence(snapshot: Snapshot) -> list[Order]:
    """Priority (highest first), then ordered_at (missing last), then order_id."""
    return sorted(
        snapshot.orders,
        key=lambda order: (
            -order.priority,
            order.ordered_at is None,
            order.ordered_at.timestamp() if order.ordered_at else 0,
            order.order_id,
        ),
    )


def left_for(snapshot: Snapshot, plan: Plan, order_id: str, before: list[str]) -> Snapshot:
    """The snapshot as one order sees it: alone, with what the orders before it have left."""
    taken = plan.allocations[plan.allocations["order_id"].isin(before)]
    units: Counter[tuple[str, str]] = Counter()
    for node_id, sku, quantity in zip(taken["node_id"], taken["sku"], taken["quantity"], strict=True):
        units[node_id, sku] += int(quantity)
    shipped = plan.shipments[plan.shipments["order_id"].isin(before)]
    shipments = Counter(shipped["node_id"])
    of_node: Counter[str] = Counter()
    for node_id, count in zip(shipped["node_id"], shipped["units"], strict=True):
        of_node[node_id] += int(count)
    inventory = [replace(row, on_hand=row.on_hand - units[row.node_id, row.sku]) for row in snapshot.inventory]
    nodes = [
        replace(
            node,
            max_shipments=None if node.max_shipments is None else node.max_shipments - shipments[node.node_id],
            max_units=None if node.max_units is None else node.max_units - of_node[node.node_id],
            opening_cost=Decimal(0) if shipments[node.node_id] else node.opening_cost,
        )
        for node in snapshot.nodes
    ]
    return with_tables(alone(snapshot, order_id), inventory=inventory, nodes=nodes)


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + N_SEEDS, CHUNK))
def test_each_order_takes_its_best_option(first: int) -> None:
    for seed in range(first, min(first + CHUNK, FIRST_SEED + N_SEEDS)):
        snapshot, policy = tiny_instance(seed)
        plan = qm.plan(snapshot, replace(policy, strategy="cheapest"))
        before: list[str] = []
        for order in sequence(snapshot):
            left = left_for(snapshot, plan, order.order_id, before)
            evaluation = evaluate_tables(
                left,
                policy,
                plan.allocations[plan.allocations["order_id"] == order.order_id],
                plan.shipments[plan.shipments["order_id"] == order.order_id],
            )
            assert evaluation.violations == ()
            expected = cheapest_cost(left, policy)
            assert evaluation.objective.total_micro == expected, f"tiny_instance({seed}), order {order.order_id}"
            before.append(order.order_id)
