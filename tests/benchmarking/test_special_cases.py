"""The generated special cases: recipes, and optima that independent ways agree on."""

import functools
from itertools import product

import numpy as np
import pytest

from benchmarks.special_cases import PLAIN, run
from benchmarks.special_instances import ASSIGNMENT, LOCATION, SIZES, assignment_problem, capacities, special_case
from solver_models import allocation


def arrays(problem, sites):
    """Cost and use of each job at each site."""
    cost = problem.option_cost.reshape(-1, sites).T
    site = np.tile(np.arange(sites), len(problem.option_group) // sites)
    use = problem.usage.toarray()[site, np.arange(len(site))].reshape(-1, sites).T
    return cost, use


@pytest.mark.parametrize(
    ("kind", "cost_range", "use_range"),
    [("a", (10, 50), (5, 25)), ("b", (10, 50), (5, 25)), ("c", (10, 50), (5, 25)), ("d", (1, 120), (1, 100))],
)
def test_numbers_lie_in_the_published_ranges_and_reach_their_ends(kind, cost_range, use_range):
    cost, use = arrays(special_case(kind, 20, 200, 1), 20)
    assert (use.min(), use.max()) == use_range
    assert cost_range[0] <= cost.min() <= cost_range[0] + 1
    assert cost_range[1] - 1 <= cost.max() <= cost_range[1]
    if kind == "d":
        noise = cost + use - 111
        assert (noise.min(), noise.max()) == (-10, 10)


def test_type_e_costs_fall_as_uses_rise():
    """1 - 10 ln U has mean 11; 1000 / a - 10 U lies within 10 below 1000 / a."""
    cost, use = arrays(special_case("e", 20, 200, 1), 20)
    assert use.mean() == pytest.approx(11, abs=0.5)
    assert np.all(cost <= np.rint(1000 / use))
    assert np.all(cost >= np.rint(1000 / use - 10) - 1)
    assert (1000 / use - cost).mean() == pytest.approx(5, abs=0.3)


def test_capacities_by_hand():
    """Two agents, three jobs. Agent 0 is cheapest for jobs 0 and 1 (a tie), which take 4 + 6; agent 1 for job 2."""
    cost = np.array([[10, 20, 30], [11, 20, 12]])
    use = np.array([[4, 6, 5], [9, 8, 7]])
    assert capacities("a", cost, use).tolist() == [17, 17]  # 0.6 * 1.5 * 15 + 0.4 * 10 = 17.5
    assert capacities("b", cost, use).tolist() == [12, 12]  # 0.7 * 17.5 = 12.25
    for kind in ("c", "d", "e"):
        assert capacities(kind, cost, use).tolist() == [6, 9]  # 0.8 * 15 / 2 and 0.8 * 24 / 2 = 9.6


def test_location_has_the_published_numbers():
    even, uneven = special_case("sscfl", 30, 200, 1), special_case("sscfl-uneven", 30, 200, 1)
    assert np.all(even.capacity == 400)
    assert np.all(even.charge_cost == 500)
    assert np.all(uneven.capacity == 600)
    assert 500 <= uneven.charge_cost.min() < 600 < 1400 < uneven.charge_cost.max() <= 1500
    _, demand = arrays(even, 30)
    assert (demand.min(), demand.max()) == (10, 50)
    assert np.all(demand == demand[0])  # a customer asks for the same wherever it is served


@pytest.mark.parametrize("kind", SIZES)
def test_a_seed_is_an_instance(kind):
    one, same, other = (special_case(kind, 5, 30, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.option_cost, same.option_cost)
    assert np.array_equal(one.capacity, same.capacity)
    assert not np.array_equal(one.option_cost, other.option_cost)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'f', must be one of a, b"):
        special_case("f", 5, 30, 1)


SITES, JOBS = 3, 6
SMALL = [(kind, seed) for kind in (*ASSIGNMENT, *LOCATION) for seed in (1,)]


@functools.cache
def optimum(kind: str, seed: int) -> float:
    """Least cost over all choices; infinity where there is none."""
    problem = special_case(kind, SITES, JOBS, seed)
    choices = product(range(SITES), repeat=JOBS)
    return min(problem.cost_of(np.arange(JOBS) * SITES + np.array(at)) for at in choices)


@pytest.mark.parametrize(("kind", "seed"), SMALL)
def test_every_way_finds_the_optimum_of_all_choices(kind, seed, monkeypatch):
    monkeypatch.setattr(allocation, "SMALL", 0)
    best = optimum(kind, seed)
    for how in ("ours", *PLAIN):
        found = run(kind, SITES, JOBS, seed, how, 10.0)
        if np.isinf(best):
            assert found["objective"] is None
        else:
            assert found["objective"] == found["bound"] == best
            assert found["termination"] == "optimal"


def test_most_of_those_have_an_optimum():
    assert sum(np.isfinite(optimum(kind, seed)) for kind, seed in SMALL) >= 4


def test_a_problem_is_laid_out_job_by_job():
    problem = assignment_problem(np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]]), np.array([9, 9]))
    assert problem.option_cost.tolist() == [1, 3, 2, 4]
    assert problem.usage.toarray().tolist() == [[5, 0, 6, 0], [0, 7, 0, 8]]
