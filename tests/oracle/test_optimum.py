"""The optimum against brute force, to the last integer, on random instances over every feature.

``QUARTERMASTER_SEEDS`` says how many instances (100 by default); the long run takes 500 and more.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from brute_force import cheapest_cost
from instance_features import alone
from instances import crowded_instance, tiny_instance
from plan_checks import check_plan

import quartermaster as qm
from quartermaster.domain.plan import Status
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import RULES, Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100"))
CHUNK = 10
FIRST = range(0, N_SEEDS, CHUNK)


Draw = Callable[[int], tuple[Snapshot, Policy]]


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("draw", [tiny_instance, crowded_instance])
def test_optimum_equals_brute_force(draw: Draw, first: int) -> None:
    """All the seeds of tiny instances, and a third of them of crowded ones."""
    last = min(first + (CHUNK if draw is tiny_instance else CHUNK // 3), N_SEEDS)
    for seed in range(first, last):
        snapshot, policy = draw(seed)
        where = f"{draw.__name__}({seed})"
        plan = qm.plan(snapshot, policy)
        best = cheapest_cost(snapshot, policy)
        assert plan.objective.total_micro == best, where
        assert plan.bound_micro is not None, where
        assert best - best * 1e-8 <= plan.bound_micro <= best, where
        assert plan.status is (Status.OPTIMAL if plan.bound_micro == best else Status.FEASIBLE), where
        check_plan(snapshot, policy, plan)


@pytest.mark.parametrize("first", FIRST)
def test_no_rule_beats_brute_force(first: int) -> None:
    for seed in range(first, min(first + CHUNK, N_SEEDS)):
        snapshot, policy = tiny_instance(seed)
        best = cheapest_cost(snapshot, policy)
        for rule in RULES:
            ruled = replace(policy, strategy=rule)
            plan = qm.plan(snapshot, ruled)
            assert plan.objective.total_micro >= best, f"tiny_instance({seed}) by {rule}"
            check_plan(snapshot, ruled, plan)


@pytest.mark.parametrize("first", range(0, N_SEEDS, CHUNK * 3))
def test_cheapest_is_the_optimum_of_one_order(first: int) -> None:
    """The rule takes the best option of an order, so with one order it is the optimum."""
    for seed in range(first, min(first + CHUNK, N_SEEDS)):
        snapshot, policy = tiny_instance(seed)
        snapshot = alone(snapshot, snapshot.orders["order_id"][0])
        plan = qm.plan(snapshot, replace(policy, strategy="cheapest"))
        assert plan.objective.total_micro == cheapest_cost(snapshot, policy), f"first order of tiny_instance({seed})"
