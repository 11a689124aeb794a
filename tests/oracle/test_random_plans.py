"""Planning's cost of a plan against evaluation's, on random feasible plans: equal, term by term.

``QUARTERMASTER_SEEDS`` says how many instances (100 by default); each gives `PLANS_EACH` plans.
"""

from __future__ import annotations

import os
from random import Random

import pytest
from brute_force import Enumeration
from instances import small_instance, tiny_instance
from plan_checks import check_conservation, check_cost, check_kpis, check_reasons, check_stock, check_tables
from random_plans import RandomPlans

from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.decode import decode
from quartermaster.planning.problem import build_problem
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100"))
FIRST_SEED = 7000
CHUNK = 10
PLANS_EACH = 4


def check_random_plans(snapshot: Snapshot, policy: Policy, seed: int) -> int:
    """Check `PLANS_EACH` random plans and return how many of them ship anything."""
    problem = build_problem(snapshot, policy)
    plans = RandomPlans(Enumeration(snapshot, policy), snapshot)
    shipping = 0
    for number in range(PLANS_EACH):
        tables = decode(problem, plans.draw(Random(f"{seed} {number}")))
        check_tables(tables)
        check_conservation(snapshot, tables)
        check_stock(snapshot, tables)
        check_cost(snapshot, policy, tables)
        check_reasons(snapshot, policy, tables)
        check_kpis(snapshot, tables)
        shipping += not tables.shipments.empty
    return shipping


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + N_SEEDS, CHUNK))
def test_tiny(first: int) -> None:
    shipping = [check_random_plans(*tiny_instance(seed), seed) for seed in range(first, first + CHUNK)]
    assert sum(shipping) >= CHUNK // 2


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + N_SEEDS // 10))
def test_small(seed: int) -> None:
    check_random_plans(*small_instance(seed), seed)
