"""Each named rule against a scalar writing of the same words, allocation by allocation."""

from __future__ import annotations

import os

import pytest
from instances import small_instance, tiny_instance
from naive_rules import NaiveRules, Plan

from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "150"))
FIRST_SEED = 20_000
WALKS = ("nearest", "priority", "highest_stock")
MOST_OPTIONS = 1 << 16


def planned(problem: PlanningProblem, rule: str) -> Plan:
    """The rule's decision by ids."""
    sourcing = run_rule(problem, rule).sourcing
    lines, nodes = problem.snapshot.order_lines, problem.snapshot.nodes
    return {
        (
            lines["order_id"][line],
            lines["line_id"][line],
            nodes["node_id"][node],
            *problem.book.service_names[service],
        ): quantity
        for line, node, service, quantity in zip(
            sourcing.line.tolist(),
            sourcing.node.tolist(),
            sourcing.service.tolist(),
            sourcing.quantity.tolist(),
            strict=True,
        )
    }


def enumerable(snapshot: Snapshot, policy: Policy) -> bool:
    naive = NaiveRules(snapshot, policy)
    return all(naive.n_options(order, naive.book.lines[order.order_id]) <= MOST_OPTIONS for order in snapshot.orders)


@pytest.mark.parametrize("rule", [*WALKS, "fewest_shipments"])
def test_small_instances(rule: str) -> None:
    served = 0
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS // 5):
        snapshot, policy = small_instance(seed)
        found = planned(build_problem(snapshot, policy), rule)
        assert found == NaiveRules(snapshot, policy).plan(rule), f"small_instance({seed}), {rule}"
        served += len(found)
    assert served > N_SEEDS


@pytest.mark.parametrize("rule", [*WALKS, "fewest_shipments", "cheapest"])
def test_tiny_instances(rule: str) -> None:
    served = 0
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS):
        snapshot, policy = tiny_instance(seed)
        if rule == "cheapest" and not enumerable(snapshot, policy):
            continue
        found = planned(build_problem(snapshot, policy), rule)
        assert found == NaiveRules(snapshot, policy).plan(rule), f"tiny_instance({seed}), {rule}"
        served += len(found)
    assert served > N_SEEDS // 2
