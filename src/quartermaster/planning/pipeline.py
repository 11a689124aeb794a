"""snapshot -> problem -> candidates -> model -> solution -> plan, each arrow one function in one file."""

from __future__ import annotations

from dataclasses import dataclass

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.decode import PlanTables, decode
from quartermaster.planning.foresight import Foresight, decide_with_foresight, foresees
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
    foresight
        What the stock that it takes is worth to orders still to come; None where nothing was said about them.
    """

    tables: PlanTables
    decision: Decision
    foresight: Foresight | None = None


def plan(
    snapshot: Snapshot,
    policy: Policy,
    watch: Stopwatch,
    runner: Runner = IN_PROCESS,
    stock_prices: StockPrices | None = None,
) -> Draft:
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
    stock_prices
        What stock is worth to orders still to come; None = what the snapshot's forecast makes it worth, if anything.
    """
    with watch.phase("problem"):
        problem = build_problem(snapshot, policy)
    foresight = None
    if policy.strategy == OPTIMAL and foresees(problem, stock_prices):
        decision, foresight = decide_with_foresight(problem, stock_prices, watch, runner)
    elif policy.strategy == OPTIMAL:
        decision = decide_together(problem, watch, runner)
    else:
        decision = _decide_by_rule(problem, watch)
    with watch.phase("decode"):
        tables = decode(problem, decision.sourcing)
    return Draft(tables, decision, foresight)


def _decide_by_rule(problem: PlanningProblem, watch: Stopwatch) -> Decision:
    name = problem.policy.strategy
    with watch.phase(f"rule {name}") as tell:
        result = run_rule(problem, name, lambda: watch.seconds_left() <= 0, lambda _, done: tell(done))
    warnings = (
        () if result.finished else ("the time limit ended the rule; the orders it did not reach are backordered",)
    )
    return Decision(result.sourcing, None, None, None, result.finished, {"inexact": result.inexact_orders}, warnings)
