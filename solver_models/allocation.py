"""Allocation: one option for each group, shared resources, charges paid once. Usable on numpy and scipy alone.

    minimise    sum_j c_j x_j + sum_k f_k y_k
    (1)         sum_{j in group g} x_j = 1                  for each group g
    (2)         sum_j a_rj x_j <= capacity_r                for each resource r
    (4)         sum_{j in g carries k} x_j <= y_k           for each group g and charge k
                x, y binary

The generalised assignment problem, single-source facility location and set-up problems are special cases.
"""

from __future__ import annotations

from time import monotonic

import numpy as np
from scipy import sparse

from solver_models.allocation_problem import AllocationProblem, Solution, Termination
from solver_models.backend import Answer, LinearModel, Solver, solve_linear


def solve(
    problem: AllocationProblem,
    time_limit: float = 60.0,
    relative_gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
) -> Solution:
    """Choose one option of each group at least cost.

    Parameters
    ----------
    problem
        The problem.
    time_limit
        Seconds of wall clock.
    relative_gap
        Stop when proven this good.
    seed, threads
        Passed to the solver.

    Raises
    ------
    ValueError
        If the limits are not >= 0 or threads < 1.
    """
    if time_limit < 0 or relative_gap < 0 or threads < 1:
        raise ValueError("time_limit and relative_gap must be >= 0, threads >= 1")
    if problem.n_groups == 0:
        return Solution(np.empty(0, dtype=np.int64), 0.0, 0.0, 0.0, Termination.OPTIMAL)
    deadline = monotonic() + time_limit
    model = _linear_model(problem)
    best: Solution | None = None
    # A second solver takes over what the first leaves open: statuses are claims, and each solver has lost answers.
    for solver, share in ((Solver.HIGHS, 0.7), (Solver.SCIP, 1.0)):
        left = deadline - monotonic()
        if left <= 0 and best is not None:
            break
        answer = solve_linear(
            model, solver, time_limit=max(left * share, 0.05), relative_gap=relative_gap, seed=seed, threads=threads
        )
        best = _better(problem, best, answer, relative_gap)
        if best.termination is Termination.OPTIMAL:
            break
    assert best is not None  # noqa: S101 - the loop always runs once
    return best


def _better(problem: AllocationProblem, known: Solution | None, answer: Answer, relative_gap: float) -> Solution:
    """Check an answer exactly and keep the better of it and what is known."""
    bound = max(answer.bound if np.isfinite(answer.bound) else -np.inf, known.bound if known else -np.inf)
    chosen = known.chosen if known else None
    objective = known.objective if known and known.objective is not None else np.inf
    if answer.values is not None:
        values = answer.values[: len(problem.option_group)]
        order = np.lexsort((-values, problem.option_group))
        first = np.r_[True, np.diff(problem.option_group[order]) != 0]
        rounded = order[first]
        cost = problem.cost_of(rounded)
        if cost < objective:
            chosen, objective = rounded, cost
    if chosen is None:
        impossible = answer.infeasible or (known is not None and known.termination is Termination.INFEASIBLE)
        return Solution(None, None, bound, None, Termination.INFEASIBLE if impossible else Termination.NO_SOLUTION)
    # A bound above a feasible cost is a contradiction: it is worth no more than the cost, within rounding of doubles.
    if bound > objective + 1e-6 * max(1.0, abs(objective)):
        bound = -np.inf
    bound = min(bound, objective)
    gap = (objective - bound) / max(abs(objective), 1e-9)
    proven = gap <= relative_gap + 1e-9
    return Solution(chosen, objective, bound, gap, Termination.OPTIMAL if proven else Termination.FEASIBLE)


def _linear_model(problem: AllocationProblem) -> LinearModel:
    n_options, n_charges = len(problem.option_group), len(problem.charge_cost)
    one_each = sparse.csr_array(
        (np.ones(n_options), (problem.option_group, np.arange(n_options))), shape=(problem.n_groups, n_options)
    )
    carried = problem.charges.tocoo()
    pair = carried.row * np.int64(problem.n_groups) + problem.option_group[carried.col]
    links, row = np.unique(pair, return_inverse=True)
    link_options = sparse.csr_array((np.ones(len(row)), (row, carried.col)), shape=(len(links), n_options))
    link_charges = sparse.csr_array(
        (-np.ones(len(links)), (np.arange(len(links)), links // max(problem.n_groups, 1))),
        shape=(len(links), n_charges),
    )
    matrix = sparse.block_array(
        [
            [one_each, sparse.csr_array((problem.n_groups, n_charges))],  # (1)
            [problem.usage, sparse.csr_array((len(problem.capacity), n_charges))],  # (2)
            [link_options, link_charges],  # (4)
        ],
        format="csr",
    )
    n_variables = n_options + n_charges
    return LinearModel(
        cost=np.concatenate([problem.option_cost, problem.charge_cost]),
        lower=np.zeros(n_variables),
        upper=np.ones(n_variables),
        integer=np.ones(n_variables, dtype=bool),
        matrix=matrix,
        row_lower=np.concatenate([np.ones(problem.n_groups), np.full(len(problem.capacity) + len(links), -np.inf)]),
        row_upper=np.concatenate([np.ones(problem.n_groups), problem.capacity, np.zeros(len(links))]),
    )
