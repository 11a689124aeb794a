"""The search against the list of all choices, and what it promises on the way."""

from time import monotonic

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing, scaled, with_families
from sourcing_options import best_choice

from solver_models import column_generation, neighbourhoods, programs
from solver_models import search as search_module
from solver_models.backend import Solver, solve_linear
from solver_models.bound import lower_bound
from solver_models.pricing import Pricer
from solver_models.runner import TIMELY, InProcess
from solver_models.search import SearchResult, search
from solver_models.search_state import SearchState
from solver_models.sourcing import INFEASIBLE, SourcingArrays, cost_of

SIZES = [Size(), Size(orders=4, nodes=2, lines=3, units=1), Size(orders=2, nodes=4, lines=1, units=4)]


def run(arrays: SourcingArrays, starts=(), seconds: float = 20.0, **options) -> SearchResult:
    deadline = monotonic() + seconds
    options.setdefault("relative_gap", 0.0)
    return search(arrays, starts, seconds_left=lambda: deadline - monotonic(), **options)


@pytest.mark.parametrize("seed", range(120))
def test_finds_and_proves_the_optimum(seed):
    arrays = random_sourcing(seed, SIZES[seed % len(SIZES)])
    found, best = run(arrays), best_choice(arrays).cost
    assert found.choice.cost == cost_of(arrays, found.choice.columns) == best
    assert found.bound == best
    assert found.price_bound <= best
    assert found.price_bound == lower_bound(arrays, Pricer(arrays), found.prices)
    assert found.contradictions == 0


@pytest.mark.parametrize("seed", range(25))
def test_column_limits_keep_the_bound_valid(seed, monkeypatch):
    """With programs over few columns first, what was left out still counts in the bound."""
    monkeypatch.setattr(programs, "SMALL", 0)
    monkeypatch.setattr(programs, "COLUMNS_PER_ORDER", (1, 2))
    arrays = random_sourcing(seed, Size(orders=4, nodes=3))
    found, best = run(arrays), best_choice(arrays).cost
    assert found.choice.cost == best
    assert found.bound == best


@pytest.mark.parametrize("seed", range(20))
def test_gap_asked_for_is_enough(seed):
    arrays = random_sourcing(seed, Size(orders=4))
    found, best = run(arrays, relative_gap=0.2), best_choice(arrays).cost
    assert best <= found.choice.cost <= best * 1.25 + 1
    assert found.bound <= best
    assert found.choice.cost - found.bound <= 0.2 * found.choice.cost


@pytest.mark.parametrize("seed", range(20))
def test_costs_in_millionths_lose_nothing(seed):
    """The same problems with costs of real size: the choice stays exact, the bound within what doubles leave."""
    small = random_sourcing(seed)
    factor = 1_234_567
    arrays = scaled(small, factor)
    found, best = run(arrays), best_choice(small).cost * factor
    assert found.choice.cost == best
    assert best - max(2, 1e-8 * best) <= found.bound <= best


@pytest.mark.parametrize("seed", range(20))
def test_without_time_the_best_start_comes_back_or_something_better(seed):
    arrays = random_sourcing(seed)
    start = np.array(sorted(best_choice(arrays).columns), dtype=np.int64)
    found = run(arrays, [np.empty(0, dtype=np.int64), start[::-1]], seconds=0.0)
    assert found.choice.cost == best_choice(arrays).cost
    assert found.bound <= found.choice.cost
    without = run(arrays, seconds=0.0)
    assert cost_of(arrays, without.choice.columns) == without.choice.cost < INFEASIBLE
    assert without.bound <= best_choice(arrays).cost


def test_a_start_that_breaks_a_rule_is_not_believed():
    arrays = random_sourcing(5, Size(orders=4))
    assert cost_of(arrays, np.arange(arrays.n_columns)) == INFEASIBLE
    found = run(arrays, [np.arange(arrays.n_columns)])
    assert found.choice.cost == best_choice(arrays).cost


@pytest.mark.parametrize("orders", [[], [Wanted((2, 1), backorder=3, short=4)]])
def test_without_columns_everything_is_backordered(orders):
    found = run(sourcing_problem(orders, []))
    assert found.choice.columns.tolist() == []
    assert found.choice.cost == found.bound == (13 if orders else 0)


def test_a_problem_in_which_waiting_is_impossible_is_refused():
    """Less than nothing of a resource: not even the choice that takes nothing is feasible."""
    arrays = sourcing_problem([Wanted((1,))], [Way(0, 0, (1,), 1)], [Shared(-1, {0: 1})])
    with pytest.raises(ValueError, match="backordering everything must be feasible"):
        run(arrays)


@pytest.mark.parametrize("ample", [True, False])
def test_progress_rises_to_one(ample):
    told: list[float] = []
    run(random_sourcing(2, ample=ample), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_progress_moves_while_neighbourhoods_are_planned_anew(monkeypatch):
    """By the share of their time that has passed."""
    clock, told = [100.0], []

    class Slow(InProcess):
        def run(self, jobs):
            clock[0] -= 1.0
            return super().run(jobs)

    monkeypatch.setattr(search_module, "ORDERS", 1)
    monkeypatch.setattr(programs, "MASTER_ORDERS", 0)
    monkeypatch.setattr(column_generation, "MASTER_ORDERS", 0)
    monkeypatch.setattr(neighbourhoods, "ORDERS", 2)
    arrays = with_families(random_sourcing(0, Size(orders=12)))
    search(arrays, [], seconds_left=lambda: clock[0], relative_gap=0.0, runner=Slow(), progress=told.append)
    between = [share for share in told if 0.3 < share < 0.7]
    assert len(set(between)) > 2
    assert told == sorted(told)


@pytest.mark.parametrize(("needed", "share"), [(1.0, 0.9), (5.0, 1.0)])
def test_time_that_would_not_do_for_the_next_program_is_not_kept_for_it(needed, share, monkeypatch):
    """Two programs in twenty seconds, of which two are kept for the second."""
    monkeypatch.setattr(programs, "SMALL", 0)
    monkeypatch.setattr(programs, "COLUMNS_PER_ORDER", (3,))
    monkeypatch.setattr(programs, "TIME_SHARES", (0.9, 1.0))
    monkeypatch.setattr(programs, "seconds_needed", lambda variables: needed)
    monkeypatch.setattr(SearchState, "close", lambda state, gap: False)
    limits = []

    def noted(model, solver, **given):
        if solver is not Solver.GLOP:
            limits.append(given["time_limit"])
        return solve_linear(model, solver, **given)

    search(random_sourcing(5, Size(orders=4)), [], seconds_left=lambda: 20.0, relative_gap=0.0, runner=InProcess(noted))
    assert limits == pytest.approx([20.0 * share * TIMELY, 20.0 * TIMELY])


@pytest.mark.parametrize("finished", [True, False])
def test_a_floor_that_the_clock_ended_is_the_clocks_doing(finished):
    arrays = random_sourcing(5, Size(orders=4))

    class Floor:
        order = 0

        def floor(self, price=None):
            return 0

        def program_floor(self, price, seed, runner, *, seconds):
            return 0, finished

    assert run(arrays, large=[Floor()]).clocked != finished


@pytest.mark.parametrize("seed", range(10))
def test_the_same_problem_gives_the_same_choice(seed):
    arrays = random_sourcing(seed, Size(orders=4))
    one, two = run(arrays), run(arrays)
    assert one.choice.columns.tolist() == two.choice.columns.tolist()
    assert one.prices.resource.tolist() == two.prices.resource.tolist()
