"""What a good modeller would try first: every shipment column in one integer program, given to one solver as it is.

``python -m quartermaster.bench.plain '{"folder": …, "seconds": …, "solver": …, "policy": {…}}'`` lists the columns of
all orders, builds the compact model of `solver_models` over all of them and solves it: no decomposition, no start, no
rounds. Rows that cannot bind are left out, as any presolve would. The time limit is the solver's alone: reading and
listing are not counted. Its answer is rounded and recomputed by `solver_models.sourcing.cost_of`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

import quartermaster as qm
from quartermaster.bench.children import leave_with_parent, tell
from quartermaster.bench.measure import peak_memory_mb, timed
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.sourcing import NOTHING
from quartermaster.planning.trim import trim
from quartermaster.policy import policy_from_mapping
from solver_models.backend import Solver, solve_linear
from solver_models.model import build_compact
from solver_models.sourcing import INFEASIBLE, cost_of

SOLVERS = ("scip", "highs", "cp_sat")
"""The solvers that the plain model is given to."""
MOST_ORDERS = 20_000
"""Orders up to which the plain model is built; above, its size is counted and told."""
OVERTIME = 0.2
"""Share of the limit, beyond it, after which a solver that has not come back is ended."""
ORDERS_AT_ONCE = 5_000


def measure(order: dict[str, Any]) -> None:
    """Build the plain model, solve it, and tell what came of it.

    Parameters
    ----------
    order
        ``folder``, ``seconds``, ``solver`` (one of `SOLVERS`) and ``policy`` (sections of the policy).
    """
    seconds: dict[str, float] = {}
    snapshot = qm.read_snapshot(order["folder"])
    problem, constant = trim(build_problem(snapshot, policy_from_mapping(order["policy"])))
    if problem.n_orders > MOST_ORDERS:
        tell("size", columns=column_count(problem), built=False)
        return
    with timed(seconds, "build"):
        candidates = list_candidates(problem, NOTHING)
        arrays = candidates.arrays
        everyone = np.ones(arrays.n_orders, dtype=bool)
        compact = build_compact(arrays, everyone, arrays.potential() > arrays.capacity)
    rows, variables = compact.linear.matrix.shape
    tell(
        "size",
        columns=arrays.n_columns,
        built=True,
        variables=variables,
        rows=rows,
        nonzeros=int(compact.linear.matrix.nnz),
        build_seconds=seconds["build"],
        memory_mb=peak_memory_mb(),
        # handing the model over to the solver is not its time either, and takes about as long as building it
        allow=(1 + OVERTIME) * order["seconds"] + 1 + seconds["build"],
    )
    with timed(seconds, "solve"):
        answer = solve_linear(compact.linear, Solver(order["solver"]), time_limit=order["seconds"], relative_gap=1e-4)
    found = None
    if answer.values is not None:
        chosen = compact.columns[answer.values[: len(compact.columns)] > 0.5]
        cost = cost_of(arrays, chosen)
        found = None if cost >= INFEASIBLE else cost + constant
    bound = answer.bound * compact.scale + constant if np.isfinite(answer.bound) else None
    tell(
        "answer",
        total=None if found is None else found / 1e6,
        bound=None if bound is None else bound / 1e6,
        finished=answer.finished,
        failure=answer.failure,
        wall_seconds=seconds["solve"],
        cpu_seconds=seconds["solve cpu"],
        peak_memory_mb=peak_memory_mb(),
    )


def column_count(problem: PlanningProblem) -> int:
    """Count the quantity vectors that stock allows, over all orders and nodes: the columns of the plain model.

    Parameters
    ----------
    problem
        The problem; lanes that no service covers are not looked at, so this is a little too many.
    """
    total = 0
    for first in range(0, problem.n_orders, ORDERS_AT_ONCE):
        last = min(first + ORDERS_AT_ONCE, problem.n_orders)
        begins = problem.line_start[first : last + 1]
        lines = np.arange(begins[0], begins[-1])
        if not len(lines):
            continue
        units = np.minimum(problem.available_rows(problem.line_sku[lines]), problem.line_quantity[lines][:, None])
        ways = np.multiply.reduceat(units + 1, begins[:-1][np.diff(begins) > 0] - begins[0], axis=0)
        total += int((ways - 1).sum())
    return total


if __name__ == "__main__":
    leave_with_parent()
    measure(json.loads(sys.argv[1]))
