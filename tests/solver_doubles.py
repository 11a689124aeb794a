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


def one_more(answer: Answer) -> Answer:
    """Take one more column than is allowed."""
    if answer.values is None:
        return answer
    values = answer.values.copy()
    values[np.flatnonzero(values < 0.5)[0]] = 1.0
    return replace(answer, values=values)


def with_values(change: Callable[[np.ndarray], np.ndarray]) -> Double:
    """Make a double whose values are changed."""

    def twist(answer: Answer) -> Answer:
        return answer if answer.values is None else replace(answer, values=change(answer.values))

    return twisted(twist)


def raising(error: Exception) -> Double:
    """Make a double that raises."""

    def double(model: LinearModel, solver: Solver, **limits) -> Answer:
        raise error

    return double


def bound_above(share: float) -> Double:
    """Make a double whose bound is above the optimum by a share of it."""

    def twist(answer: Answer) -> Answer:
        cost = answer.bound if answer.objective is None else answer.objective
        return replace(answer, bound=cost * (1 + share))

    return twisted(twist)


LIES: dict[str, Double] = {
    **{name: double for name, double in PROGRAM_DOUBLES.items() if name != "says nothing"},
    "takes one more": twisted(one_more),
    "lacks a variable": with_values(lambda values: values[:-1]),
    "has a variable too many": with_values(lambda values: np.r_[values, 0.0]),
    "has values by rows and columns": with_values(lambda values: values[:, None]),
    "says that its solution costs less": twisted(lambda answer: replace(answer, objective=0.5 * answer.objective)),
    "says that its solution costs NaN": twisted(lambda answer: replace(answer, objective=np.nan)),
    "claims a bound 0.1 % too high": bound_above(1e-3),
    "raises status 99": raising(RuntimeError("unknown status 99")),
    "raises what nobody expects": raising(KeyError("canonical_code")),
    "runs out of memory": raising(MemoryError()),
    "returns nothing at all": lambda *given, **limits: None,
    "returns a text": lambda *given, **limits: "optimal",
    "returns a bound that is no number": twisted(lambda answer: replace(answer, bound=None)),
}
"""What programs say that can be seen to be false: each must be counted. ("Takes nothing" breaks the model, too.)"""
HARMLESS: dict[str, Double] = {
    "0.99999": with_values(lambda values: np.where(values > 0.5, values - 1e-5, values)),
    "a trickle of 1e-5": with_values(lambda values: np.where(values < 0.5, values + 1e-5, values)),
    "a bound above its cost by 1e-10": bound_above(1e-10),
    "no bound": twisted(lambda answer: replace(answer, bound=-np.inf, finished=False)),
}
"""What is no lie: rounding, and answers that claim less than they could."""
