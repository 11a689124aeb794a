"""snapshot -> problem -> candidates -> model -> solution -> plan, each arrow one function in one file."""

from __future__ import annotations

from dataclasses import dataclass

from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.decode import PlanTables, decode
from quartermaster.planning.optimum import Decision, decide_together
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.policy import OPTIMAL, Policy
from solver_models.runner import IN_PROCESS, Runner


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A plan before it has been checked by `quartermaster.evaluation`.

    Parameters
    ----------
    tables
        Allocations, shipments, backorders, cost and key figures.
    decision
        What was decided, its bound and what happened.
    """

    tables: PlanTables
    decision: Decision


def plan(snapshot: Snapshot, policy: Policy, watch: Stopwatch, runner: Runner = IN_PROCESS) -> Draft:
    """Plan a snapshot by the policy's strategy.

    Parameters
    ----------
    snapshot
        Checked (see `quartermaster.io.ready`).
    policy
        The policy.
    watch
        Time limit, clock and progress.
    runner
        Who solves the programs of the optimum.
    """
    with watch.phase("problem"):
        problem = build_problem(snapshot, policy)
    if policy.strategy == OPTIMAL:
        decision = decide_together(problem, watch, runner)
    else:
        decision = _decide_by_rule(problem, watch)
    with watch.phase("decode"):
        tables = decode(problem, decision.sourcing)
    return Draft(tables, decision)


def _decide_by_rule(problem: PlanningProblem, watch: Stopwatch) -> Decision:
    name = problem.policy.strategy
    with watch.phase(f"rule {name}") as tell:
        result = run_rule(problem, name, lambda: watch.seconds_left() <= 0, lambda _, done: tell(done))
    warnings = (
        () if result.finished else ("the time limit ended the rule; the orders it did not reach are backordered",)
    )
    return Decision(result.sourcing, None, None, None, result.finished, {"inexact": result.inexact_orders}, warnings)
