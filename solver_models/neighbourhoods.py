"""Local improvement: orders that want the same scarce resources are planned anew together, all others staying put.

A *neighbourhood* is some hundred orders that meet in contested families of resources. Its integer program takes the
columns of small excess, against what the other orders leave. Neighbourhoods that are solved side by side get disjoint
shares of what nobody holds, so their answers always fit together. Prices say where to look: the gap of a choice is
exactly the sum of what each order pays above its cheapest option and of what priced resources leave unused, so
neighbourhoods that hold none of it are passed over. (Large neighbourhood search: Shaw 1998; here the neighbourhood is
read off the duals.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from solver_models.backend import Solver
from solver_models.bound import Prices
from solver_models.model import build_compact
from solver_models.portion import Portion, Portions
from solver_models.restricted import hint_values
from solver_models.runner import Runner, SolveJob, limit_within
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of, paid_by_order
from solver_models.standing import StandingChoice
from solver_models.together import fitting

Ints = NDArray[np.int64]

ORDERS = 500
"""Orders of a neighbourhood, at the most: larger ones find little more and take longer than two of half their size."""
COLUMNS = 6_000
"""Columns of a neighbourhood, about."""
PROGRAM_SECONDS = 15.0
"""Wall clock that one program may take; typical ones take some tenths."""
TIMELY, MIN_SECONDS = 0.9, 0.5
"""Share of the time left that programs may take, since building them takes some too; and the least of it."""
STALE = 2e-5
"""A sweep that lowers the cost by less than this share counts as stale."""
PATIENCE = 2
"""Stale sweeps in a row after which the improvement ends."""
WORTHWHILE = 0.02
"""Neighbourhoods holding less than this share of the gap of an average one are passed over."""


@dataclass(frozen=True, slots=True, eq=False)
class Improved:
    """What the improvement came to.

    Parameters
    ----------
    choice
        The best choice.
    clocked
        True when the clock ended it, or a program of it.
    """

    choice: Choice
    clocked: bool


class Neighbourhoods:
    """Improves choices of one problem.

    Parameters
    ----------
    arrays
        The problem with the columns that may be chosen: those of small excess.
    prices
        Prices of its resources.
    order_cost
        (n_orders,) cost of each order's cheapest option at these prices.
    column_cost
        (n_columns,) cost with prices, as the options of `order_cost` were compared.
    runner
        Who solves the programs; as many side by side as it has workers.
    seed, node_limit
        Of the partitions, and passed to solvers; node_limit 0 = none.
    """

    def __init__(
        self,
        arrays: SourcingArrays,
        prices: Prices,
        order_cost: Ints,
        column_cost: Ints,
        runner: Runner,
        *,
        seed: int,
        node_limit: int = 0,
    ) -> None:
        self.arrays, self.prices, self.runner = arrays, prices, runner
        self._order_cost, self._column_cost = order_cost, column_cost
        self._seed, self._node_limit = seed, node_limit
        self._portions = Portions(arrays)
        self._room = np.zeros(arrays.n_resources, dtype=np.int64)
        self._order, self._family = self._contested()
        self._clocked = False

    def _contested(self) -> tuple[Ints, Ints]:
        """Return the pairs (order, family) in which resources of a family with a price could serve an order."""
        arrays, priced = self.arrays, self.prices.resource > 0
        family = np.full(arrays.n_resources, -1, dtype=np.int64)
        if arrays.resource_family is not None:
            family = arrays.resource_family
        # a resource without a family is one of its own, but those of nodes would join everybody with everybody
        self._number = np.where(family >= 0, family, family.max(initial=-1) + 1 + np.arange(arrays.n_resources))
        priced &= (family >= 0) | ~np.any(priced & (family >= 0))
        width = int(self._number.max(initial=0)) + 1
        contested = np.zeros(width, dtype=bool)
        contested[self._number[priced]] = True
        taken = arrays.usage.tocoo()
        kept = np.flatnonzero(contested[self._number[taken.row]])
        pairs = np.unique(arrays.column_order[taken.col[kept]] * width + self._number[taken.row[kept]])
        return pairs // width, pairs % width

    def improve(
        self,
        start: Choice,
        *,
        seconds_left: Callable[[], float],
        good_enough: Callable[[int], bool],
        relative_gap: float,
        progress: Callable[[int], None] | None = None,
    ) -> Improved:
        """Improve a choice, sweep by sweep, until sweeps find no more.

        Parameters
        ----------
        start
            A feasible choice of columns of `arrays`.
        seconds_left
            Wall clock left; asked before each program.
        good_enough
            Told a cost; True ends the improvement.
        relative_gap
            Of each program.
        progress
            Told the cost after each program, or so many as are solved side by side.
        """
        rng = np.random.default_rng(self._seed)
        state, stale = StandingChoice(self.arrays, start), 0
        self._clocked = False
        while stale < PATIENCE and not good_enough(state.cost):
            before = state.cost
            if not self._sweep(state, rng, seconds_left, good_enough, relative_gap, progress):
                self._clocked = True
                break
            stale = stale + 1 if before - state.cost <= STALE * before else 0
        return Improved(Choice(state.columns, state.cost), self._clocked)

    def _sweep(
        self,
        state: StandingChoice,
        rng: Generator,
        seconds_left: Callable[[], float],
        good_enough: Callable[[int], bool],
        relative_gap: float,
        progress: Callable[[int], None] | None,
    ) -> bool:
        """Visit every neighbourhood of a new partition that holds any of the gap; False when time ran out."""
        blocks = self._partition(state, rng)
        for at in range(0, len(blocks), self.runner.workers):
            if good_enough(state.cost):
                return True
            seconds = TIMELY * seconds_left()
            if seconds <= MIN_SECONDS:
                return False
            self._solve(state, blocks[at : at + self.runner.workers], rng, seconds, relative_gap)
            if progress is not None:
                progress(state.cost)
        return True

    def _partition(self, state: StandingChoice, rng: Generator) -> list[Ints]:
        """Cut the orders into neighbourhoods, those with the largest share of the gap first."""
        arrays = self.arrays
        waste = self.prices.resource * (arrays.capacity - state.used)
        per_family = np.bincount(self._number, weights=waste.astype(np.float64))
        # what each order pays above its cheapest option: everything it pays, prices included, is known by its columns
        paid = paid_by_order(arrays, state.columns, self._column_cost)
        slack = (paid - self._order_cost).astype(np.float64)
        members = np.bincount(self._family, minlength=len(per_family))
        share = (per_family / np.maximum(members, 1))[self._family]
        gap = slack + np.bincount(self._order, weights=share, minlength=arrays.n_orders)
        # each order goes with one of its contested families, drawn anew each time
        draw = rng.random(len(self._order))
        pick = np.lexsort((draw, self._order))
        pick = pick[np.r_[True, np.diff(self._order[pick]) != 0][: len(pick)]]
        main = np.full(arrays.n_orders, -1, dtype=np.int64)
        main[self._order[pick]] = self._family[pick]
        orders = np.flatnonzero((main >= 0) | (slack > 0))
        # families stay together; those that share orders would be best side by side, but any order of them will do;
        # where one is larger than a neighbourhood, others of it meet each time
        place = rng.permutation(len(per_family) + 1)
        orders = orders[np.lexsort((rng.random(len(orders)), place[main[orders]]))]
        blocks = _cut(orders, np.bincount(arrays.column_order, minlength=arrays.n_orders)[orders])
        held = np.array([gap[block].sum() for block in blocks])
        if not len(held):
            return []
        worth = np.flatnonzero(held > WORTHWHILE * held.mean())
        return [blocks[number] for number in worth[np.argsort(-held[worth], kind="stable")].tolist()]

    def _solve(
        self, state: StandingChoice, blocks: list[Ints], rng: Generator, seconds: float, relative_gap: float
    ) -> None:
        """Plan some disjoint neighbourhoods anew, side by side, and keep what is better."""
        arrays, opens = self.arrays, bool(np.any(self.arrays.opening))
        columns = [np.sort(self._portions.columns_of(block)) for block in blocks]
        touched = [np.unique(arrays.usage[:, own].indices) for own in columns]
        # what nobody holds is shared out among those that could use it, odd units by draw
        names = np.unique(np.concatenate(touched))
        wants = np.array([np.isin(names, own, assume_unique=True) for own in touched])
        sharing, turn = wants.sum(axis=0), np.cumsum(wants, axis=0) - 1
        free, drawn = arrays.capacity[names] - state.used[names], rng.integers(0, len(blocks), len(names))
        portions: list[tuple[Portion, Ints]] = []
        jobs: list[SolveJob] = []
        for number, block in enumerate(blocks):
            mine = state.among(columns[number])
            room = self._room  # only what this neighbourhood touches is looked at
            room[names] = free // sharing + ((turn[number] - drawn) % sharing < free % sharing)
            held = arrays.usage[:, mine].tocoo()
            np.add.at(room, held.row, held.data)
            opening = arrays.opening
            if opens:
                others = state.at_node - np.bincount(arrays.column_node[mine], minlength=arrays.n_nodes)
                opening = np.where(others > 0, 0, opening)
            fits = fitting(arrays, columns[number], room)
            portion = self._portions.cut(block, columns[number][fits], room, opening)
            start = np.searchsorted(portion.columns, mine)
            everything = np.ones(portion.arrays.n_orders, dtype=bool)
            model = build_compact(portion.arrays, everything, np.ones(portion.arrays.n_resources, dtype=bool))
            hint = hint_values(model, start)
            portions.append((portion, start))
            limit = min(PROGRAM_SECONDS, limit_within(model.linear, seconds))
            jobs.append(SolveJob(model.linear, Solver.HIGHS, limit, relative_gap, self._seed, self._node_limit, hint))
        for (portion, start), answer in zip(portions, self.runner.run(jobs), strict=True):
            self._clocked |= not answer.finished and not answer.out_of_work
            if answer.values is not None:
                chosen = np.flatnonzero(answer.values[: portion.arrays.n_columns] > 0.5)
                self._take(state, portion, start, chosen)

    def _take(self, state: StandingChoice, portion: Portion, start: Ints, chosen: Ints) -> None:
        """Put one neighbourhood's new columns in place of its old ones where that is cheaper."""
        # a node that another neighbourhood was to keep open may have closed meanwhile: opening is counted here
        own = replace(portion.arrays, opening=np.zeros_like(portion.arrays.opening))
        before, after = cost_of(own, start), cost_of(own, chosen)
        old, new = portion.columns[start], portion.columns[chosen]
        gain = before - after - state.opening_cost(old, new)
        if after < INFEASIBLE and gain > 0:
            state.exchange(old, new, gain)


def _cut(orders: Ints, count: Ints) -> list[Ints]:
    """Cut a sequence of orders, each with so many columns, where a neighbourhood is full."""
    total, cuts = np.r_[0, np.cumsum(count)], [0]
    while cuts[-1] < len(orders):
        within = int(np.searchsorted(total, total[cuts[-1]] + COLUMNS, side="right")) - 1
        cuts.append(min(max(cuts[-1] + 1, within), cuts[-1] + ORDERS, len(orders)))
    return [orders[begin:end] for begin, end in pairwise(cuts)]
