"""Allocation: one option for each group, shared resources, charges paid once. Usable on numpy and scipy alone.

    minimise    sum_j c_j x_j + sum_k f_k y_k
    (1)         sum_{j in group g} x_j = 1                  for each group g
    (2)         sum_j a_rj x_j <= capacity_r                for each resource r
    (4)         sum_{j in g carries k} x_j <= y_k           for each group g and charge k
                x, y binary

Small problems are handed to solvers whole, larger ones are searched (`allocation_search`).

The generalised assignment problem, single-source facility location and set-up problems are special cases.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np

from solver_models.allocation_problem import AllocationProblem, Solution, Termination
from solver_models.allocation_program import linear_model
from solver_models.allocation_search import Known, search, take
from solver_models.backend import Answer, LinearModel, Solver, solve_linear

SMALL = 400
"""Options up to which a problem is handed to solvers whole."""


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
        Passed to the solvers; the seed also draws the perturbations of the local search.

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
    known = Known(problem, relative_gap)
    claims: list[bool] = []

    def ask(model: LinearModel, solver: Solver, **limits: Any) -> Answer:
        """Ask a solver: the one place."""
        gap = 0.0 if solver is Solver.GLOP else relative_gap
        return solve_linear(model, solver, relative_gap=gap, seed=seed, threads=threads, **limits)

    possible = True
    if len(problem.option_group) > SMALL:
        possible = search(known, ask, lambda: deadline - monotonic(), np.random.default_rng(seed))
    if possible and known.chosen is None:
        _whole(known, ask, lambda: deadline - monotonic(), claims)
    return _solution(known, possible and not any(claims))


def _whole(known: Known, ask: Any, seconds_left: Any, claims: list[bool]) -> None:
    """Hand the whole problem to solvers.

    A second solver takes over what the first leaves open: statuses are claims, and each solver has lost answers.
    """
    model = linear_model(known.problem)
    for number, (solver, share) in enumerate(((Solver.HIGHS, 0.7), (Solver.SCIP, 1.0))):
        if number and (seconds_left() <= 0 or known.proven):
            return
        answer = ask(model, solver, time_limit=max(seconds_left() * share, 0.05))
        take(known, answer, np.arange(len(known.problem.option_group)))
        claims.append(answer.infeasible)


def _solution(known: Known, possible: bool) -> Solution:
    if known.chosen is None:
        return Solution(None, None, known.bound, None, Termination.NO_SOLUTION if possible else Termination.INFEASIBLE)
    bound = float(min(known.bound, known.cost))
    gap = (known.cost - bound) / max(abs(known.cost), 1e-9)
    proven = known.proven or gap <= known.relative_gap + 1e-9
    return Solution(known.chosen, known.cost, bound, gap, Termination.OPTIMAL if proven else Termination.FEASIBLE)
