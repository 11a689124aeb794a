"""Deciding with tomorrow in mind: the plan of least cost plus what the stock it takes is worth to orders still to come.

The plan without that value comes first. Its bound is the plan's bound whatever is decided, and it says which units can
be served now: unless the policy allows it, the second plan backorders no unit of a line beyond what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quartermaster.planning.listing import list_candidates
from quartermaster.planning.optimum import Decision, credible_bound, search_candidates
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import unserved_units
from quartermaster.planning.sourcing import Sourcing
from quartermaster.planning.stock_value import StockValue
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.planning.trim import trim
from quartermaster.planning.value import total_of
from solver_models.runner import IN_PROCESS, Runner

FIRST_SHARE = 0.5
"""Share of the time limit that the plan without stock value may take."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What a decision takes of stock that has a value, and how good it is known to be with it.

    Parameters
    ----------
    value
        The prices that counted.
    stock_value_micro
        What the units that the decision takes are worth.
    bound_micro
        Lower bound on cost and stock value together, of every plan that backorders no line beyond the plan without
        stock value (of every plan, where the policy lets stock value backorder).
    """

    value: StockValue
    stock_value_micro: int
    bound_micro: int


def decide_with_foresight(
    problem: PlanningProblem, first: Decision, value: StockValue, watch: Stopwatch, runner: Runner = IN_PROCESS
) -> tuple[Decision, Foresight]:
    """Decide once more, with the value of stock.

    Parameters
    ----------
    problem
        The problem, without a value of stock.
    first
        The decision without it.
    value
        What stock is worth.
    watch
        Time limit and progress.
    runner
        Who solves the programs.

    Returns
    -------
    decision
        The decision; bound, certificate and prices are those of `first`, which hold for every plan.
    foresight
        What it takes, and its bound.
    """

    def decision_total(sourcing: Sourcing) -> int:
        return total_of(problem, sourcing) + value.taken(problem.line_sku, sourcing)

    unserved = unserved_units(problem, first.sourcing)
    may_backorder = problem.policy.future.may_backorder
    valued = replace(problem, value=value)
    if not may_backorder:
        # one unit given up can save no more than its line's dearest way to be served, and what it is worth
        dearest = int(problem.line_backorder_micro.max(initial=0)) + value.highest
        valued = replace(valued, line_spared=unserved, beyond_micro=dearest)
    trimmed, constant = trim(valued)
    # stock is worth nothing or more, so what bounds the cost bounds cost and stock value together
    least = first.bound_micro or 0
    if watch.seconds_left() <= 0:
        return replace(first, deterministic=False), Foresight(
            value, value.taken(problem.line_sku, first.sourcing), least
        )
    with watch.phase("candidates with stock value"):
        candidates = list_candidates(trimmed, first.sourcing)
    with watch.phase("solve with stock value") as tell:
        found = search_candidates(candidates, [first.sourcing], watch, runner, tell)
    second = candidates.sourcing(found.choice.columns)
    contradictions = first.counters.get("solver_contradictions", 0) + found.contradictions
    kept = may_backorder or not np.any(unserved_units(problem, second) > unserved)
    sourcing = min([first.sourcing, *([second] if kept else [])], key=decision_total)
    certified = found.price_bound + constant
    bound, withdrawn = credible_bound(found.bound + constant, certified, decision_total(sourcing))
    counters = {
        **first.counters,
        "solver_contradictions": contradictions + withdrawn,
        "stock_value_refused": int(not kept),
    }
    decision = replace(
        first, sourcing=sourcing, deterministic=first.deterministic and not found.clocked, counters=counters
    )
    return decision, Foresight(value, value.taken(problem.line_sku, sourcing), max(least, bound))
