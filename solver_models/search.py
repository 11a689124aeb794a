"""The search: prices, then integer programs over more and more columns, always holding a checked choice.

1. Resources that no plan can exhaust are dropped.
2. Prices begin at what scarce families clear at (`clearing`), rise and fall by ascent, and are polished by column
   generation where that pays (`column_generation`); they give a lower bound, and for each column what a plan with it
   must cost above that bound (its excess).
3. Each order takes its best option at these prices while it lasts (`greedy`, `together`), the ones that pay most
   first, and then its best from what is left over (`second_look`); neighbourhoods of orders are planned anew together,
   again and again (`neighbourhoods`).
4. Where the problem is small enough, integer programs over the columns of least excess (`programs`), each larger than
   the one before.
5. Every answer is recomputed exactly (`sourcing.cost_of`); the best one known is what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver_models.binding import binding
from solver_models.bound import Prices, no_prices, priced_columns
from solver_models.column_generation import Priced, lowest, settle_prices
from solver_models.floors import LargeOrder
from solver_models.greedy import take_in_turn
from solver_models.neighbourhoods import ORDERS, Neighbourhoods
from solver_models.programs import Programs
from solver_models.restricted import share_of
from solver_models.runner import IN_PROCESS, Runner
from solver_models.search_state import SearchState
from solver_models.second_look import look_again
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of
from solver_models.together import take_together

Ints = NDArray[np.int64]

MIN_SECONDS = 0.05
"""Time left with which nothing is started any more."""
LARGE_SHARE = 0.3
"""Share of the time left after pricing that is kept for the bound when there are large orders."""
FINE = 0.2
"""Share of a price step that the ascent begins with where prices begin near their end: a whole one loses them again."""
PRICE_SHARE = 0.3
"""Share of the whole time that prices may take."""
TOGETHER = 2_000
"""Orders beyond which the greedy choice is made in rounds: three times as fast, half a percent dearer to begin with."""
NEAR = (1.0, 3.0)
"""Columns that neighbourhoods choose from: excess within so many price steps, in one round of sweeps after another."""
NEAR_COLUMNS = 3
"""Columns of each order that they choose from whatever the excess."""
GOOD_START = 0.5
"""Share of the greedy choice's gap within which neighbourhoods begin at another choice: that of a named rule is often a
little cheaper, but what it wastes is spread over so many orders that they take longer from there."""
IMPROVE_SHARE = 0.4
"""Share of the time left that neighbourhoods may take where integer programs over everything come after them."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """What a search found.

    Parameters
    ----------
    choice
        The best checked choice.
    bound
        Lower bound: the better of the price bound and what the solvers claim.
    price_bound
        L of the prices alone: needs no solver to be believed. 0, never above L, when time ended before pricing.
    prices
        The prices, for the resources of the problem given.
    clocked
        True when the clock, not the work, ended any part of the search.
    contradictions
        Answers that the search found to be untrue; what `runner.examined` found before is not counted here.
    """

    choice: Choice
    bound: int
    price_bound: int
    prices: Prices
    clocked: bool
    contradictions: int


def search(
    arrays: SourcingArrays,
    starts: Sequence[Ints],
    *,
    seconds_left: Callable[[], float],
    relative_gap: float,
    seed: int = 0,
    node_limit: int = 0,
    large: Sequence[LargeOrder] = (),
    runner: Runner = IN_PROCESS,
    progress: Callable[[float], None] | None = None,
) -> SearchResult:
    """Find a good choice and a lower bound.

    Parameters
    ----------
    arrays
        The problem.
    starts
        Feasible choices known (column numbers each); may be empty.
    seconds_left
        Wall clock left; asked often.
    relative_gap
        Stop when (cost - bound) / cost is at most this.
    seed, node_limit
        Passed to solvers; node_limit 0 = none.
    large
        Orders of which only some columns are listed: the bound takes their floors, and no claim that rests on those.
    runner
        Who solves the programs.
    progress
        Told the share of the work done, 0 to 1.
    """
    tell = progress or (lambda share: None)
    total_seconds = max(seconds_left(), 1e-3)
    kept_resources = binding(arrays)
    work = kept_resources.arrays
    best = _best_start(work, starts)
    # passes over all columns ask no clock: none is begun in less time than these first ones took
    seconds = seconds_left()
    least_seconds = max(MIN_SECONDS, total_seconds - seconds)
    if seconds <= least_seconds:
        # no cost is below 0, so that is a bound; prices of zero prove it
        return SearchResult(best, 0, 0, no_prices(arrays), True, 0)
    priced = settle_prices(
        work,
        step=_price_step(work) * (FINE if np.any(kept_resources.begin.resource) else 1.0),
        seconds_left=lambda: seconds_left() - (1 - PRICE_SHARE) * total_seconds,
        seed=seed,
        runner=runner,
        start=kept_resources.begin,
    )
    tell(0.3)
    column_cost = priced_columns(work, priced.prices)
    dearest_first = np.argsort(-priced.order_cost, kind="stable")
    greedy, finished = best, False
    if seconds_left() > least_seconds:
        take = take_together if work.n_orders > TOGETHER else take_in_turn
        greedy = take(work, column_cost, dearest_first)
        greedy, finished = look_again(work, greedy, lambda: seconds_left() <= least_seconds)
    prices = kept_resources.whole(priced.prices)
    price_bound = priced.bound + sum(
        min(0, order.floor(prices.resource) - int(priced.order_cost[order.order])) for order in large
    )
    state = SearchState(best, price_bound, clocked=not (priced.finished and finished))
    state.offer(greedy)
    programs = Programs(work, priced, state, relative_gap=relative_gap, seed=seed, node_limit=node_limit, runner=runner)
    listed_bound = priced.bound + sum(
        min(0, programs.floor(order, prices.resource, seconds_left) - int(priced.order_cost[order.order]))
        for order in large
    )
    state.bound = max(price_bound, listed_bound)
    for_bound = LARGE_SHARE * max(0.0, seconds_left()) if large else 0.0

    def usable() -> float:
        return seconds_left() - for_bound

    if work.n_orders > ORDERS:
        left = share_of(usable, IMPROVE_SHARE) if programs.budgets else usable
        good = state.best.cost - state.bound < GOOD_START * (greedy.cost - state.bound)
        if left() > least_seconds:
            clock = _Clock(left, least_seconds, lambda share: tell(0.3 + 0.4 * share))
            asked = {"relative_gap": relative_gap / 2, "seed": seed, "node_limit": node_limit, "runner": runner}
            _improve(work, priced, column_cost, state.best if good else greedy, state, clock, asked)
        else:
            state.clocked = True
    tell(0.7)
    programs.solve(usable, lambda share: tell(0.7 + 0.3 * share), proving=not large and work.all_listed)
    if large and work.all_listed and not state.close(relative_gap) and seconds_left() > MIN_SECONDS:
        programs.bound_without(large, listed_bound, seconds_left)
    tell(1.0)
    clocked = state.clocked or (not state.close(relative_gap) and seconds_left() <= MIN_SECONDS)
    # a bound above a known cost is withdrawn whole: cut to that cost it would still call the choice optimal
    believed = state.bound <= state.best.cost
    bound, contradictions = state.bound if believed else price_bound, state.contradictions + (not believed)
    return SearchResult(state.best, bound, price_bound, prices, clocked, contradictions)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Time left, the least of it in which a pass over all columns is begun, and whom to tell the share that is done."""

    seconds_left: Callable[[], float]
    least_seconds: float
    tell: Callable[[float], None]


def _improve(
    work: SourcingArrays,
    priced: Priced,
    column_cost: Ints,
    start: Choice,
    state: SearchState,
    clock: _Clock,
    asked: dict[str, Any],
) -> None:
    """Plan neighbourhoods of orders anew, from one start on over near columns, then from the best on over more."""
    unit, total_seconds = _price_step(work), max(clock.seconds_left(), 1e-3)
    rounds = 0

    def moved(_cost: int) -> None:  # by rounds that are over or by time: nobody knows how many sweeps there will be
        clock.tell(min(1.0, max(rounds / len(NEAR), 1 - clock.seconds_left() / total_seconds)))

    for rounds, reach in enumerate(NEAR):
        found = state.best if rounds else start
        near = (priced.excess <= reach * unit) | lowest(work, priced.excess, NEAR_COLUMNS)
        near[found.columns] = True
        numbers = np.flatnonzero(near)
        neighbourhoods = Neighbourhoods(
            work.restricted(near),
            priced.prices,
            priced.order_cost,
            column_cost[numbers],
            asked["runner"],
            seed=asked["seed"],
            node_limit=asked["node_limit"],
        )
        improved = neighbourhoods.improve(
            Choice(np.searchsorted(numbers, found.columns), found.cost),
            seconds_left=clock.seconds_left,
            good_enough=lambda cost: cost - state.bound <= 2 * asked["relative_gap"] * cost,
            relative_gap=asked["relative_gap"],
            progress=moved,
        )
        columns = numbers[improved.choice.columns]
        state.offer(Choice(columns, cost_of(work, columns)))
        state.clocked |= improved.clocked
        if clock.seconds_left() <= clock.least_seconds:
            state.clocked |= reach != NEAR[-1]
            break


def _best_start(arrays: SourcingArrays, starts: Sequence[Ints]) -> Choice:
    nothing = np.empty(0, dtype=np.int64)
    best = Choice(nothing, cost_of(arrays, nothing))
    for columns in starts:
        found = Choice(np.sort(columns), cost_of(arrays, np.sort(columns)))
        best = found if found.cost < best.cost else best
    if best.cost >= INFEASIBLE:
        raise ValueError("backordering everything must be feasible")
    return best


def _price_step(arrays: SourcingArrays) -> float:
    """First step of the price ascent: the size of a typical shipment's cost."""
    return float(np.median(arrays.column_cost)) / 5 if arrays.n_columns else 1.0
