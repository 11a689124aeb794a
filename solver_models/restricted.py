"""The integer program over some columns, piece by piece: what shares no resource is solved apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from solver_models.backend import Answer, Solver
from solver_models.model import CompactModel, build_compact
from solver_models.runner import IN_PROCESS, SHORTEST, Runner, SolveJob, limit_within
from solver_models.sourcing import SourcingArrays

Ints = NDArray[np.int64]

VARIABLES_PER_SECOND = 5_000
"""Variables of a program for each second it must have: given less, solvers have ended with no bound or long after their
limit."""
LEAST_SHARE = 0.25
"""Share of the time left that any piece may take."""
SMALL_PIECE = 400
"""Columns up to which pieces are put together into one program: many tiny ones cost more to start than to solve."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """What the integer program over some columns gave.

    Parameters
    ----------
    columns
        (n_chosen,) chosen columns, not yet checked; of a piece without an answer those it started from.
    bound
        Claimed lower bound over these columns, a whole cost; None when a piece had none.
    clocked
        True when the clock ended a solver that had neither met the gap nor used up its work.
    """

    columns: Ints
    bound: int | None
    clocked: bool


def solve_restricted(
    arrays: SourcingArrays,
    start: Ints,
    *,
    seconds_left: Callable[[], float],
    relative_gap: float,
    seed: int,
    node_limit: int,
    runner: Runner = IN_PROCESS,
) -> Rounded:
    """Solve the integer program over all columns of a (restricted) problem.

    Parameters
    ----------
    arrays
        The problem; only its columns take part.
    start
        Columns of a feasible choice, all of them in the problem: the solver starts from it, and a piece without an
        answer keeps it.
    seconds_left
        Wall clock left for this.
    relative_gap
        Stop a piece when proven this good.
    seed, node_limit
        Passed to the solver; node_limit 0 = none.
    runner
        Who solves; as many pieces side by side as it has workers.
    """
    chosen: list[Ints] = [np.empty(0, dtype=np.int64)]
    bound: int | None = 0
    clocked = False
    pieces, binding = _pieces(arrays), np.ones(arrays.n_resources, dtype=bool)
    sizes = np.array([piece[arrays.column_order].sum() for piece in pieces])
    smallest_first = np.argsort(sizes, kind="stable")
    for at in range(0, len(pieces), runner.workers):
        if seconds_left() <= SHORTEST:
            rest = np.any([pieces[number] for number in smallest_first[at:].tolist()], axis=0)
            chosen.append(start[rest[arrays.column_order[start]]])
            return Rounded(np.sort(np.concatenate(chosen)), None, True)
        numbers = smallest_first[at : at + runner.workers]
        models = [build_compact(arrays, pieces[number], binding) for number in numbers.tolist()]
        hints = [start[pieces[number][arrays.column_order[start]]] for number in numbers.tolist()]
        # those side by side take as long as the largest; the work that remains is shared by the workers
        largest = int(sizes[numbers[-1]])
        remaining = max(largest, int(sizes[smallest_first[at:]].sum()) / runner.workers, 1)
        left = share_of(seconds_left, max(LEAST_SHARE, largest / remaining))
        answers = _solve_pieces(models, hints, left, relative_gap, seed, node_limit, runner)
        for model, hint, given in zip(models, hints, answers, strict=True):
            # where the clock ended the first solver, it decided that the second was asked
            clocked |= any(not answer.finished and not answer.out_of_work for answer in given)
            values, claimed = given[-1].values, given[-1].bound
            chosen.append(hint if values is None else model.columns[values[: len(model.columns)] > 0.5])
            bound = None if bound is None or not np.isfinite(claimed) else bound + _claimed(claimed, model.scale)
    return Rounded(np.sort(np.concatenate(chosen)), bound, clocked)


def _solve_pieces(
    models: Sequence[CompactModel],
    hints: Sequence[Ints],
    seconds_left: Callable[[], float],
    relative_gap: float,
    seed: int,
    node_limit: int,
    runner: Runner,
) -> list[list[Answer]]:
    """HiGHS first; where it gives nothing and time is left, SCIP, which is slower but does not lose its incumbent."""
    answers: list[list[Answer]] = [[] for _ in models]
    waiting = list(range(len(models)))
    for solver in (Solver.HIGHS, Solver.SCIP):
        seconds = seconds_left()
        jobs = [
            SolveJob(
                models[number].linear,
                solver,
                limit_within(models[number].linear, seconds),
                relative_gap,
                seed,
                node_limit,
                hint_values(models[number], hints[number]),
            )
            for number in waiting
        ]
        for number, answer in zip(waiting, runner.run(jobs), strict=True):
            answers[number].append(answer)
        seconds = seconds_left()
        waiting = [
            number
            for number in waiting
            if answers[number][-1].values is None and seconds >= seconds_needed(len(models[number].linear.cost))
        ]
        if not waiting:
            break
    return answers


def share_of(seconds_left: Callable[[], float], share: float) -> Callable[[], float]:
    """Return a clock that runs out when a share of the time left has passed.

    Parameters
    ----------
    seconds_left
        Wall clock left.
    share
        0 to 1.
    """
    kept_back = seconds_left() * (1 - share)
    return lambda: seconds_left() - kept_back


def seconds_needed(variables: int) -> float:
    """Return the time without which no program of a size is begun.

    Parameters
    ----------
    variables
        Of the program: its columns and `other_variables`.
    """
    return max(SHORTEST, variables / VARIABLES_PER_SECOND)


def other_variables(arrays: SourcingArrays) -> int:
    """Return how many variables programs have beside columns, about: lines that wait, orders that are short or split.

    Parameters
    ----------
    arrays
        The problem.
    """
    return sum(len(group.orders) * (len(group.lattice.quantities) + 2) for group in arrays.groups)


def hint_values(model: CompactModel, columns: Ints) -> NDArray[np.float64]:
    """Turn a choice into values of a model's columns; the other variables follow and stay NaN.

    Parameters
    ----------
    model
        The model.
    columns
        Column numbers of the choice, all of them in the model.

    Returns
    -------
    ndarray, shape (n_variables,), float64
    """
    values = np.full(len(model.linear.cost), np.nan)
    values[: len(model.columns)] = 0.0
    values[np.searchsorted(model.columns, columns)] = 1.0
    return values


def _claimed(bound: float, scale: float) -> int:
    """Turn a solver's bound into a whole cost: costs are integers, so it may be rounded up, less its own rounding."""
    exact = bound * scale
    return int(np.ceil(exact - 1e-10 * abs(exact) - 1e-3))


def _pieces(arrays: SourcingArrays) -> list[NDArray[np.bool_]]:
    """Split orders into sets that share no resource that could bind and no node that costs something to open."""
    usage = arrays.usage.tocoo()
    binding = arrays.potential() > arrays.capacity
    kept = binding[usage.row]
    opening = np.flatnonzero(arrays.opening[arrays.column_node] > 0)
    order = np.r_[arrays.column_order[usage.col[kept]], arrays.column_order[opening]]
    shared = np.r_[usage.row[kept], arrays.n_resources + arrays.column_node[opening]]
    size = arrays.n_orders + arrays.n_resources + arrays.n_nodes
    graph = sparse.coo_array((np.ones(len(order)), (order, arrays.n_orders + shared)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    label = label[: arrays.n_orders]
    per_order = np.bincount(arrays.column_order, minlength=arrays.n_orders)
    names, which = np.unique(label, return_inverse=True)
    columns = np.bincount(which, weights=per_order, minlength=len(names))
    pieces, current, held = [], np.zeros(arrays.n_orders, dtype=bool), 0.0
    by_label = np.argsort(which, kind="stable")
    begin = np.searchsorted(which[by_label], np.arange(len(names) + 1))
    for name in np.argsort(columns, kind="stable").tolist():
        members = by_label[begin[name] : begin[name + 1]]
        if held and held + columns[name] > SMALL_PIECE:
            pieces.append(current)
            current, held = np.zeros(arrays.n_orders, dtype=bool), 0.0
        current[members] = True
        held += columns[name]
    return [*pieces, current]
