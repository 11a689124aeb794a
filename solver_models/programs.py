"""Integer programs over more and more columns, the ones of least excess first.

Whatever uses a column left out costs at least bound + the least excess left out; so a program over some columns proves
something about the rest too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver_models.column_generation import MASTER_ORDERS, Priced
from solver_models.floors import LargeOrder
from solver_models.restricted import VARIABLES_PER_SECOND, other_variables, seconds_needed, share_of, solve_restricted
from solver_models.runner import SHORTEST, Runner
from solver_models.search_state import SearchState
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of

Ints = NDArray[np.int64]

SMALL = 1_500
"""Columns up to which the first program takes them all."""
COLUMNS_PER_ORDER = (3, 6)
"""Columns an order has on average in the first programs, one after another; the last takes as many as there is time
for. Larger ones between, of 12 and 40, took a third of the time and proved next to nothing."""
LARGEST = 120_000
"""Columns of the largest program: at 145 000 none gave a bound within a minute."""
TIME_SHARES = (0.35, 0.5, 1.0)
"""Share of the time left that each of them may take, the last one all of it."""
CLAIM_TOLERANCE = 1e-9
"""Relative excess of a claimed bound over a known cost that is the solver's rounding, not a lie."""


class Programs:
    """The programs of one search.

    Parameters
    ----------
    work
        The problem.
    priced
        Prices of it.
    state
        What the search knows; programs add to it.
    relative_gap
        Gap at which the search may stop; each program is asked for half of it.
    seed, node_limit, runner
        Passed to solvers, and who solves.
    """

    def __init__(
        self,
        work: SourcingArrays,
        priced: Priced,
        state: SearchState,
        *,
        relative_gap: float,
        seed: int,
        node_limit: int,
        runner: Runner,
    ) -> None:
        self._work, self._priced, self._state, self._gap = work, priced, state, relative_gap
        self._asked: dict[str, Any] = {
            "relative_gap": relative_gap / 2,
            "seed": seed,
            "node_limit": node_limit,
            "runner": runner,
        }
        self._others = other_variables(work)
        counts = [count * work.n_orders for count in COLUMNS_PER_ORDER]
        most = min(work.n_columns, LARGEST)
        some = [count for count in counts if SMALL < count < most]
        self.budgets = [*some, most] if work.n_orders <= MASTER_ORDERS else []
        """Columns that each program takes; none where there are too many orders."""

    def solve(self, seconds_left: Callable[[], float], tell: Callable[[float], None], *, proving: bool) -> None:
        """Solve one after another while there is time and a gap.

        Parameters
        ----------
        seconds_left
            Wall clock left for them.
        tell
            Told the share of them that is done.
        proving
            Whether what they claim about their columns holds for the problem: all are listed, of every order.
        """
        state = self._state
        for number, count in enumerate(self.budgets):
            if state.close(self._gap):
                break
            if number and number == len(self.budgets) - 1:
                # the columns of the best choice come on top
                room = int(seconds_left() * VARIABLES_PER_SECOND) - self._others - len(state.best.columns)
                state.clocked |= room < count
                if room <= self.budgets[number - 1]:
                    break
                count = min(count, room)
            kept, left_out = self._cheapest(self._priced.bound, count)
            needed, share = seconds_needed(int(kept.sum()) + self._others), TIME_SHARES[number - len(self.budgets)]
            left = share_of(seconds_left, share)
            # where what is kept back would not do for the next program, it is this one's
            if left() < needed or (1 - share) * seconds_left() < self._needed(self.budgets[number + 1 :]):
                left = seconds_left
            if left() < needed:
                state.clocked = True
                break
            claimed = self._run(kept, left)
            if claimed is not None and proving:
                state.bound = max(state.bound, min(claimed, self._priced.bound + left_out))
            tell((number + 1) / len(self.budgets))

    def bound_without(self, large: Sequence[LargeOrder], known_bound: int, seconds_left: Callable[[], float]) -> None:
        """Bound the small orders by a program of their own, as if the large ones took nothing, and add their floors.

        A plan that uses a column left out costs at least the known bound + its excess; any other plan costs the small
        orders at least what the program claims.

        Parameters
        ----------
        large
            The large orders.
        known_bound
            Bound that the excess of columns is counted from.
        seconds_left
            Wall clock left.
        """
        work, state = self._work, self._state
        is_large = np.zeros(work.n_orders, dtype=bool)
        is_large[[order.order for order in large]] = True
        room = int(seconds_left() * VARIABLES_PER_SECOND) - self._others
        state.clocked |= room < min(LARGEST, work.n_columns)
        if room <= 0:
            return
        kept, left_out = self._cheapest(known_bound, min(LARGEST, room))
        claimed = self._run(kept & ~is_large[work.column_order], seconds_left)
        if claimed is None:
            return
        nothing = {
            int(order): int(cost)
            for group in work.groups
            for order, cost in zip(group.orders, group.backorder[:, -1], strict=True)
            if is_large[order]
        }
        apart = sum(self.floor(order, None, seconds_left) - nothing[order.order] for order in large)
        state.bound = max(state.bound, min(claimed + apart, known_bound + left_out))

    def floor(self, order: LargeOrder, price: Ints | None, seconds_left: Callable[[], float]) -> int:
        """Return the better of a large order's two floors; the one that needs no solver when time is out.

        Parameters
        ----------
        order
            The order.
        price
            Of the whole problem's resources; None = all are free.
        seconds_left
            Wall clock left.
        """
        floor, seconds = order.floor(price), seconds_left()
        if seconds <= SHORTEST:
            self._state.clocked = True
            return floor
        by_program, finished = order.program_floor(price, self._asked["seed"], self._asked["runner"], seconds=seconds)
        self._state.clocked |= not finished
        return max(floor, by_program)

    def _run(self, kept: NDArray[np.bool_], seconds_left: Callable[[], float]) -> int | None:
        """Solve the program over some columns, keep a better choice, return the bound claimed unless it contradicts."""
        work, state = self._work, self._state
        start = state.best.columns[kept[state.best.columns]]
        numbers = np.flatnonzero(kept)
        rounded = solve_restricted(
            work.restricted(kept), np.searchsorted(numbers, start), seconds_left=seconds_left, **self._asked
        )
        columns = numbers[rounded.columns]
        found = Choice(columns, cost_of(work, columns))
        state.contradictions += found.cost >= INFEASIBLE
        state.clocked |= rounded.clocked
        state.offer(found)
        if rounded.bound is None:
            return None
        # a bound above the cost of a choice among these columns is a lie; nothing it says is used
        possible = min(found.cost, state.best.cost if len(start) == len(state.best.columns) else INFEASIBLE)
        if rounded.bound > possible + CLAIM_TOLERANCE * possible:
            state.contradictions += 1
            return None
        return min(rounded.bound, possible)

    def _cheapest(self, bound: int, count: int) -> tuple[NDArray[np.bool_], int]:
        """Mark the columns of least excess and those of the best choice; return also the least excess left out.

        Columns whose every plan costs at least what is known, by the bound given, are of no use.
        """
        excess, best = self._priced.excess, self._state.best
        useful = bound + excess < best.cost
        if useful.sum() > count:
            threshold = int(np.partition(excess, count - 1)[count - 1])
            useful &= excess <= threshold
        useful[best.columns] = True
        left_out = excess[~useful]
        return useful, int(left_out.min()) if len(left_out) else INFEASIBLE

    def _needed(self, budgets: Sequence[int]) -> float:
        """Return the seconds without which the next program is not begun; 0 when there is none."""
        useful = int((self._priced.bound + self._priced.excess < self._state.best.cost).sum())
        return seconds_needed(min(budgets[0], useful) + self._others) if budgets else 0.0
