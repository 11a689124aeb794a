"""Deciding with tomorrow in mind: the plan of least cost plus what the stock it takes is worth to orders still to come.

The plan without that value comes first. Its bound is the plan's bound whatever is decided, and it says which units can
be served now: unless the policy allows it, the second plan backorders no unit of a line beyond what the first does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.certificate import StockPrices
from quartermaster.planning.expected_orders import ExpectedOrders, expected_orders
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.merge import merged
from quartermaster.planning.optimum import (
    Decision,
    credible_bound,
    decide_together,
    search_candidates,
    seconds_to_list,
)
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import unserved_units
from quartermaster.planning.sourcing import Sourcing
from quartermaster.planning.stock_prices import price_stock, supply_within
from quartermaster.planning.stock_value import StockValue, stock_value_of
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.planning.trim import trim
from quartermaster.planning.value import total_of
from solver_models.runner import IN_PROCESS, Runner

Ints = NDArray[np.int64]

FIRST_SHARE = 0.5
"""Share of the time limit that the plan without stock value may take."""
MOST_CHARGED = 10**15
"""Charge of a whole order for units beyond those spared, at the most, micro: as much as an order may cost."""
REFUSED = "{} orders are planned as without stock value: with it, they would have been served less"
"""Said where stock value decided nothing."""
UNPRICED = "the time limit left no room to price stock: it counts for nothing in this plan"
"""Said where stock has no value for want of time."""
SEARCH_SHARE = 0.9
"""Share of the time left that searching with stock value may take; the rest is for merging plans."""
MERGE_SECONDS = 0.05
"""What merging two plans may take at the least."""
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
            expected = expected_orders(problem.snapshot, problem.policy.future.horizon_days, open_once=True)
            more = len(expected.snapshot.orders) / max(1, problem.n_orders)
            if watch.seconds_left() < more * seconds_to_list(problem, watch):
                nothing = np.empty(0, dtype=np.int64)
                decision = replace(first, deterministic=False, warnings=(*first.warnings, UNPRICED))
                return decision, Foresight(StockValue(problem.n_nodes, nothing, nothing), 0, first.bound_micro or 0)
            value, clocked = _expected_value(problem, expected, watch.part(PRICES_SHARE), runner)
    decision, foresight = _decide_again(problem, first, value, watch, runner)
    return replace(decision, deterministic=decision.deterministic and not clocked), foresight


def _expected_value(
    problem: PlanningProblem, expected: ExpectedOrders, watch: Stopwatch, runner: Runner
) -> tuple[StockValue, bool]:
    """Price stock for the open orders and those that the forecast expects, all together.

    Prices of what a plan leaves would be right for the last unit it takes, and far too high or low for a plan that
    takes much. At the prices of all orders together, the open ones choose as they would were the others here.
    """
    priced = price_stock(
        expected,
        problem.policy,
        supply_within(problem.available, problem.snapshot, problem.policy.future.horizon_days),
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
    searches = _searches(problem, value, unserved, decision_total(first.sourcing))
    # stock is worth nothing or more, so what bounds the cost bounds cost and stock value together
    sourcing, claimed, certified = first.sourcing, first.bound_micro or 0, first.certified_micro or 0
    contradictions, clocked, refused = 0, False, np.zeros(problem.n_orders, dtype=bool)
    part = watch.part(SEARCH_SHARE)
    for valued in searches:
        if part.seconds_left() <= max(seconds_to_list(problem, watch), watch.seconds["candidates"]):
            clocked = True
            break
        trimmed, constant = trim(valued)
        with watch.phase("candidates with stock value"):
            candidates = list_candidates(trimmed, sourcing)
        with watch.phase("solve with stock value") as tell:
            found = search_candidates(candidates, [sourcing], part, runner, tell)
        second = candidates.sourcing(found.choice.columns)
        claimed, certified = max(claimed, found.bound + constant), max(certified, found.price_bound + constant)
        contradictions, clocked = contradictions + found.contradictions, clocked or found.clocked
        refused = np.zeros(problem.n_orders, dtype=bool)
        if valued.line_spared is not None:
            refused[problem.line_order[unserved_units(problem, second) > unserved]] = True
        if np.any(refused):
            with watch.phase("merge"):
                left = max(MERGE_SECONDS, watch.seconds_left())
                second, proven = merged(problem, value, sourcing, second, refused, left, runner)
            clocked = clocked or not proven
        sourcing = min([sourcing, second], key=decision_total)
        if not np.any(refused):
            break
    bound, withdrawn = credible_bound(claimed, certified, decision_total(sourcing))
    n_refused = int(np.sum(refused))
    decision = replace(
        first,
        warnings=(*first.warnings, *([REFUSED.format(n_refused)] if n_refused else [])),
        sourcing=sourcing,
        deterministic=first.deterministic and not clocked,
        counters={
            **first.counters,
            "solver_contradictions": first.counters.get("solver_contradictions", 0) + contradictions + withdrawn,
            "stock_value_refused": n_refused,
        },
    )
    return decision, Foresight(value, value.taken(problem.line_sku, sourcing), bound)


def _searches(problem: PlanningProblem, value: StockValue, unserved: Ints, known_micro: int) -> list[PlanningProblem]:
    """Say what to search: where no unit may be given up, first with a mild charge on such units, then a forbidding one.

    A mild charge, of what a unit may be worth and what waiting costs, is enough nearly always, and easier to search
    with. It lets through what giving a unit up saves other orders; above the cost of a known plan nothing is.
    """
    valued = replace(problem, value=value)
    if problem.policy.future.may_backorder:
        return [valued]
    mild = int(problem.line_backorder_micro.max(initial=0)) + value.highest
    most_units = int(np.bincount(problem.line_order, problem.line_quantity).max(initial=1))
    charges = [min(charge, MOST_CHARGED // most_units) for charge in (mild, max(mild, known_micro) + 1)]
    return [replace(valued, line_spared=unserved, beyond_micro=charge) for charge in charges]
