"""The search of larger allocation problems, on small ones: brute force, invariants, permutations, lying solvers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from allocation_instances import PROBLEMS, brute_force, meeting_anywhere, meeting_at_one
from solver_doubles import PROGRAM_DOUBLES

import solver_models as sm
from solver_models import allocation, allocation_knapsacks, allocation_search
from solver_models.allocation_branching import Branching, climb
from solver_models.allocation_knapsacks import Homes
from solver_models.allocation_local_search import improve, sites_of
from solver_models.allocation_program import linear_model
from solver_models.allocation_search import Known
from solver_models.backend import Solver, solve_linear


@pytest.fixture(autouse=True)
def search_whatever_the_size(monkeypatch):
    monkeypatch.setattr(allocation, "SMALL", 0)


def check(problem: sm.AllocationProblem, solution: sm.Solution, best: float) -> None:
    """A choice is what it says, and the bound no more than the optimum."""
    assert solution.bound <= best + 1e-6
    if solution.chosen is not None:
        assert problem.cost_of(solution.chosen) == solution.objective >= best - 1e-9
        assert solution.bound <= solution.objective
        assert solution.gap >= 0


@pytest.mark.parametrize(("draw", "seed"), PROBLEMS)
def test_optimum_is_that_of_all_choices(draw, seed):
    problem = draw(seed)
    solution, best = sm.solve(problem, time_limit=20.0), brute_force(problem)
    if np.isinf(best):
        assert solution.termination == "infeasible"
        assert solution.chosen is None
    else:
        check(problem, solution, best)
        assert solution.termination == "optimal"
        assert solution.objective == pytest.approx(best, abs=1e-6)


def test_some_are_infeasible_and_some_are_not():
    values = [brute_force(draw(seed)) for draw, seed in PROBLEMS]
    assert 10 <= np.isinf(values).sum() <= 50


@pytest.mark.parametrize(("draw", "seed"), PROBLEMS)
def test_any_prices_give_a_bound_and_excesses_that_hold(draw, seed):
    """Of every choice: L(u) <= its cost, also with an option's excess added, or what it costs to do without one."""
    problem = draw(seed)
    everything = np.ones(len(problem.option_group), dtype=bool)
    homes = Homes(problem, everything)
    part = homes.narrow(everything)
    rng = np.random.default_rng(seed)
    options = (np.flatnonzero(problem.option_group == g) for g in range(problem.n_groups))
    choices = [np.array(chosen) for chosen in product(*options)]
    costs = np.array([problem.cost_of(chosen) for chosen in choices])
    taken = np.zeros((len(choices), len(everything)), dtype=bool)
    taken[np.arange(len(choices))[:, None], np.array(choices)] = True
    if part is None:
        assert np.all(np.isinf(costs))
        return
    for scale in (0.0, 10.0, 40.0):
        relaxed = homes.relax(rng.random(problem.n_groups) * scale, part, excesses=True)
        assert relaxed.bound <= costs.min() + 1e-6
        for option in np.flatnonzero(part.usable):
            assert relaxed.bound + relaxed.excess[option] <= costs[taken[:, option]].min(initial=np.inf) + 1e-6
            assert relaxed.bound + relaxed.needed[option] <= costs[~taken[:, option]].min(initial=np.inf) + 1e-6


def test_the_best_prices_are_worth_more_than_the_linear_relaxation():
    """Two jobs of 2 at one machine of 3: halves fit it, whole ones do not."""
    problem = sm.AllocationProblem([0, 0, 1, 1], [0, 10, 0, 10], [[2, 0, 2, 0]], [3])
    linear = linear_model(problem)
    relaxation = solve_linear(replace(linear, integer=np.zeros(4, dtype=bool)), Solver.GLOP, time_limit=5.0)
    homes = Homes(problem, np.ones(4, dtype=bool))
    part = homes.narrow(np.ones(4, dtype=bool))
    best = climb(homes, problem, part, np.zeros(2), target=10.0, rounds=100, enough=lambda bound: False)
    assert relaxation.bound == pytest.approx(5.0)
    assert best.bound == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_the_stronger_rows_leave_every_choice(seed):
    """Capacities tied to charges, and what is needed of them together, cut off no feasible choice."""
    problem = meeting_at_one(seed)
    model = linear_model(problem)
    options = (np.flatnonzero(problem.option_group == g) for g in range(problem.n_groups))
    for chosen in map(np.array, product(*options)):
        point = np.zeros(len(model.cost))
        point[chosen] = 1
        point[len(problem.option_group) :] = problem.charges[:, chosen].sum(axis=1) > 0
        rows = model.matrix @ point
        fits = np.all(rows >= model.row_lower - 1e-6) and np.all(rows <= model.row_upper + 1e-6)
        assert fits == np.isfinite(problem.cost_of(chosen))
        if fits:
            assert model.cost @ point == pytest.approx(problem.cost_of(chosen))


@pytest.mark.parametrize("seed", range(1, 60, 3))
def test_order_and_scale_change_nothing(seed):
    problem = meeting_at_one(seed)
    rng = np.random.default_rng(seed)
    order, rename = rng.permutation(len(problem.option_group)), rng.permutation(problem.n_groups)
    shuffled = sm.AllocationProblem(
        rename[problem.option_group[order]],
        7 * problem.option_cost[order],
        3 * problem.usage[:, order],
        3 * problem.capacity,
        7 * problem.charge_cost,
        problem.charges[:, order],
    )
    one, other = sm.solve(problem), sm.solve(shuffled)
    assert one.termination == other.termination
    if one.objective is not None:
        assert other.objective == pytest.approx(7 * one.objective, abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_local_search_returns_what_it_was_given_or_better(seed):
    problem = meeting_at_one(seed)
    sites = sites_of(problem)
    rng = np.random.default_rng(seed)
    start = np.array([rng.choice(np.flatnonzero(problem.option_group == g)) for g in range(problem.n_groups)])
    price = np.ones(len(problem.capacity))
    found = improve(sites, start, price, rounds=40, rng=rng, enough=lambda: False)
    assert problem.cost_of(found) <= problem.cost_of(start)
    assert np.isfinite(problem.cost_of(found)) or np.array_equal(found, start)


def test_local_search_needs_options_that_meet_at_one_site():
    assert sites_of(sm.AllocationProblem([0, 0], [1, 2], [[1, 0], [1, 0]], [1, 1])) is None
    assert sites_of(sm.AllocationProblem([0, 0], [1, 2], [[1, 1]], [1], [5], [[1, 0]])) is None


@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_solvers_that_fail_or_lie_cost_no_truth(name, monkeypatch):
    """Every solver lies, also where prices come from; the homes alone find the optimum where options meet at one."""
    monkeypatch.setattr(allocation, "solve_linear", PROGRAM_DOUBLES[name])
    for seed in (3, 10, 19, 24):
        problem = meeting_at_one(seed)
        solution, best = sm.solve(problem, time_limit=5.0), brute_force(problem)
        check(problem, solution, best)
        if np.isfinite(best):
            assert solution.objective == pytest.approx(best)
            assert solution.termination == "optimal"


@pytest.mark.parametrize("name", PROGRAM_DOUBLES)
def test_lies_about_programs_never_give_a_choice_that_breaks_a_rule(name, monkeypatch):
    def lies(model, solver, **limits):
        ask = solve_linear if solver is Solver.GLOP else PROGRAM_DOUBLES[name]
        return ask(model, solver, **limits)

    monkeypatch.setattr(allocation, "solve_linear", lies)
    for seed in (3, 8, 15):
        problem = meeting_anywhere(seed)
        solution = sm.solve(problem, time_limit=5.0)
        if solution.chosen is not None:
            assert problem.cost_of(solution.chosen) == solution.objective >= brute_force(problem) - 1e-9
            assert solution.bound <= solution.objective


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_problems_too_large_to_price_are_left_to_programs(seed, monkeypatch):
    monkeypatch.setattr(allocation_knapsacks, "MOST_CELLS", -1)
    monkeypatch.setattr(allocation_search, "MOST_CELLS", -1)
    for draw in (meeting_at_one, meeting_anywhere):
        solution, best = sm.solve(draw(seed), time_limit=20.0), brute_force(draw(seed))
        assert solution.termination == ("infeasible" if np.isinf(best) else "optimal")
        assert solution.objective is None or solution.objective == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize(("step", "costs"), [(4.0, [8, 12, -4]), (1.0, [3, 8, 5]), (0.0, [0.5, 1, 2])])
def test_bounds_are_rounded_up_to_costs_that_can_be(step, costs):
    known = Known(sm.AllocationProblem([0, 0, 0], costs, np.zeros((0, 3)), []), 0.0)
    assert known.step == step
    assert float(known.settle(np.float64(5.0))) == pytest.approx(8.0 if step == 4 else 5.0)
    assert float(known.settle(np.float64(5.01))) == pytest.approx({4.0: 8.0, 1.0: 6.0, 0.0: 5.01}[step])


def test_branching_alone_proves():
    """No dive, no local search, no program: prices at zero and the tree."""
    for seed in range(30):
        problem = meeting_at_one(seed)
        everything = np.ones(len(problem.option_group), dtype=bool)
        homes = Homes(problem, everything)
        part = homes.narrow(everything)
        known = Known(problem, 0.0)
        if part is not None:
            tree = Branching(problem, homes, known.settle, known.offer, lambda known=known: known.cutoff)
            top = climb(homes, problem, part, np.zeros(problem.n_groups), target=50.0, rounds=5, enough=lambda _: False)
            tree.run(part, top, lambda: False)
            assert tree.bound >= known.cutoff
        assert known.cost == pytest.approx(brute_force(problem))
