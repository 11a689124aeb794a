"""Whatever solvers say, the search returns a checked choice, and a bound that is no more than its cost."""

from time import monotonic

import numpy as np
import pytest
from solver_doubles import DUAL_DOUBLES, PROGRAM_DOUBLES, doubled
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice

from solver_models import allocation, programs
from solver_models.allocation import AllocationProblem, Termination, solve
from solver_models.backend import solve_linear
from solver_models.bound import lower_bound
from solver_models.pricing import Pricer
from solver_models.runner import IN_PROCESS, Runner
from solver_models.search import SearchResult, search
from solver_models.sourcing import INFEASIBLE, SourcingArrays, cost_of

SEEDS = (0, 6, 13, 21)


def run(arrays: SourcingArrays, runner: Runner = IN_PROCESS) -> SearchResult:
    deadline = monotonic() + 10.0
    return search(arrays, [], seconds_left=lambda: deadline - monotonic(), relative_gap=0.0, runner=runner)


def check(arrays: SourcingArrays, found: SearchResult) -> None:
    assert cost_of(arrays, found.choice.columns) == found.choice.cost < INFEASIBLE
    assert found.bound <= found.choice.cost
    assert np.all(found.prices.resource >= 0)
    assert np.all(found.prices.share >= 0)
    assert found.price_bound == lower_bound(arrays, Pricer(arrays), found.prices)
    assert found.price_bound <= best_choice(arrays).cost <= found.choice.cost


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_integer_programs_that_fail_or_lie(name, seed):
    arrays = random_sourcing(seed, Size(orders=4))
    check(arrays, run(arrays, doubled(programs=PROGRAM_DOUBLES[name])))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DUAL_DOUBLES)
def test_masters_that_fail_or_lie_cost_time_but_no_truth(name, seed):
    arrays = random_sourcing(seed, Size(orders=4))
    found = run(arrays, doubled(masters=DUAL_DOUBLES[name]))
    check(arrays, found)
    assert found.choice.cost == best_choice(arrays).cost


@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_no_solver_at_all(name):
    arrays = random_sourcing(13, Size(orders=4))
    check(arrays, run(arrays, doubled(PROGRAM_DOUBLES[name], PROGRAM_DOUBLES["dies"])))


@pytest.mark.parametrize("seed", range(12))
def test_a_bound_that_contradicts_its_own_cost_is_dropped_whole(seed, monkeypatch):
    """Also where only some columns were asked about: what was left out proves nothing about what was in."""
    monkeypatch.setattr(programs, "SMALL", 0)
    monkeypatch.setattr(programs, "COLUMNS_PER_ORDER", (1, 2))
    arrays = random_sourcing(seed, Size(orders=4, nodes=3))
    found = run(arrays, doubled(programs=PROGRAM_DOUBLES["claims a bound without a solution"]))
    check(arrays, found)
    assert found.bound <= best_choice(arrays).cost


@pytest.mark.parametrize("name", ["says infeasible", "dies", "takes everything", "claims a bound above its own cost"])
def test_broken_contracts_are_counted(name):
    arrays = random_sourcing(contended(), Size(orders=4))
    for double, least in ((solve_linear, 0), (PROGRAM_DOUBLES[name], 1)):
        runner = doubled(programs=double)
        faults = run(arrays, runner).contradictions + len(runner.contradictions) + len(runner.failures)
        assert least <= faults <= 100 * least


def contended() -> int:
    """Seed of a problem that prices alone do not settle."""
    for seed in range(200):
        arrays = random_sourcing(seed, Size(orders=4))
        found = run(arrays)
        if found.price_bound < found.choice.cost:
            return seed
    raise AssertionError("no such problem")


PROBLEM = AllocationProblem([0, 0, 1, 1], [1, 5, 1, 3], [[1, 0, 1, 0]], [1])


@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_allocation_never_returns_a_choice_that_breaks_a_rule(name, monkeypatch):
    monkeypatch.setattr(allocation, "solve_linear", PROGRAM_DOUBLES[name])
    solution = solve(PROBLEM)
    if solution.chosen is None:
        assert solution.objective is None
        assert solution.gap is None
        assert solution.termination in (Termination.INFEASIBLE, Termination.NO_SOLUTION)
    else:
        assert PROBLEM.cost_of(solution.chosen) == solution.objective
        assert solution.bound <= solution.objective
        assert solution.gap >= 0


@pytest.mark.parametrize("name", ["claims a bound above its own cost", "claims a bound of NaN"])
def test_allocation_proves_nothing_by_a_broken_bound(name, monkeypatch):
    monkeypatch.setattr(allocation, "solve_linear", PROGRAM_DOUBLES[name])
    solution = solve(PROBLEM)
    assert solution.objective == 4
    assert solution.bound == -np.inf
    assert solution.termination is Termination.FEASIBLE


def test_allocation_asks_another_solver_before_it_says_infeasible(monkeypatch):
    first = PROGRAM_DOUBLES["says infeasible"]

    def one_lies(model, solver, **limits):
        return first(model, solver) if solver is allocation.Solver.HIGHS else real(model, solver, **limits)

    real = allocation.solve_linear
    monkeypatch.setattr(allocation, "solve_linear", one_lies)
    solution = solve(PROBLEM)
    assert solution.objective == 4
    assert solution.termination is Termination.OPTIMAL


def test_allocation_keeps_a_claim_of_infeasible_that_nobody_answers(monkeypatch):
    def one_claims(model, solver, **limits):
        name = "says infeasible" if solver is allocation.Solver.HIGHS else "dies"
        return PROGRAM_DOUBLES[name](model, solver)

    monkeypatch.setattr(allocation, "solve_linear", one_claims)
    assert solve(PROBLEM).termination is Termination.INFEASIBLE
