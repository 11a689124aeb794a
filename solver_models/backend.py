"""Arrays to OR-Tools and back: the only importer of ortools.

A solver's word is never taken: callers round the values, check them exactly against their own model, and treat the
bound as a claim. Anything but a clean answer comes back as "no values", never as an exception.

Source: OR-Tools MathOpt (`ortools.math_opt`), version 9.15. Known traps worked around here: HiGHS through MathOpt
refuses `threads` and may lose its incumbent at the time limit (MathOpt then raises).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # a solver process does without scipy, which takes longer to load than most programs to solve
    from scipy import sparse

Floats = NDArray[np.float64]


class Solver(StrEnum):
    """The solvers used, by what they are good at."""

    HIGHS = "highs"
    """Mixed-integer programs."""
    SCIP = "scip"
    """Mixed-integer programs, second opinion."""
    CP_SAT = "cp_sat"
    """Small integer programs, exact in integer arithmetic."""
    GLOP = "glop"
    """Linear programs, with duals."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """minimise cost x, subject to row_lower <= matrix x <= row_upper, lower <= x <= upper, some x integer.

    Parameters
    ----------
    cost, lower, upper
        (n_variables,) float64.
    integer
        (n_variables,) bool.
    matrix
        (n_rows, n_variables) sparse float64.
    row_lower, row_upper
        (n_rows,) float64; infinite where open.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a solver said.

    Parameters
    ----------
    values
        (n_variables,) float64 of its best solution; None when it gave none.
    bound
        Its claimed lower bound; -inf when it gave none.
    finished
        True when it claims to have met the gap (or, without values, that there is no solution).
    infeasible
        True when it claims that there is no solution.
    row_duals
        (n_rows,) float64 for linear programs; None otherwise.
    failure
        The solver's error text; empty when it answered.
    out_of_work
        True when it stopped at the work limit given, which the clock has no part in.
    objective
        What it says its values cost; None when it does not say.
    contradiction
        What in it could not be true and was taken out; set by `runner.examined`.
    rounded
        True when its values were further from whole numbers than doubles explain; set by `runner.examined`.
    """

    values: Floats | None
    bound: float
    finished: bool
    infeasible: bool = False
    row_duals: Floats | None = None
    failure: str = ""
    out_of_work: bool = False
    objective: float | None = None
    contradiction: str = ""
    rounded: bool = False


def solve_linear(
    model: LinearModel,
    solver: Solver,
    *,
    time_limit: float,
    relative_gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    hint: Floats | None = None,
    work_limit: int = 0,
) -> Answer:
    """Solve a model with one of OR-Tools' solvers.

    Parameters
    ----------
    model
        The model.
    solver
        Which solver.
    time_limit
        Seconds of wall clock.
    relative_gap
        Stop when the claimed gap is at most this.
    seed, threads
        Passed on where the solver takes them.
    hint
        (n_variables,) a feasible point to start from, NaN where the solver is to find the value.
    work_limit
        Nodes (HiGHS, SCIP) or deterministic seconds (CP-SAT) or iterations (GLOP); 0 = none.
    """
    from google.protobuf.message import Error as ProtoError  # type: ignore[import-untyped]
    from ortools.math_opt.python import mathopt

    try:
        built = mathopt.Model.from_model_proto(_proto(model))
        hints = []
        if hint is not None and len(hint):
            known = np.flatnonzero(np.isfinite(hint)).tolist()
            hints.append(
                mathopt.SolutionHint(variable_values={built.get_variable(at): float(hint[at]) for at in known})
            )
        result = mathopt.solve(
            built,
            _solver_type(solver),
            params=_parameters(solver, time_limit, relative_gap, seed, threads, work_limit),
            model_params=mathopt.ModelSolveParameters(
                solution_hints=hints,
                # each value is an object on its way here, which can take longer than the program: only what is read
                variable_values_filter=mathopt.VariableFilter(skip_zero_values=True),
                dual_values_filter=mathopt.LinearConstraintFilter(skip_zero_values=True),
                reduced_costs_filter=mathopt.VariableFilter(filtered_items=()),
            ),
        )
        return _answer(result, model)
    except (AttributeError, ValueError, RuntimeError, TypeError, ProtoError) as error:
        return Answer(values=None, bound=-np.inf, finished=False, failure=str(error.__context__ or error))


def _proto(model: LinearModel) -> Any:
    from ortools.math_opt import model_pb2

    proto = model_pb2.ModelProto()
    n_rows, n_variables = model.matrix.shape
    proto.variables.ids.extend(range(n_variables))
    proto.variables.lower_bounds.extend(model.lower.tolist())
    proto.variables.upper_bounds.extend(model.upper.tolist())
    proto.variables.integers.extend(model.integer.tolist())
    priced = np.flatnonzero(model.cost)
    proto.objective.linear_coefficients.ids.extend(priced.tolist())
    proto.objective.linear_coefficients.values.extend(model.cost[priced].tolist())
    proto.linear_constraints.ids.extend(range(n_rows))
    proto.linear_constraints.lower_bounds.extend(model.row_lower.tolist())
    proto.linear_constraints.upper_bounds.extend(model.row_upper.tolist())
    entries = model.matrix.tocsr()
    entries.sum_duplicates()
    entries.sort_indices()
    rows = np.repeat(np.arange(n_rows), np.diff(entries.indptr))
    proto.linear_constraint_matrix.row_ids.extend(rows.tolist())
    proto.linear_constraint_matrix.column_ids.extend(entries.indices.tolist())
    proto.linear_constraint_matrix.coefficients.extend(entries.data.tolist())
    return proto


def _solver_type(solver: Solver) -> Any:
    from ortools.math_opt.python import mathopt

    return {
        Solver.HIGHS: mathopt.SolverType.HIGHS,
        Solver.SCIP: mathopt.SolverType.GSCIP,
        Solver.CP_SAT: mathopt.SolverType.CP_SAT,
        Solver.GLOP: mathopt.SolverType.GLOP,
    }[solver]


def _parameters(
    solver: Solver, time_limit: float, relative_gap: float, seed: int, threads: int, work_limit: int
) -> Any:
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(time_limit=timedelta(seconds=max(time_limit, 0.01)))
    if solver is not Solver.GLOP:
        parameters.relative_gap_tolerance = relative_gap
        parameters.absolute_gap_tolerance = 0.0
        parameters.random_seed = seed
    if solver is Solver.HIGHS:
        parameters.absolute_gap_tolerance = None
        parameters.highs.double_options["mip_abs_gap"] = 0.0
        parameters.highs.double_options["mip_feasibility_tolerance"] = 1e-9
        parameters.highs.double_options["primal_feasibility_tolerance"] = 1e-9
        parameters.highs.double_options["dual_feasibility_tolerance"] = 1e-9
    # Ctrl-C belongs to the program that calls: a solver that caught it would stop and let the program go on.
    if solver is Solver.SCIP:
        parameters.gscip.bool_params["misc/catchctrlc"] = False
    if solver is Solver.CP_SAT:
        parameters.cp_sat.catch_sigint_signal = False
        parameters.threads = threads
        if work_limit:
            parameters.cp_sat.max_deterministic_time = float(work_limit)
    elif work_limit and solver is Solver.GLOP:
        parameters.iteration_limit = work_limit
    elif work_limit:
        parameters.node_limit = work_limit
    return parameters


def _dense(values: dict[Any, float], size: int) -> Floats:
    """Write values by variable or row, zeros left out, as an array; ids are positions, as `_proto` gave them."""
    filled = np.zeros(size, dtype=np.float64)
    filled[[each.id for each in values]] = list(values.values())
    return filled


def _answer(result: Any, model: LinearModel) -> Answer:
    from ortools.math_opt.python import mathopt

    reason = result.termination.reason
    bound = float(result.termination.objective_bounds.dual_bound)
    if reason is mathopt.TerminationReason.INFEASIBLE:
        return Answer(values=None, bound=-np.inf, finished=True, infeasible=True)
    values, objective = None, None
    if result.has_primal_feasible_solution():
        values = _dense(result.variable_values(), len(model.cost))
        objective = float(result.objective_value())
        if not np.all(np.isfinite(values)):
            values, objective = None, None
    duals = None
    if not np.any(model.integer) and result.has_dual_feasible_solution():
        duals = _dense(result.dual_values(), len(model.row_lower))
        if not np.all(np.isfinite(duals)):
            duals = None
    finished = reason is mathopt.TerminationReason.OPTIMAL and values is not None
    counted = (mathopt.Limit.NODE, mathopt.Limit.ITERATION)
    return Answer(
        values=values,
        bound=bound if np.isfinite(bound) else -np.inf,
        finished=finished,
        row_duals=duals,
        out_of_work=result.termination.limit in counted,
        objective=objective,
    )
