"""AllocationProblem and solve: known values, brute force, and the checks of the input."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import sparse
from solver_doubles import twisted

import solver_models as sm
from solver_models import allocation


def random_problem(seed: int) -> sm.AllocationProblem:
    rng = np.random.default_rng(seed)
    n_groups, n_resources, n_charges = int(rng.integers(1, 6)), int(rng.integers(0, 4)), int(rng.integers(0, 4))
    group = np.repeat(np.arange(n_groups), rng.integers(1, 5, n_groups))
    rng.shuffle(group)
    n = len(group)
    usage = rng.integers(0, 6, (n_resources, n)) * (rng.random((n_resources, n)) < 0.7)
    capacity = np.floor(rng.random(n_resources) * n_groups * rng.choice([2, 4, 6]))
    charges = (rng.random((n_charges, n)) < 0.4).astype(int)
    cost = rng.integers(-5, 30, n) if seed % 2 else rng.random(n) * 20 - 3
    return sm.AllocationProblem(
        group, cost, sparse.coo_array(usage), capacity, rng.integers(0, 25, n_charges), sparse.csc_array(charges)
    )


def brute_force(problem: sm.AllocationProblem) -> float:
    """Least cost over every choice; infinity when none is feasible."""
    usage, charges = problem.usage.toarray(), problem.charges.toarray()
    best = np.inf
    for chosen in product(*(np.flatnonzero(problem.option_group == g) for g in range(problem.n_groups))):
        columns = list(chosen)
        if np.all(usage[:, columns].sum(axis=1) <= problem.capacity):
            paid = charges[:, columns].any(axis=1)
            best = min(best, problem.option_cost[columns].sum() + problem.charge_cost[paid].sum())
    return best


@pytest.mark.parametrize("seed", range(250))
def test_optimum_is_that_of_all_choices(seed):
    problem = random_problem(seed)
    solution, best = sm.solve(problem, time_limit=20.0), brute_force(problem)
    if np.isinf(best):
        assert solution.termination == "infeasible"
        assert solution.chosen is None
        assert solution.objective is None
        assert solution.gap is None
    else:
        assert solution.termination == "optimal"
        assert solution.objective == pytest.approx(best, abs=1e-6)
        assert problem.cost_of(solution.chosen) == solution.objective
        assert solution.bound == pytest.approx(best, abs=1e-5)
        assert solution.bound <= solution.objective
        assert 0 <= solution.gap <= 1e-6


def test_some_random_problems_are_infeasible_and_some_are_not():
    feasible = sum(np.isfinite(brute_force(random_problem(seed))) for seed in range(250))
    assert 60 <= feasible <= 220


def test_generalised_assignment():
    """Five jobs, two machines of 10 hours, worked out by hand.

    Unlimited, the first machine takes jobs 0 and 3, the second the others: 18, but 5 + 4 + 2 = 11 hours there. Moving
    job 2 costs 1 more but needs 3 + 6 + 4 = 13 hours on the first; so jobs 0 and 2 change places, for 1 + 1.
    """
    hours, first, second = [3, 5, 4, 6, 2], [6, 9, 4, 3, 8], [7, 2, 3, 9, 4]
    group = np.repeat(np.arange(5), 2)
    cost = np.ravel(list(zip(first, second, strict=True)))
    usage = np.zeros((2, 10))
    usage[0, 0::2], usage[1, 1::2] = hours, hours
    solution = sm.solve(sm.AllocationProblem(group, cost, usage, [10, 10]))
    assert solution.objective == 18 + 1 + 1
    assert solution.chosen.tolist() == [1, 3, 4, 6, 9]


def test_facility_location():
    """Three customers, two sites that cost 10 and 4 to open; one site serves all where that is cheaper."""
    cost = [1, 5, 1, 5, 1, 5]
    charges = [[1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]

    def solved(opening):
        return sm.solve(sm.AllocationProblem([0, 0, 1, 1, 2, 2], cost, np.zeros((0, 6)), [], opening, charges))

    assert solved([10, 4]).objective == 13
    assert solved([10, 4]).chosen.tolist() == [0, 2, 4]
    assert solved([20, 4]).objective == 19
    assert solved([20, 4]).chosen.tolist() == [1, 3, 5]


def test_constraint_1_one_option_of_each_group():
    """Costs below zero tempt to take two, costs above to take none."""
    problem = sm.AllocationProblem([0, 0, 1], [-3.0, -4.0, 6.0], np.zeros((0, 3)), [])
    solution = sm.solve(problem)
    assert solution.chosen.tolist() == [1, 2]
    assert solution.bound == pytest.approx(2.0)


def test_constraint_2_resources_are_not_overdrawn():
    """Each alone would take the last unit."""
    solution = sm.solve(sm.AllocationProblem([0, 0, 1, 1], [1, 9, 1, 5], [[1, 0, 1, 0]], [1]))
    assert solution.chosen.tolist() == [0, 3]
    assert solution.bound == pytest.approx(6.0)


def test_constraint_4_charges_are_paid_once():
    """The charged option saves 5 for each of two groups: worth 9, not 11."""

    def solved(charge):
        return sm.solve(
            sm.AllocationProblem([0, 0, 1, 1], [1, 6, 1, 6], np.zeros((0, 4)), [], [charge], [[1, 0, 1, 0]])
        )

    assert solved(9).chosen.tolist() == [0, 2]
    assert solved(9).bound == pytest.approx(11.0)
    assert solved(11).chosen.tolist() == [1, 3]
    assert solved(11).bound == pytest.approx(12.0)


def test_no_groups_is_solved_by_choosing_nothing():
    solution = sm.solve(sm.AllocationProblem([], [], np.zeros((2, 0)), [1, 2]))
    assert (solution.chosen.tolist(), solution.objective, solution.gap) == ([], 0.0, 0.0)
    assert solution.termination is sm.Termination.OPTIMAL


def test_capacity_below_zero_is_infeasible():
    assert sm.solve(sm.AllocationProblem([0], [1], [[0]], [-1])).termination is sm.Termination.INFEASIBLE


@pytest.mark.parametrize(("relative_gap", "ended"), [(0.2, "optimal"), (0.05, "feasible")])
def test_proven_means_within_the_gap_asked_for(relative_gap, ended, monkeypatch):
    """A solver that proves a tenth too little: enough for the one, not for the other."""
    monkeypatch.setattr(allocation, "solve_linear", twisted(lambda answer: replace(answer, bound=0.9 * answer.bound)))
    problem = sm.AllocationProblem([0, 0, 1, 1], [0.5, 5, 1.5, 3.5], [[1, 0, 1, 0]], [1])
    solution = sm.solve(problem, relative_gap=relative_gap)
    assert solution.termination == ended
    assert solution.objective == 4
    assert solution.gap == pytest.approx(0.1)


@pytest.mark.parametrize(
    "chosen", [[0, 1], [0], [0, 2, 2], [2, 0], [0, -1], [0, 7], [1, 3]], ids=lambda chosen: str(chosen)
)
def test_cost_of_a_broken_choice_is_infinite(chosen):
    problem = sm.AllocationProblem([0, 0, 1, 1], [1, 5, 1, 3], [[0, 1, 0, 1]], [1])
    assert problem.cost_of(np.array(chosen)) == np.inf
    assert problem.cost_of(np.array([0, 3])) == 4


def test_what_is_stored_is_what_is_taken():
    """A stored zero is no charge, an entry given twice adds up."""
    stored_zero = sparse.csr_array((np.array([1.0, 0.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 2))
    solution = sm.solve(sm.AllocationProblem([0, 0], [1, 4], np.zeros((0, 2)), [], [10], stored_zero))
    assert solution.chosen.tolist() == [1]
    assert solution.bound == pytest.approx(4)
    twice = sparse.csr_array((np.array([2.0, 2.0]), np.array([0, 0]), np.array([0, 2])), shape=(1, 2))
    assert sm.solve(sm.AllocationProblem([0, 0], [1, 4], twice, [3])).chosen.tolist() == [1]
    with pytest.raises(ValueError, match="0 or 1"):
        sm.AllocationProblem([0, 0], [1, 4], np.zeros((0, 2)), [], [10], twice / 2)


def test_the_problem_keeps_arrays_of_its_own():
    cost, usage = np.array([1.0, 2.0]), sparse.csr_array(np.array([[1.0, 0.0]]))
    problem = sm.AllocationProblem([0, 0], cost, usage, [1])
    cost[0] = 9
    usage.data[0] = 5
    assert problem.cost_of(np.array([0])) == 1
    with pytest.raises(ValueError, match="read-only"):
        problem.option_cost[0] = 3


GOOD = {"option_group": [0, 0], "option_cost": [1, 2], "usage": [[1, 0]], "capacity": [1]}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"option_group": [0, 2]}, "none empty"),
        ({"option_group": [-1, 0]}, "none empty"),
        ({"option_group": [0, 10**12]}, "none empty"),
        ({"option_group": [0.0, 1.0]}, "whole numbers"),
        ({"option_group": [[0, 0]]}, "one array"),
        ({"option_cost": [1]}, "option_cost must have 2"),
        ({"option_cost": [1, np.nan]}, "finite"),
        ({"option_cost": [1, np.inf]}, "finite"),
        ({"usage": [[1, -1]]}, ">= 0"),
        ({"usage": [[1, np.nan]]}, "finite"),
        ({"usage": [[1, 0, 0]]}, "usage must be 1 x 2"),
        ({"capacity": [1, 2]}, "usage must be 2 x 2"),
        ({"capacity": [[1]]}, "one array"),
        ({"capacity": [np.inf]}, "finite"),
        ({"charge_cost": [-1], "charges": [[1, 0]]}, ">= 0"),
        ({"charge_cost": [1], "charges": [[2, 0]]}, "0 or 1"),
        ({"charge_cost": [1, 2], "charges": [[1, 0]]}, "charges must be 2 x 2"),
        ({"charges": [[1, 0]]}, "charges must be 0 x 2"),
    ],
)
def test_bad_problems_are_refused(change, match):
    with pytest.raises(ValueError, match=match):
        sm.AllocationProblem(**{**GOOD, **change})


@pytest.mark.parametrize("limits", [{"time_limit": -1}, {"relative_gap": -0.1}, {"threads": 0}])
def test_bad_limits_are_refused(limits):
    with pytest.raises(ValueError, match=">= 0, threads >= 1"):
        sm.solve(sm.AllocationProblem(**GOOD), **limits)
