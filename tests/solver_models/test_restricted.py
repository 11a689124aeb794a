"""The integer program over some columns, piece by piece."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import pytest
from solver_doubles import PROGRAM_DOUBLES
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice

from solver_models import restricted
from solver_models.backend import Answer, solve_linear
from solver_models.restricted import Rounded, solve_restricted
from solver_models.runner import IN_PROCESS, SHORTEST, InProcess, Recorded, Runner, SolveJob, overrun
from solver_models.sourcing import SourcingArrays, cost_of

NOTHING = np.empty(0, dtype=np.int64)


def rounded(arrays: SourcingArrays, start: np.ndarray = NOTHING, runner: Runner = IN_PROCESS) -> Rounded:
    deadline = monotonic() + 20.0
    return solve_restricted(
        arrays,
        start,
        seconds_left=lambda: deadline - monotonic(),
        relative_gap=0.0,
        seed=0,
        node_limit=0,
        runner=runner,
    )


def counting(sizes: list[int]) -> Runner:
    """Note the columns of each program that is solved."""

    def count(model, solver, **limits):
        sizes.append(len(model.cost))
        return solve_linear(model, solver, **limits)

    return InProcess(count)


@pytest.mark.parametrize("seed", range(50))
def test_pieces_add_up_to_the_optimum(seed, monkeypatch):
    monkeypatch.setattr(restricted, "SMALL_PIECE", 0)
    arrays = random_sourcing(seed, Size(orders=4, nodes=3))
    runner = Recorded(IN_PROCESS)
    answer, best = rounded(arrays, runner=runner), best_choice(arrays).cost
    assert cost_of(arrays, answer.columns) == best
    assert answer.bound == best
    assert not answer.clocked
    assert runner.contradictions == runner.failures == []


TWO_PAIRS = (
    [Wanted((1,))] * 4,
    [Way(order, node, (1,), 10 + node) for order in range(4) for node in (0, 1)],
)


@pytest.mark.parametrize(
    ("shared", "opening", "programs"),
    [
        pytest.param([], (0, 0), 4, id="nothing shared"),
        pytest.param([Shared(9, {0: 1, 2: 1, 4: 1, 6: 1})], (0, 0), 4, id="a resource that cannot bind"),
        pytest.param([Shared(1, {0: 1, 2: 1}), Shared(1, {4: 1, 6: 1})], (0, 0), 2, id="two pairs"),
        pytest.param([Shared(1, {0: 1, 2: 1}), Shared(1, {2: 1, 4: 1})], (0, 0), 2, id="a chain of three"),
        pytest.param([], (0, 7), 1, id="a node that costs something to open"),
    ],
)
def test_orders_are_apart_unless_they_share_what_can_bind(shared, opening, programs, monkeypatch):
    monkeypatch.setattr(restricted, "SMALL_PIECE", 0)
    sizes: list[int] = []
    arrays = sourcing_problem(*TWO_PAIRS, shared, opening=opening)
    answer = rounded(arrays, runner=counting(sizes))
    assert len(sizes) == programs
    assert cost_of(arrays, answer.columns) == best_choice(arrays).cost


def test_small_pieces_are_put_together():
    sizes: list[int] = []
    rounded(sourcing_problem(*TWO_PAIRS), runner=counting(sizes))
    assert len(sizes) == 1


@pytest.mark.parametrize("name", ["says nothing", "dies", "says infeasible"])
def test_without_an_answer_the_start_is_kept(name):
    runner = Recorded(InProcess(PROGRAM_DOUBLES[name]))
    answer = rounded(sourcing_problem(*TWO_PAIRS), np.array([1, 2, 6]), runner)
    assert answer.columns.tolist() == [1, 2, 6]
    assert answer.bound is None
    # of both solvers
    assert len(runner.failures) == (2 if name == "dies" else 0)
    assert len(runner.contradictions) == (2 if name == "says infeasible" else 0)


def test_a_second_solver_takes_over_where_the_first_gives_nothing():
    asked = []

    def one_dies(model, solver, **limits):
        asked.append(solver)
        return PROGRAM_DOUBLES["dies"](model, solver) if len(asked) == 1 else solve_linear(model, solver, **limits)

    arrays = sourcing_problem(*TWO_PAIRS)
    runner = Recorded(InProcess(one_dies))
    answer = rounded(arrays, runner=runner)
    assert len(set(asked)) == 2
    assert len(runner.failures) == 1
    assert cost_of(arrays, answer.columns) == answer.bound == 40


@dataclass
class SideBySide:
    """Says that it has so many workers; notes who was asked with whom, and in what time."""

    workers: int
    batches: list[list[SolveJob]] = field(default_factory=list)

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        self.batches.append(list(jobs))
        return IN_PROCESS.run(jobs)


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_pieces_are_solved_side_by_side_and_give_the_same(seed, workers, monkeypatch):
    monkeypatch.setattr(restricted, "SMALL_PIECE", 0)
    arrays = sourcing_problem(
        [Wanted((1,))] * 7,
        [Way(order, node, (1,), 10 + (seed * order + node) % 5) for order in range(7) for node in (0, 1)],
    )
    runner = SideBySide(workers)
    answer, alone = rounded(arrays, runner=runner), rounded(arrays)
    assert [len(batch) for batch in runner.batches] == [workers] * (7 // workers) + [1] * (7 % workers > 0)
    assert answer.columns.tolist() == alone.columns.tolist()
    assert answer.bound == alone.bound == best_choice(arrays).cost


def test_only_the_piece_without_an_answer_goes_to_the_second_solver(monkeypatch):
    monkeypatch.setattr(restricted, "SMALL_PIECE", 0)
    asked = []

    def third_dies(model, solver, **limits):
        asked.append(solver)
        return PROGRAM_DOUBLES["dies"](model, solver) if len(asked) == 3 else solve_linear(model, solver, **limits)

    arrays = sourcing_problem(*TWO_PAIRS)
    runner = SideBySide(4)
    monkeypatch.setattr(runner, "run", InProcess(third_dies).run)
    answer = rounded(arrays, runner=runner)
    assert len(asked) == 5
    assert cost_of(arrays, answer.columns) == answer.bound == 40


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("seconds", "orders"), [(5.0, 40), (100.0, 8)])
def test_all_pieces_end_within_the_time_there_is(seconds, orders, workers, monkeypatch):
    """Each worker is busy to the end of its limit, and longer by what a solver may overrun it."""
    monkeypatch.setattr(restricted, "SMALL_PIECE", 0)
    clock = [seconds]

    class Slow(SideBySide):
        def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
            self.model = jobs[0].model
            clock[0] -= max(job.time_limit + overrun(job.model) for job in jobs)
            return super().run(jobs)

    runner = Slow(workers)
    ways = [Way(order, node, (1,), 10 + node) for order in range(orders) for node in (0, 1)]
    arrays = sourcing_problem([Wanted((1,))] * orders, ways)
    start = 2 * np.arange(orders) + 1
    answer = solve_restricted(
        arrays, start, seconds_left=lambda: clock[0], relative_gap=0.0, seed=0, node_limit=0, runner=runner
    )
    cut = seconds < 100
    assert answer.clocked == cut
    assert answer.bound == (None if cut else 10 * orders)
    assert clock[0] >= -(SHORTEST + overrun(runner.model))
    cost = cost_of(arrays, answer.columns)
    assert 10 * orders < cost < 11 * orders if cut else cost == 10 * orders


def test_without_time_for_it_the_second_solver_is_not_asked():
    clock = [10.0]

    def slow_death(model, solver, **limits):
        clock[0] -= 10.0
        return PROGRAM_DOUBLES["dies"](model, solver)

    runner = Recorded(InProcess(slow_death))
    answer = solve_restricted(
        sourcing_problem(*TWO_PAIRS),
        NOTHING,
        seconds_left=lambda: clock[0],
        relative_gap=0.0,
        seed=0,
        node_limit=0,
        runner=runner,
    )
    assert len(runner.failures) == 1
    assert answer.bound is None
    assert answer.clocked
