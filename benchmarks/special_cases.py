"""Generated special cases through `AllocationProblem`, and the plain model through each solver under the same limit.

::

    python -m benchmarks.special_cases                                  # every type and size, one seed
    python -m benchmarks.special_cases --types c sscfl --seeds 1 2 3 --limit 20 --out FILE

Each run is a process of its own on one core. The plain model runs on the largest size of each type: constraints (1),
(2) and (4) as they stand, no help of ours. On a busy machine ``--clock processor`` counts our limit in processor
seconds, and gives the plain models three times the wall clock; the results say so. Recipes and their sources are in
`benchmarks.special_instances`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import solver_models as sm
from benchmarks.measure import ROOT, in_own_process, write_results
from benchmarks.special_instances import SIZES, special_case
from solver_models import allocation
from solver_models.allocation_program import linear_model
from solver_models.backend import Solver, solve_linear

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "special_cases.json"
PLAIN = ("highs", "scip", "cp_sat")
"""Solvers of the plain model."""


def run(kind: str, sites: int, jobs: int, seed: int, how: str, limit: float, clock: str = "wall") -> dict[str, Any]:
    """Solve one instance one way.

    Parameters
    ----------
    kind, sites, jobs, seed
        The instance.
    how
        "ours", or one of `PLAIN`.
    limit
        Seconds.
    clock
        "wall" or "processor".
    """
    if clock == "processor":
        allocation.monotonic = time.process_time
        limit = limit if how == "ours" else 3 * limit
    problem = special_case(kind, sites, jobs, seed)
    sm.solve(sm.AllocationProblem([0], [1], [[1]], [1]))  # what importing OR-Tools takes is nobody's time
    wall, cpu = time.perf_counter(), time.process_time()
    if how == "ours":
        solution = sm.solve(problem, time_limit=limit)
        objective, bound, ended = solution.objective, solution.bound, str(solution.termination)
    else:
        objective, bound, ended = _plain(problem, Solver(how), limit)
    gap = None if objective is None or not np.isfinite(bound) else max(0.0, objective - bound) / abs(objective)
    return {
        "objective": objective,
        "bound": bound if np.isfinite(bound) else None,
        "gap": None if gap is None else round(gap, 6),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "termination": ended,
    }


def _plain(problem: sm.AllocationProblem, solver: Solver, limit: float) -> tuple[float | None, float, str]:
    answer = solve_linear(linear_model(problem, tied=False), solver, time_limit=limit)
    bound = answer.bound
    if np.all(problem.option_cost == np.floor(problem.option_cost)) and np.isfinite(bound):
        bound = float(np.ceil(bound - 1e-7 * abs(bound) - 1e-6))  # the same rounding up as ours
    if answer.values is None:
        return None, bound, f"failed: {answer.failure[:120]}" if answer.failure else "no_solution"
    chosen = np.flatnonzero(answer.values[: len(problem.option_group)] > 0.5)
    cost = problem.cost_of(chosen[np.argsort(problem.option_group[chosen], kind="stable")])
    if not np.isfinite(cost):
        return None, bound, "failed: its choice breaks a rule"
    return cost, bound, "optimal" if bound >= cost else "feasible"


def main(arguments: list[str] | None = None) -> None:
    """Run every instance and keep what is done so far.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.special_cases", description=__doc__)
    parser.add_argument("--types", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--limit", type=float, default=20.0, help="seconds of each run")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--largest", action="store_true", help="only the largest size of each type")
    parser.add_argument("--no-plain", action="store_true", help="leave the plain models out")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--one", nargs=5, metavar=("TYPE", "SITES", "JOBS", "SEED", "HOW"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        kind, sites, jobs, seed, how = given.one
        print(json.dumps(run(kind, int(sites), int(jobs), int(seed), how, given.limit, given.clock)))
        return
    instances: list[dict[str, Any]] = []
    print("type          size      seed  how      objective      bound       gap  wall s   cpu s  ended")
    for kind in given.types:
        for size in SIZES[kind][-1:] if given.largest else SIZES[kind]:
            for seed in given.seeds:
                instance = {"type": kind, "sites": size[0], "jobs": size[1], "seed": seed, "runs": {}}
                instances.append(instance)
                ways = ("ours",) if given.no_plain or size != SIZES[kind][-1] else ("ours", *PLAIN)
                for how in ways:
                    one = (kind, str(size[0]), str(size[1]), str(seed), how)
                    limit = ("--limit", str(given.limit), "--clock", given.clock)
                    done = in_own_process("benchmarks.special_cases", *limit, "--one", *one)
                    instance["runs"][how] = done
                    write_results(
                        given.out, {"limit_seconds": given.limit, "clock": given.clock, "instances": instances}
                    )
                    print(_line(kind, size, seed, how, done), flush=True)


def _line(kind: str, size: tuple[int, int], seed: int, how: str, done: dict[str, Any]) -> str:
    gap = "-" if done["gap"] is None else f"{100 * done['gap']:.3f} %"
    return (
        f"{kind:<13} {size[0]:>2} x {size[1]:<4} {seed:>4}  {how:<7} {done['objective'] or '-':>10} "
        f"{done['bound'] or '-':>10} {gap:>9} {done['wall_seconds']:>7} {done['cpu_seconds']:>7}  {done['termination']}"
    )


if __name__ == "__main__":
    main()
