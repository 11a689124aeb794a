"""Solve a compact sourcing model and read its answer, for tests of the model itself."""

from __future__ import annotations

import numpy as np

from solver_models.backend import Solver, solve_linear
from solver_models.model import build_compact
from solver_models.sourcing import SourcingArrays


def compact_answer(arrays: SourcingArrays, solver: Solver = Solver.HIGHS) -> tuple[np.ndarray, float]:
    """Return the columns the compact model's optimum takes, and its value in cost units."""
    everything = np.ones(arrays.n_orders, dtype=bool)
    model = build_compact(arrays, everything, np.ones(arrays.n_resources, dtype=bool))
    answer = solve_linear(model.linear, solver, time_limit=20.0)
    assert answer.finished, answer
    columns = model.columns[answer.values[: len(model.columns)] > 0.5]
    return columns, float(model.linear.cost @ answer.values) * model.scale
