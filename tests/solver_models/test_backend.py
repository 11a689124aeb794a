"""The one door to OR-Tools: known answers, and every failure as an answer without values."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from ortools.math_opt.python import mathopt
from scipy import sparse

from solver_models.backend import LinearModel, Solver, solve_linear

PROGRAM_SOLVERS = [Solver.HIGHS, Solver.SCIP, Solver.CP_SAT]


def knapsack(*, integer: bool = True, fits: float = 10.0, at_least: float = -np.inf) -> LinearModel:
    """Worth 10, 13, 7 at weights 4, 6, 5 into 10: the first two (23); relaxed too, since they fill it."""
    return LinearModel(
        cost=np.array([-10.0, -13.0, -7.0]),
        lower=np.zeros(3),
        upper=np.ones(3),
        integer=np.full(3, integer),
        matrix=sparse.csr_array(np.array([[4.0, 6.0, 5.0]])),
        row_lower=np.array([at_least]),
        row_upper=np.array([fits]),
    )


@pytest.mark.parametrize("solver", PROGRAM_SOLVERS)
@pytest.mark.parametrize(
    ("fits", "value", "taken"), [(10.0, -23, [1, 1, 0]), (9.0, -17, [1, 0, 1]), (3.0, 0, [0, 0, 0])]
)
def test_known_optimum(solver, fits, value, taken):
    answer = solve_linear(knapsack(fits=fits), solver, time_limit=10.0)
    assert np.rint(answer.values).tolist() == taken
    assert answer.bound == pytest.approx(value)
    assert answer.finished
    assert not answer.infeasible
    assert answer.failure == ""
    assert answer.row_duals is None


def test_known_duals():
    """Into 9: the first whole and 5/6 of the second; one more unit of room is worth 13/6."""
    answer = solve_linear(knapsack(integer=False, fits=9.0), Solver.GLOP, time_limit=10.0)
    assert answer.values == pytest.approx([1, 5 / 6, 0])
    assert answer.row_duals == pytest.approx([-13 / 6])
    assert answer.bound == pytest.approx(-10 - 13 * 5 / 6)


def test_a_row_that_does_not_bind_has_a_dual_of_zero():
    """Room for 16 of 15: all of it is taken, and more room is worth nothing."""
    answer = solve_linear(knapsack(integer=False, fits=16.0), Solver.GLOP, time_limit=10.0)
    assert answer.values == pytest.approx([1, 1, 1])
    assert answer.row_duals.tolist() == [0.0]


@pytest.mark.parametrize("solver", [*PROGRAM_SOLVERS, Solver.GLOP])
def test_infeasible_is_said(solver):
    model = knapsack(integer=solver is not Solver.GLOP, fits=30.0, at_least=20.0)
    answer = solve_linear(model, solver, time_limit=10.0)
    assert answer.infeasible
    assert answer.values is None
    assert answer.bound == -np.inf


@pytest.mark.parametrize("solver", PROGRAM_SOLVERS)
def test_a_hint_is_taken_or_ignored_but_never_harmful(solver):
    for hint in ([1.0, 1.0, 0.0], [np.nan, 1.0, np.nan], [1.0, 1.0, 1.0], [np.nan] * 3):
        answer = solve_linear(knapsack(), solver, time_limit=10.0, hint=np.array(hint))
        assert answer.bound == pytest.approx(-23)


@pytest.mark.parametrize("solver", PROGRAM_SOLVERS)
def test_entries_given_twice_add_up(solver):
    twice = sparse.csr_array((np.array([2.0, 2.0, 6.0, 5.0]), np.array([0, 0, 1, 2]), np.array([0, 4])), shape=(1, 3))
    model = knapsack(fits=9.0)
    answer = solve_linear(
        LinearModel(model.cost, model.lower, model.upper, model.integer, twice, model.row_lower, model.row_upper),
        solver,
        time_limit=10.0,
    )
    assert answer.bound == pytest.approx(-17)


def test_a_node_limit_ends_the_search_early():
    rng = np.random.default_rng(1)
    weight = rng.integers(20, 90, (5, 60)).astype(float)
    model = LinearModel(
        -weight.sum(axis=0) - rng.integers(0, 9, 60),
        np.zeros(60),
        np.ones(60),
        np.ones(60, dtype=bool),
        sparse.csr_array(weight),
        np.full(5, -np.inf),
        np.full(5, 900.0),
    )
    answer = solve_linear(model, Solver.HIGHS, time_limit=20.0, work_limit=1)
    assert answer.out_of_work
    assert not answer.finished
    assert answer.failure == ""


class Termination:
    reason = mathopt.TerminationReason.OPTIMAL
    limit = None

    class objective_bounds:  # noqa: N801 - named like MathOpt's field
        dual_bound = float("nan")


@dataclass(frozen=True)
class Numbered:
    """A variable or a row, as MathOpt names them."""

    id: int


class FakeResult:
    """What MathOpt might return on a bad day."""

    termination = Termination()

    def __init__(self, values, duals=None):
        self.values, self.duals = values, duals

    def has_primal_feasible_solution(self):
        return self.values is not None

    def has_dual_feasible_solution(self):
        return self.duals is not None

    def variable_values(self):
        return {Numbered(at): value for at, value in enumerate(self.values)}

    def objective_value(self):
        return 0.0

    def dual_values(self):
        return {Numbered(at): value for at, value in enumerate(self.duals)}


def raising(error: Exception, context: Exception | None = None):
    def double(*given, **named):
        error.__context__ = context
        raise error

    return double


@pytest.mark.parametrize(
    ("error", "context", "text"),
    [
        (RuntimeError("solver broke"), None, "solver broke"),
        (ValueError("bad bound"), None, "bad bound"),
        (AttributeError("no canonical_code"), RuntimeError("INTERNAL: no incumbent"), "INTERNAL: no incumbent"),
    ],
)
def test_an_exception_is_an_answer_with_its_true_text(error, context, text, monkeypatch):
    monkeypatch.setattr(mathopt, "solve", raising(error, context))
    answer = solve_linear(knapsack(), Solver.HIGHS, time_limit=1.0)
    assert answer.values is None
    assert answer.bound == -np.inf
    assert not answer.finished
    assert not answer.infeasible
    assert answer.failure == text


def test_a_model_that_is_refused_is_an_answer_too():
    answer = solve_linear(knapsack(fits=np.nan), Solver.HIGHS, time_limit=1.0)
    assert answer.values is None
    assert answer.failure


@pytest.mark.parametrize("values", [None, [np.nan, 0.0, 1.0], [np.inf, 0.0, 1.0]])
def test_values_that_are_no_numbers_are_no_values(values, monkeypatch):
    monkeypatch.setattr(mathopt, "solve", lambda *given, **named: FakeResult(values))
    answer = solve_linear(knapsack(), Solver.HIGHS, time_limit=1.0)
    assert answer.failure == ""
    assert answer.values is None
    assert answer.bound == -np.inf
    assert not answer.finished


@pytest.mark.parametrize("duals", [None, [np.nan], [-np.inf]])
def test_duals_that_are_no_numbers_are_no_duals(duals, monkeypatch):
    monkeypatch.setattr(mathopt, "solve", lambda *given, **named: FakeResult([0.0, 0.0, 0.0], duals))
    answer = solve_linear(knapsack(integer=False), Solver.GLOP, time_limit=1.0)
    assert answer.failure == ""
    assert answer.row_duals is None
    assert answer.values.tolist() == [0.0, 0.0, 0.0]


def test_importing_the_package_loads_no_solver():
    code = "import sys, solver_models; print([name for name in sys.modules if 'ortools' in name or 'pandas' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
