"""Stand-ins for `solve_linear` that fail or lie, one for each way that solvers are on record for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from solver_models.backend import Answer, LinearModel, Solver, solve_linear
from solver_models.runner import InProcess, Recorded

Double = Callable[..., Answer]


def doubled(programs: Double = solve_linear, masters: Double = solve_linear) -> Recorded:
    """Make a runner whose integer programs, whose linear masters go to doubles."""

    def by_solver(model: LinearModel, solver: Solver, **limits) -> Answer:
        return (masters if solver is Solver.GLOP else programs)(model, solver, **limits)

    return Recorded(InProcess(by_solver))


def said(values: Callable[[int], np.ndarray] | None, bound: float = -np.inf, **claims) -> Double:
    """Make a double that says the same whatever it is asked."""

    def double(model: LinearModel, solver: Solver, **limits) -> Answer:
        n = len(model.cost)
        claims.setdefault("finished", True)
        return Answer(values=None if values is None else values(n), bound=bound, **claims)

    return double


def twisted(twist: Callable[[Answer], Answer]) -> Double:
    """Make a double that solves the model and then changes the answer."""

    def double(model: LinearModel, solver: Solver, **limits) -> Answer:
        return twist(solve_linear(model, solver, **limits))

    return double


def with_duals(change: Callable[[np.ndarray], np.ndarray]) -> Double:
    """Make a double whose duals are changed."""

    def twist(answer: Answer) -> Answer:
        return answer if answer.row_duals is None else replace(answer, row_duals=change(answer.row_duals))

    return twisted(twist)


def noise(n: int) -> np.ndarray:
    """Values that mean nothing."""
    return np.random.default_rng(n).random(n)


PROGRAM_DOUBLES: dict[str, Double] = {
    "says infeasible": said(None, infeasible=True),
    "says nothing": said(None, finished=False),
    "dies": said(None, finished=False, failure="Check failed: incumbent lost"),
    "dies, but claims a bound": said(None, bound=1e12, finished=False, failure="Check failed"),
    "claims a bound without a solution": said(None, bound=1e12, finished=False),
    "takes everything": said(np.ones, bound=0.0),
    "takes nothing": said(np.zeros, bound=0.0),
    "returns noise": said(noise, bound=0.0),
    "returns NaN": said(lambda n: np.full(n, np.nan), bound=0.0),
    "returns infinity": said(lambda n: np.full(n, np.inf), bound=0.0),
    "claims a bound above its own cost": twisted(lambda answer: replace(answer, bound=1e12)),
    "claims a bound of NaN": twisted(lambda answer: replace(answer, bound=np.nan)),
    "claims a bound of infinity": twisted(lambda answer: replace(answer, bound=np.inf)),
    "calls noise optimal at a high bound": said(noise, bound=1e12),
}

DUAL_DOUBLES: dict[str, Double] = {
    "no duals": twisted(lambda answer: replace(answer, row_duals=None)),
    "duals of the wrong sign": with_duals(lambda duals: -duals),
    "duals of nothing": with_duals(np.zeros_like),
    "duals of noise": with_duals(lambda duals: -1e4 * noise(len(duals))),
    "duals of NaN": with_duals(lambda duals: np.full_like(duals, np.nan)),
    "infinite duals": with_duals(lambda duals: np.full_like(duals, -np.inf)),
    "huge duals": with_duals(lambda duals: np.full_like(duals, -1e17)),
    "a value far too high": twisted(lambda answer: replace(answer, bound=1e15)),
    "a value of NaN": twisted(lambda answer: replace(answer, bound=np.nan)),
}
