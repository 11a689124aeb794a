"""Merging two plans: against every choice of orders from the one or the other."""

from __future__ import annotations

import os
from collections import Counter
from itertools import product

import numpy as np
import pytest
from instances import crowded_instance
from solver_doubles import PROGRAM_DOUBLES, doubled

from quartermaster.planning.merge import merged
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.planning.sourcing import Sourcing, sourcing_of
from quartermaster.planning.stock_value import StockValue
from quartermaster.planning.value import total_of
from quartermaster.policy import RULES
from solver_models.runner import IN_PROCESS

SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")))


def drawn(seed: int) -> tuple[PlanningProblem, StockValue, Sourcing, Sourcing, np.ndarray]:
    """Draw a tiny problem, prices of its stock, two named rules' plans of it, and orders that keep the first."""
    problem = build_problem(*crowded_instance(seed))
    rng = np.random.default_rng(seed)
    stocked = problem.available.tocoo()
    pair = np.unique(stocked.coords[0] * problem.n_nodes + stocked.coords[1])
    value = StockValue(problem.n_nodes, pair, rng.integers(1, 30_000_000, len(pair)))
    names = rng.choice(RULES, 2, replace=False)
    first, second = (run_rule(problem, name, lambda: False).sourcing for name in names)
    return problem, value, first, second, rng.random(problem.n_orders) < 0.2


def spliced(problem: PlanningProblem, first: Sourcing, second: Sourcing, taken: tuple[bool, ...]) -> Sourcing:
    rows = [
        row
        for plan, wanted in ((first, False), (second, True))
        for row in zip(plan.line, plan.node, plan.service, plan.quantity, strict=True)
        if taken[problem.line_order[row[0]]] is wanted
    ]
    return sourcing_of(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def keeps_limits(problem: PlanningProblem, plan: Sourcing) -> bool:
    stock, units, shipments = Counter(), Counter(), set()
    for line, node, service, quantity in zip(plan.line, plan.node, plan.service, plan.quantity, strict=True):
        stock[problem.line_sku[line], node] += quantity
        units[node] += quantity
        shipments.add((problem.line_order[line], node, service))
    sent = Counter(node for _, node, _ in shipments)
    held = problem.available.toarray()
    return (
        all(held[pair] >= quantity for pair, quantity in stock.items())
        and all(quantity <= problem.node_max_units[node] for node, quantity in units.items())
        and all(count <= problem.node_max_shipments[node] for node, count in sent.items())
    )


def decision_total(problem: PlanningProblem, value: StockValue, plan: Sourcing) -> int:
    return total_of(problem, plan) + value.taken(problem.line_sku, plan)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_of_all_choices(seed: int) -> None:
    problem, value, first, second, first_only = drawn(seed)
    found, proven = merged(problem, value, first, second, first_only, 60.0, IN_PROCESS)
    choices = product(*([False] if kept else [False, True] for kept in first_only.tolist()))
    plans = (spliced(problem, first, second, taken) for taken in choices)
    best = min(decision_total(problem, value, plan) for plan in plans if keeps_limits(problem, plan))
    assert proven
    assert keeps_limits(problem, found)
    assert decision_total(problem, value, found) == best


def test_merging_mixes_and_is_held_back_by_stock() -> None:
    """Of the instances drawn, some answers are neither plan, and some choices would oversell."""
    mixed = oversold = 0
    for seed in range(60):
        problem, value, first, second, first_only = drawn(seed)
        found, _ = merged(problem, value, first, second, first_only, 60.0, IN_PROCESS)
        mixed += not any(same(found, plan) for plan in (first, second))
        oversold += any(
            not keeps_limits(problem, spliced(problem, first, second, taken))
            for taken in product([False, True], repeat=problem.n_orders)
        )
    assert mixed >= 5
    assert oversold >= 10


def same(one: Sourcing, other: Sourcing) -> bool:
    names = ("line", "node", "service", "quantity")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_whatever_the_solver_says_the_plan_keeps_the_limits(name: str) -> None:
    for seed in range(12):
        problem, value, first, second, first_only = drawn(seed)
        found, _ = merged(problem, value, first, second, first_only, 60.0, doubled(PROGRAM_DOUBLES[name]))
        assert keeps_limits(problem, found)
        kept = first_only[problem.line_order]
        assert same(own(found, kept), own(first, kept))


def own(plan: Sourcing, lines: np.ndarray) -> Sourcing:
    rows = lines[plan.line]
    return Sourcing(plan.line[rows], plan.node[rows], plan.service[rows], plan.quantity[rows])
