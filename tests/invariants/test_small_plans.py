"""Invariants on random instances of tens of orders: every strategy, every plan checked."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal

import pytest
from instances import small_instance
from plan_checks import check_plan

import quartermaster as qm
from quartermaster.domain.plan import Plan
from quartermaster.evaluation import evaluate_tables
from quartermaster.policy import OPTIMAL, RULES

N_SEEDS = int(os.environ.get("QUARTERMASTER_SMALL_SEEDS", "12"))
LIMIT_SECONDS = Decimal(10)


@pytest.mark.parametrize("seed", range(N_SEEDS))
def test_every_strategy(seed: int) -> None:
    snapshot, policy = small_instance(seed)
    policy = replace(policy, solver=replace(policy.solver, time_limit_seconds=LIMIT_SECONDS, relative_gap="0.0001"))
    plans: dict[str, Plan] = {}
    for strategy in (OPTIMAL, *RULES):
        plans[strategy] = qm.plan(snapshot, replace(policy, strategy=strategy))
        check_plan(snapshot, replace(policy, strategy=strategy), plans[strategy])
    optimum = plans[OPTIMAL]
    for rule in RULES:
        assert optimum.objective.total_micro <= plans[rule].objective.total_micro, rule


@pytest.mark.parametrize("seed", [3, 5])
def test_no_time_still_gives_a_checked_plan(seed: int) -> None:
    """With a clock that is over at once there is still a plan, no dearer than shipping nothing, and its gap stated."""
    snapshot, policy = small_instance(seed)
    hurried = replace(policy, solver=replace(policy.solver, time_limit_seconds=Decimal("0.01")))
    plan = qm.plan(snapshot, hurried)
    check_plan(snapshot, hurried, plan)
    nothing = evaluate_tables(snapshot, hurried, plan.allocations.iloc[:0], plan.shipments.iloc[:0])
    assert plan.objective.total_micro <= nothing.objective.total_micro
