"""The search: prices, then integer programs over more and more columns, always holding a checked choice.

1. Resources that no plan can exhaust are dropped.
2. Prices begin at what scarce families clear at (`clearing`), rise and fall by ascent, and are polished by column
   generation where that pays (`column_generation`); they give a lower bound, and for each column what a plan with it
   must cost above that bound (its excess).
3. Each order takes its best option at these prices while it lasts (`greedy`, `together`), the ones that pay most
   first, and then its best from what is left over (`second_look`); neighbourhoods of orders are planned anew together,
   again and again (`neighbourhoods`).
4. Where the problem is small enough, integer programs over the columns of least excess (`restricted`), each larger than
   the one before. Whatever uses a column left out costs at least bound + the least excess left out; so a program also
   proves something about the rest.
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
from solver_models.column_generation import MASTER_ORDERS, Priced, lowest, settle_prices
from solver_models.floors import LargeOrder
from solver_models.greedy import take_in_turn
from solver_models.neighbourhoods import ORDERS, Neighbourhoods
from solver_models.restricted import VARIABLES_PER_SECOND, other_variables, seconds_needed, share_of, solve_restricted
from solver_models.runner import IN_PROCESS, Runner
from solver_models.second_look import look_again
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of
from solver_models.together import take_together

Ints = NDArray[np.int64]

SMALL = 1_500
"""Columns up to which the first integer program takes them all."""
COLUMNS_PER_ORDER = (3, 6, 12, 40)
"""Columns an order has on average in the integer programs, one after another; the last program takes them all."""
LARGEST = 120_000
"""Columns beyond which no program is started after the first: at 145 000 none gave a bound within a minute."""
TIME_SHARES = (0.25, 0.3, 0.35, 0.5, 1.0)
"""Share of the time left that each of them may take, the last one all of it."""
MIN_SECONDS = 0.05
"""Time left with which nothing is started any more."""
CLAIM_TOLERANCE = 1e-9
"""Relative excess of a claimed bound over a known cost that is the solver's rounding, not a lie."""
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
    best = _better(best, greedy)
    prices = kept_resources.whole(priced.prices)
    price_bound = priced.bound + sum(
        min(0, order.floor(prices.resource) - int(priced.order_cost[order.order])) for order in large
    )
    state = _State(best, price_bound, 0, not (priced.finished and finished))
    listed_bound = priced.bound + sum(
        min(0, _floor(order, prices.resource, seed, runner, seconds_left, state) - int(priced.order_cost[order.order]))
        for order in large
    )
    state.bound = max(price_bound, listed_bound)
    options = {"relative_gap": relative_gap / 2, "seed": seed, "node_limit": node_limit, "runner": runner}
    for_bound = LARGE_SHARE * max(0.0, seconds_left()) if large else 0.0
    budgets, others = _budgets(work) if work.n_orders <= MASTER_ORDERS else [], other_variables(work)

    def usable() -> float:
        return seconds_left() - for_bound

    if work.n_orders > ORDERS:
        left = share_of(usable, IMPROVE_SHARE) if budgets else usable
        good = best.cost - state.bound < GOOD_START * (greedy.cost - state.bound)
        start = best if good else greedy
        if left() > least_seconds:
            clock = _Clock(left, least_seconds, lambda share: tell(0.3 + 0.4 * share))
            _improve(work, priced, column_cost, start, state, clock, options)
        else:
            state.clocked = True
    tell(0.7)
    for number, count in enumerate(budgets):
        kept, left_out = _cheapest_columns(priced, priced.bound, count, state.best)
        if _close(state.best, state.bound, relative_gap) or (number and kept.sum() > LARGEST):
            break
        needed, share = seconds_needed(int(kept.sum()) + others), TIME_SHARES[number - len(budgets)]
        left = share_of(usable, share)
        # where what is kept back would not do for the next program, it is this one's
        if left() < needed or (1 - share) * usable() < _needed_next(priced, budgets[number + 1 :], others, state):
            left = usable
        if left() < needed:
            state.clocked = True
            break
        claimed = _run(work, kept, state, left, options)
        if claimed is not None and not large and work.all_listed:
            state.bound = max(state.bound, min(claimed, priced.bound + left_out))
        tell(0.7 + 0.3 * (number + 1) / len(budgets))
    if large and work.all_listed and not _close(state.best, state.bound, relative_gap) and seconds_left() > MIN_SECONDS:
        _bound_without_large(work, priced, listed_bound, large, state, seconds_left, options)
    tell(1.0)
    clocked = state.clocked or (not _close(state.best, state.bound, relative_gap) and seconds_left() <= MIN_SECONDS)
    # a bound above a known cost is withdrawn whole: cut to that cost it would still call the choice optimal
    believed = state.bound <= state.best.cost
    bound, contradictions = state.bound if believed else price_bound, state.contradictions + (not believed)
    return SearchResult(state.best, bound, price_bound, prices, clocked, contradictions)


@dataclass(slots=True)
class _State:
    """What a search knows so far."""

    best: Choice
    bound: int
    contradictions: int
    clocked: bool


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
    state: _State,
    clock: _Clock,
    options: dict[str, Any],
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
            options["runner"],
            seed=options["seed"],
            node_limit=options["node_limit"],
        )
        improved = neighbourhoods.improve(
            Choice(np.searchsorted(numbers, found.columns), found.cost),
            seconds_left=clock.seconds_left,
            good_enough=lambda cost: cost - state.bound <= 2 * options["relative_gap"] * cost,
            relative_gap=options["relative_gap"],
            progress=moved,
        )
        columns = numbers[improved.choice.columns]
        state.best = _better(state.best, Choice(columns, cost_of(work, columns)))
        state.clocked |= improved.clocked
        if clock.seconds_left() <= clock.least_seconds:
            state.clocked |= reach != NEAR[-1]
            break


def _run(
    work: SourcingArrays,
    kept: NDArray[np.bool_],
    state: _State,
    seconds_left: Callable[[], float],
    options: dict[str, Any],
) -> int | None:
    """Solve the program over some columns, keep a better choice, return the bound claimed unless it contradicts."""
    start = state.best.columns[kept[state.best.columns]]
    numbers = np.flatnonzero(kept)
    rounded = solve_restricted(
        work.restricted(kept), np.searchsorted(numbers, start), seconds_left=seconds_left, **options
    )
    columns = numbers[rounded.columns]
    found = Choice(columns, cost_of(work, columns))
    state.contradictions += found.cost >= INFEASIBLE
    state.clocked |= rounded.clocked
    state.best = _better(state.best, found)
    if rounded.bound is None:
        return None
    # a bound above the cost of a choice among these columns is a lie; nothing it says is used
    possible = min(found.cost, state.best.cost if len(start) == len(state.best.columns) else INFEASIBLE)
    if rounded.bound > possible + CLAIM_TOLERANCE * possible:
        state.contradictions += 1
        return None
    return min(rounded.bound, possible)


def _bound_without_large(
    work: SourcingArrays,
    priced: Priced,
    known_bound: int,
    large: Sequence[LargeOrder],
    state: _State,
    seconds_left: Callable[[], float],
    options: dict[str, Any],
) -> None:
    """Bound the small orders by a program of their own, as if the large ones took nothing, and add the floors of those.

    A plan that uses a column left out costs at least the known bound + its excess; any other plan costs the small
    orders at least what the program claims.
    """
    is_large = np.zeros(work.n_orders, dtype=bool)
    is_large[[order.order for order in large]] = True
    room = int(seconds_left() * VARIABLES_PER_SECOND) - other_variables(work)
    state.clocked |= room < min(LARGEST, work.n_columns)
    if room <= 0:
        return
    kept, left_out = _cheapest_columns(priced, known_bound, min(LARGEST, room), state.best)
    claimed = _run(work, kept & ~is_large[work.column_order], state, seconds_left, options)
    if claimed is None:
        return
    nothing = {
        int(order): int(cost)
        for group in work.groups
        for order, cost in zip(group.orders, group.backorder[:, -1], strict=True)
        if is_large[order]
    }
    apart = sum(
        _floor(order, None, options["seed"], options["runner"], seconds_left, state) - nothing[order.order]
        for order in large
    )
    state.bound = max(state.bound, min(claimed + apart, known_bound + left_out))


def _floor(
    order: LargeOrder, price: Ints | None, seed: int, runner: Runner, seconds_left: Callable[[], float], state: _State
) -> int:
    """Return the better of a large order's two floors; the one that needs no solver when time is out."""
    floor, seconds = order.floor(price), seconds_left()
    if seconds <= MIN_SECONDS:
        state.clocked = True
        return floor
    by_program, finished = order.program_floor(price, seed, runner, seconds=seconds)
    state.clocked |= not finished
    return max(floor, by_program)


def _best_start(arrays: SourcingArrays, starts: Sequence[Ints]) -> Choice:
    nothing = np.empty(0, dtype=np.int64)
    best = Choice(nothing, cost_of(arrays, nothing))
    for columns in starts:
        best = _better(best, Choice(np.sort(columns), cost_of(arrays, np.sort(columns))))
    if best.cost >= INFEASIBLE:
        raise ValueError("backordering everything must be feasible")
    return best


def _better(known: Choice, new: Choice) -> Choice:
    return new if new.cost < known.cost else known


def _close(best: Choice, bound: int, relative_gap: float) -> bool:
    return best.cost - bound <= relative_gap * best.cost


def _price_step(arrays: SourcingArrays) -> float:
    """First step of the price ascent: the size of a typical shipment's cost."""
    return float(np.median(arrays.column_cost)) / 5 if arrays.n_columns else 1.0


def _budgets(arrays: SourcingArrays) -> list[int]:
    """Return how many columns each integer program takes."""
    counts = [count * arrays.n_orders for count in COLUMNS_PER_ORDER]
    return [count for count in counts if SMALL < count < arrays.n_columns] + [arrays.n_columns]


def _cheapest_columns(priced: Priced, bound: int, count: int, best: Choice) -> tuple[NDArray[np.bool_], int]:
    """Mark the columns of least excess and those of the best choice; return also the least excess left out.

    Columns whose every plan costs at least what is known, by the bound given, are of no use.
    """
    useful = bound + priced.excess < best.cost
    if useful.sum() > count:
        threshold = int(np.partition(priced.excess, count - 1)[count - 1])
        useful &= priced.excess <= threshold
    useful[best.columns] = True
    left_out = priced.excess[~useful]
    return useful, int(left_out.min()) if len(left_out) else INFEASIBLE


def _needed_next(priced: Priced, budgets: Sequence[int], others: int, state: _State) -> float:
    """Return the seconds without which the next program is not begun; 0 when there is none."""
    useful = int((priced.bound + priced.excess < state.best.cost).sum())
    return seconds_needed(min(budgets[0], useful) + others) if budgets else 0.0
