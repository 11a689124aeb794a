"""Plans whose cheap columns alone are listed: checked plans, and bounds that still hold against brute force."""

from __future__ import annotations

import pytest
from brute_force import cheapest_cost
from instances import crowded_instance, tiny_instance
from plan_checks import check_plan

import quartermaster as qm
from quartermaster.planning import listing
from quartermaster.planning.certified import certified_bound
from quartermaster.planning.problem import build_problem
from quartermaster.planning.resource_prices import prices_of

SEEDS = range(31_000, 31_060)
CHUNK = 10


@pytest.fixture(autouse=True)
def _one_node_for_each_vector(monkeypatch):
    """Even where an SKU is scarce: harder on the bound than what real days see."""
    for name, value in {"LISTED_WHOLE": 0, "CHEAPEST": 1, "FEWEST": 1, "AMPLE": 1e9}.items():
        monkeypatch.setattr(listing, name, value)


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, CHUNK))
def test_the_bound_stands_for_what_is_not_listed(first: int) -> None:
    below, exact = 0, 0
    for seed in range(first, first + CHUNK):
        snapshot, policy = (crowded_instance if seed % 2 else tiny_instance)(seed)
        plan, best = qm.plan(snapshot, policy), cheapest_cost(snapshot, policy)
        assert plan.bound_micro is not None
        assert plan.bound_micro <= best <= plan.objective.total_micro, seed
        check_plan(snapshot, policy, plan)
        assert plan.certificate is not None
        everything = certified_bound(build_problem(snapshot, policy), prices_of(snapshot, plan.certificate))
        assert plan.certificate.bound_micro <= everything.bound_micro <= best, seed
        below += plan.bound_micro < best
        exact += plan.objective.total_micro == best
    assert below
    assert exact
