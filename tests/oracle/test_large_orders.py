"""Orders too large to list every split: their floors keep the bound below the true optimum.

What counts as large is turned down to a few quantity vectors, so that brute force still knows the optimum.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from brute_force import cheapest_cost
from instances import crowded_instance, tiny_instance
from plan_checks import check_plan

import quartermaster as qm
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100")) // 4
FIRST_SEED = 11_000


@pytest.mark.parametrize("draw", [tiny_instance, crowded_instance])
def test_the_bound_holds_and_the_plan_is_checked(
    draw: Callable[[int], tuple[Snapshot, Policy]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quartermaster.planning.listing.MAX_VECTORS", 3)
    with_large, at_the_optimum = 0, 0
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS):
        snapshot, policy = draw(seed)
        plan = qm.plan(snapshot, policy)
        best = cheapest_cost(snapshot, policy)
        assert plan.bound_micro is not None
        assert plan.bound_micro <= best <= plan.objective.total_micro, f"{draw.__name__}({seed})"
        check_plan(snapshot, policy, plan)
        with_large += plan.run.counters["large_orders"] > 0
        at_the_optimum += plan.objective.total_micro == best
    assert with_large * 3 > N_SEEDS
    assert at_the_optimum * 10 >= N_SEEDS * 8
