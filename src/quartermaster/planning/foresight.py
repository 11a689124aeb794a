"""Deciding with tomorrow in mind: the plan of least cost plus what the stock it takes is worth to orders still to come.

The plan without that value comes first. Its bound is the plan's bound whatever is decided, and it says which units can
be served now: unless the policy allows it, the second plan backorders no unit of a line beyond what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quartermaster.domain.certificate import StockPrices
from quartermaster.planning.expected_orders import expected_orders
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.optimum import Decision, credible_bound, decide_together, search_candidates
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import unserved_units
from quartermaster.planning.sourcing import Sourcing
from quartermaster.planning.stock_prices import price_stock, supply_within
from quartermaster.planning.stock_value import StockValue, stock_value_of
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.planning.trim import trim
from quartermaster.planning.value import total_of
from solver_models.runner import IN_PROCESS, Runner

FIRST_SHARE = 0.5
"""Share of the time limit that the plan without stock value may take."""
MOST_CHARGED = 10**15
"""Charge of a whole order for units beyond those spared, at the most, micro: as much as an order may cost."""
REFUSED = "the plan with stock value would have backordered more units; the plan without it stands"
"""Said where stock value decided nothing."""
PRICES_SHARE = 0.5
"""Share of the time left after it that the prices of stock may take."""


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


def foresees(problem: PlanningProblem, stock_prices: StockPrices | None) -> bool:
    """Tell whether stock has a value in a plan.

    Parameters
    ----------
    problem
        The problem.
    stock_prices
        Prices that were brought.
    """
    if stock_prices is not None:
        return True
    return problem.policy.future.horizon_days > 0 and len(problem.snapshot.forecast) > 0


def decide_with_foresight(
    problem: PlanningProblem, stock_prices: StockPrices | None, watch: Stopwatch, runner: Runner = IN_PROCESS
) -> tuple[Decision, Foresight]:
    """Plan all orders together, and once more with the value of the stock they take.

    Parameters
    ----------
    problem
        The problem.
    stock_prices
        What stock is worth; None = what it is worth to the orders that the forecast expects.
    watch
        Time limit and progress.
    runner
        Who solves the programs.

    Returns
    -------
    decision
        The decision; bound, certificate and prices are of the plan without stock value, and hold for every plan.
    foresight
        What it takes, and its bound.
    """
    first = decide_together(problem, watch.part(FIRST_SHARE), runner)
    if stock_prices is not None:
        value, clocked = stock_value_of(problem.snapshot, stock_prices), False
    else:
        with watch.phase("stock prices"):
            value, clocked = _expected_value(problem, watch.part(PRICES_SHARE), runner)
    decision, foresight = _decide_again(problem, first, value, watch, runner)
    return replace(decision, deterministic=decision.deterministic and not clocked), foresight


def _expected_value(problem: PlanningProblem, watch: Stopwatch, runner: Runner) -> tuple[StockValue, bool]:
    """Price stock for the open orders and those that the forecast expects, all together.

    Prices of what a plan leaves would be right for the last unit it takes, and far too high or low for a plan that
    takes much. At the prices of all orders together, the open ones choose as they would were the others here.
    """
    horizon_days = problem.policy.future.horizon_days
    priced = price_stock(
        expected_orders(problem.snapshot, horizon_days, open_once=True),
        problem.policy,
        supply_within(problem.available, problem.snapshot, horizon_days),
        seconds_left=watch.seconds_left,
        runner=runner,
    )
    return priced.value, priced.clocked


def _decide_again(
    problem: PlanningProblem, first: Decision, value: StockValue, watch: Stopwatch, runner: Runner
) -> tuple[Decision, Foresight]:
    """Plan with the value of stock, from the decision without it on."""

    def decision_total(sourcing: Sourcing) -> int:
        return total_of(problem, sourcing) + value.taken(problem.line_sku, sourcing)

    unserved = unserved_units(problem, first.sourcing)
    may_backorder = problem.policy.future.may_backorder
    valued = replace(problem, value=value)
    if not may_backorder:
        # more than a unit is worth itself, and than waiting for it costs. What giving it up may save other orders is
        # not counted, nor are orders too large to list charged: the check below finds what that lets through.
        dearest = int(problem.line_backorder_micro.max(initial=0)) + value.highest
        most_units = int(np.bincount(problem.line_order, problem.line_quantity).max(initial=1))
        dearest = min(dearest, MOST_CHARGED // most_units)
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
    warnings = first.warnings if kept else (*first.warnings, REFUSED)
    decision = replace(
        first,
        warnings=warnings,
        sourcing=sourcing,
        deterministic=first.deterministic and not found.clocked,
        counters=counters,
    )
    return decision, Foresight(value, value.taken(problem.line_sku, sourcing), max(least, bound))
