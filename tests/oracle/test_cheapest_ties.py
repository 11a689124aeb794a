"""Ties of the rule `cheapest`: of all options of least cost, the one that the interface names, and no other."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal

from brute_force import Enumeration
from every_spread import Spread, every_spread, n_spreads
from instance_features import alone, edited, with_tables
from instances import tiny_instance

import quartermaster as qm
from quartermaster.domain.money import to_micro
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import ObjectivePolicy, Policy

N_INSTANCES = int(os.environ.get("QUARTERMASTER_SEEDS", "100")) // 5
FIRST_SEED = 9000
MOST_SPREADS = 1500

Rank = tuple[int, int, int, list[tuple[int, str, str, str, str, int]]]


def full_of_ties(seed: int) -> tuple[Snapshot, Policy] | None:
    """One order whose nodes are twins, at the same place and cost; None where enumeration is too large or idle."""
    snapshot, policy = tiny_instance(seed)
    snapshot = alone(snapshot, snapshot.orders["order_id"][0])
    first = snapshot.nodes.row(0)
    twins = [
        replace(first, node_id=node.node_id, priority=node.priority, max_shipments=None, max_units=None, enabled=True)
        for node in snapshot.nodes
    ]
    snapshot = edited(with_tables(snapshot, nodes=twins), "order_lines", pinned_node="", allowed_nodes=())
    policy = replace(policy, objective=ObjectivePolicy(extra_shipment=Decimal(0)))
    return (snapshot, policy) if 30 <= n_spreads(snapshot) <= MOST_SPREADS else None


def best_spread(snapshot: Snapshot, policy: Policy) -> Spread:
    """Rank every option: cost, backordered units, shipments, then the sorted tuples of the interface."""
    enumeration = Enumeration(snapshot, policy)
    ranked = [(rank, spread) for spread in every_spread(snapshot) if (rank := rank_of(enumeration, spread)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1]


def rank_of(enumeration: Enumeration, spread: Spread) -> Rank | None:
    """Rank one option; None where it breaks a rule."""
    order = enumeration.orders[0]
    lines = enumeration.lines[order.order_id]
    nodes = {node.node_id: node for node in enumeration.nodes}
    lanes = sorted({key[2:] for key in spread})
    if len(lanes) > enumeration.most_shipments(order):
        return None
    cost = 0
    for node_id, carrier, service in lanes:
        units = tuple(spread.get((order.order_id, line.line_id, node_id, carrier, service), 0) for line in lines)
        if not all(enumeration.allows(line, nodes[node_id]) for line, n in zip(lines, units, strict=True) if n):
            return None
        price = enumeration.prices.shipment(order, nodes[node_id], carrier, service, lines, units)
        if price is None:
            return None
        cost += price
    for node_id in {lane[0] for lane in lanes}:
        cost += to_micro(nodes[node_id].opening_cost)
        for sku in {line.sku for line in lines}:
            skus = {line.line_id for line in lines if line.sku == sku}
            leaving = sum(n for key, n in spread.items() if key[2] == node_id and key[1] in skus)
            if leaving > enumeration.available.get((node_id, sku), 0):
                return None
    served = tuple(sum(n for key, n in spread.items() if key[1] == line.line_id) for line in lines)
    if not enumeration.complete_enough(order, lines, served):
        return None
    cost += enumeration.order_cost(order, lines, served, len(lanes))
    tuples = sorted(
        (nodes[node_id].priority, node_id, carrier, service, line_id, -n)
        for (_, line_id, node_id, carrier, service), n in spread.items()
    )
    return cost, sum(line.quantity for line in lines) - sum(served), len(lanes), tuples


def test_the_named_option_is_taken() -> None:
    seen, served, seed = 0, 0, FIRST_SEED
    while seen < N_INSTANCES:
        case = full_of_ties(seed)
        seed += 1
        if case is None:
            continue
        snapshot, policy = case
        expected = best_spread(snapshot, policy)
        plan = qm.plan(snapshot, replace(policy, strategy="cheapest"))
        rows = plan.allocations.merge(plan.shipments[["shipment_id", "carrier", "service"]], on="shipment_id")
        keys = rows[["order_id", "line_id", "node_id", "carrier", "service"]].itertuples(index=False, name=None)
        assert dict(zip(keys, rows["quantity"].tolist(), strict=True)) == expected, f"tiny_instance({seed - 1})"
        seen += 1
        served += bool(expected)
    assert served * 2 > seen
