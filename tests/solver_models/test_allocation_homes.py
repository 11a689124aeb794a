"""Limits on the homes used, and neighbourhoods, on problems small enough to list every choice."""

from itertools import product

import numpy as np
import pytest
from allocation_instances import PROBLEMS, meeting_at_one

import solver_models as sm
from solver_models.allocation_knapsacks import Homes, Used
from solver_models.allocation_neighbourhoods import Neighbourhoods
from solver_models.backend import Answer, solve_linear


def placed(problem: sm.AllocationProblem):
    """Homes, the whole part, all choices with their costs, and which homes each uses; part None = nothing feasible."""
    everything = np.ones(len(problem.option_group), dtype=bool)
    homes = Homes(problem, everything)
    options = (np.flatnonzero(problem.option_group == g) for g in range(problem.n_groups))
    choices = np.array(list(product(*options)))
    costs = np.array([problem.cost_of(chosen) for chosen in choices])
    n_homes = homes.place.max() + 1
    used = np.array([np.bincount(homes.place[c] + 1, minlength=n_homes + 1)[1:] > 0 for c in choices])
    return homes, homes.narrow(everything), choices, costs, used


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_limits_on_the_homes_used_give_bounds_that_hold(seed):
    """Of every choice within the limits: L(u) <= its cost, also with what an option or an unused home adds."""
    problem = meeting_at_one(seed)
    homes, part, choices, costs, used = placed(problem)
    if part is None:
        return
    n_homes, rng = used.shape[1], np.random.default_rng(seed)
    feasible = used[np.isfinite(costs)].sum(axis=1)
    assert np.all((part.used.least <= feasible) & (feasible <= part.used.most))
    for _ in range(12):
        least, most = np.sort(rng.integers(1, n_homes + 1, 2))
        limits = Used(rng.random(n_homes) < 0.2, int(least), int(most))
        inside = np.all(used | ~limits.sunk, axis=1) & (used.sum(axis=1) >= least) & (used.sum(axis=1) <= most)
        within = homes.narrow(part.usable, limits)
        if within is None:
            assert np.all(np.isinf(costs[inside]))
            continue
        relaxed = homes.relax(rng.random(problem.n_groups) * 60, within, excesses=True)
        assert relaxed.bound <= costs[inside].min(initial=np.inf) + 1e-6
        for home in range(n_homes):
            assert relaxed.bound + relaxed.shut[home] <= costs[inside & ~used[:, home]].min(initial=np.inf) + 1e-6
        for option in np.flatnonzero(within.usable):
            has = inside & np.any(choices == option, axis=1)
            without = inside & ~has
            assert relaxed.bound + relaxed.excess[option] <= costs[has].min(initial=np.inf) + 1e-6
            assert relaxed.bound + relaxed.needed[option] <= costs[without].min(initial=np.inf) + 1e-6


def test_as_many_homes_as_hold_what_is_asked_for():
    """Five groups ask for 10; homes hold 6, 4, 3 and 3: two do. With the largest gone three do; with 9 left none."""
    group, site = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    usage = np.where(np.arange(4)[:, None] == site, 2, 0)
    carried = (np.arange(4)[:, None] == site).astype(int)
    problem = sm.AllocationProblem(group, np.ones(20), usage, [6, 4, 3, 3], np.ones(4), carried)
    homes = Homes(problem, np.ones(20, dtype=bool))
    assert homes.narrow(np.ones(20, dtype=bool)).used.least == 2
    three = homes.narrow(site != 0)
    assert three.used.least == 3
    assert three.used.sunk.tolist() == [False, True, True, True]  # all that are left
    assert homes.narrow((site != 0) & (site != 1)) is None
    assert homes.narrow(np.ones(20, dtype=bool), Used(np.zeros(4, dtype=bool), 0, 1)) is None


@pytest.mark.parametrize(
    ("price", "least", "most", "bound"),
    [(0, 2, 4, 1 + 2), (0, 3, 4, 1 + 2 + 5), (20, 2, 4, 100 - 52 - 37 - 17 - 10), (20, 2, 2, 100 - 52 - 37)],
)
def test_the_bound_counts_the_cheapest_homes_that_the_limits_allow(price, least, most, bound):
    """Opening costs 5, 1, 2 and 9 for 3, 2, 1 and 1 groups: at price 20 and cost 1 a group brings 19, at 0 nothing."""
    group, site = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    usage = np.where(np.arange(4)[:, None] == site, 2, 0)
    carried = (np.arange(4)[:, None] == site).astype(int)
    problem = sm.AllocationProblem(group, np.ones(20), usage, [6, 4, 3, 3], [5, 1, 2, 9], carried)
    homes = Homes(problem, np.ones(20, dtype=bool))
    part = homes.narrow(np.ones(20, dtype=bool), Used(np.zeros(4, dtype=bool), least, most))
    assert homes.relax(np.full(5, float(price)), part).bound == pytest.approx(bound)


def test_parts_divided_by_homes_hold_every_choice():
    """By how many are used, and by whether one of them is."""
    by_count, by_home, choices_held = 0, 0, 0
    for seed in range(0, 240, 2):
        problem = meeting_at_one(seed)
        homes, part, choices, costs, used = placed(problem)
        rng = np.random.default_rng(seed)
        for _ in range(0 if part is None else 5):
            parts = homes.divide(rng.random(len(part.usable)), part)
            if parts is None:
                continue
            sides = [side for side in parts if side is not None]
            counted = any(side.used.most < part.used.most for side in sides)
            by_count, by_home = by_count + counted, by_home + (not counted)
            held = np.zeros(len(costs), dtype=int)
            for side in sides:
                held += (
                    np.all(side.usable[choices], axis=1)
                    & np.all(used | ~side.used.sunk, axis=1)
                    & (used.sum(axis=1) >= side.used.least)
                    & (used.sum(axis=1) <= side.used.most)
                )
            assert np.all(held[np.isfinite(costs)] == 1), seed
            choices_held += int(np.isfinite(costs).sum())
    assert by_count > 50
    assert by_home > 20
    assert choices_held > 500


def answered(solve=solve_linear):
    def ask(model, solver, **limits):
        return solve(model, solver, **limits)

    return ask


@pytest.mark.parametrize(("draw", "seed"), PROBLEMS)
def test_the_neighbourhood_of_all_groups_holds_the_optimum(draw, seed):
    problem = draw(seed)
    homes, part, choices, costs, _ = placed(problem)
    if not np.isfinite(costs).any():
        return
    dearest = choices[np.argmax(np.where(np.isfinite(costs), costs, -np.inf))]
    rng = np.random.default_rng(seed)
    whole = Neighbourhoods(problem, homes.place, answered(), rng, size=problem.n_groups)
    found = whole.better(dearest, part.usable, 10.0)
    assert problem.cost_of(found) == pytest.approx(costs.min())
    assert np.array_equal(whole.better(dearest, np.zeros(len(homes.place), dtype=bool), 10.0), dearest)


def test_a_neighbourhood_changes_no_more_groups_than_it_says():
    moved, cheaper = 0, 0
    for seed in range(1, 60, 2):
        problem = meeting_at_one(seed)
        homes, part, choices, costs, _ = placed(problem)
        rng = np.random.default_rng(seed)
        for chosen in choices[np.isfinite(costs)][:5]:
            two = Neighbourhoods(problem, homes.place, answered(), rng, size=2)
            found = two.better(chosen, part.usable, 10.0)
            assert (found != chosen).sum() <= 2
            assert problem.cost_of(found) <= problem.cost_of(chosen) + 1e-9
            moved += bool((found != chosen).any())
            cheaper += problem.cost_of(found) < problem.cost_of(chosen) - 1e-9
    assert moved >= 8
    assert cheaper >= 8


def test_a_solver_without_an_answer_leaves_the_choice_and_makes_neighbourhoods_smaller():
    problem = sm.AllocationProblem([0, 0, 1, 1], [1, 2, 3, 4], [[1, 0, 1, 0], [0, 1, 0, 1]], [1, 1])
    homes, part, choices, costs, _ = placed(problem)
    chosen = choices[np.argmax(np.isfinite(costs))]
    silent = answered(lambda *model, **limits: Answer(values=None, bound=-np.inf, finished=False))
    some = Neighbourhoods(problem, homes.place, silent, np.random.default_rng(1), size=40)
    assert np.array_equal(some.better(chosen, part.usable, 1.0), chosen)
    assert some.size < 40
