"""Pricing some orders at a time, and who decides when a solver is asked."""

from time import monotonic

import numpy as np
import pytest
from solver_doubles import PROGRAM_DOUBLES
from sourcing_instances import Size, random_sourcing

from solver_models import pricing
from solver_models.backend import Answer, LinearModel, Solver, solve_linear
from solver_models.pricing import Pricer
from solver_models.restricted import Rounded, solve_restricted
from solver_models.runner import InProcess


@pytest.mark.parametrize("seed", range(20))
def test_portions_of_one_order_change_nothing(seed, monkeypatch):
    arrays = random_sourcing(seed, Size(orders=6, units=3))
    order_cost, excess = Pricer(arrays).excess(arrays.column_cost)
    monkeypatch.setattr(pricing, "PAIRS_AT_ONCE", 1)
    again = Pricer(arrays).excess(arrays.column_cost)
    assert np.array_equal(again[0], order_cost)
    assert np.array_equal(again[1], excess)


def rounded(double) -> Rounded:
    arrays = random_sourcing(13, Size(orders=4))
    deadline = monotonic() + 10.0
    options = {"relative_gap": 0.0, "seed": 0, "node_limit": 0, "runner": InProcess(double)}
    nothing = np.empty(0, dtype=np.int64)
    return solve_restricted(arrays, nothing, seconds_left=lambda: deadline - monotonic(), **options)


def test_a_second_solver_asked_because_the_clock_ended_the_first_is_the_clocks_doing():
    def first_runs_out_of_time(model: LinearModel, solver: Solver, **limits) -> Answer:
        if solver is Solver.HIGHS:
            return PROGRAM_DOUBLES["says nothing"](model, solver, **limits)
        return solve_linear(model, solver, **limits)

    assert not rounded(solve_linear).clocked
    assert rounded(first_runs_out_of_time).clocked
