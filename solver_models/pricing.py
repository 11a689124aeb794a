"""Per-order pricing: the cheapest option of every order when resources have prices.

Given the cost of each column with its resources' prices added, orders no longer meet: each takes its own cheapest
option. That is a shortest path over the order's lattice of quantity vectors, run for a whole group of orders at once:
first over the pooled nodes (whose columns never gain by being used twice), then over each node that must be watched
(`SourcingArrays.column_once`), used at most once. With every column listed the result is exact; where presolve has
taken columns away a pooled node may be named twice, and the result is a valid lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.sourcing import INFEASIBLE, UNLIMITED, OrderGroup, SourcingArrays, exact_sum

Ints = NDArray[np.int64]

PAIRS_AT_ONCE = 4_000_000
"""Pairs (order, part of a vector) looked at in one go: bounds memory."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupPrices:
    """What the orders of a group cost at given column costs.

    Parameters
    ----------
    best
        (G,): cost of each order's cheapest option.
    stages
        (T, G, V) each, one per stage of the dynamic program, the last being the result: least cost of serving exactly
        vector v in at most t shipments, each paying `extra_shipment`; T = 1 when shipments are unlimited, else
        limit + 1.
    blocks
        Per stage, for each of its runs: shipments of its columns, and (G, V) the least cost of one of them that serves
        exactly vector v, `extra_shipment` of its shipments included.
    """

    best: Ints
    stages: tuple[Ints, ...]
    blocks: tuple[list[tuple[int, Ints]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Columns of one group with one number of shipments, in runs of equal (order, vector), that enter together.

    Parameters
    ----------
    shipments
        Shipments of each of these columns.
    columns
        (m,) column numbers; sorted by run.
    begins
        (n_runs,) where each run begins.
    keys
        (n_runs,) position * V + vector of each run.
    """

    shipments: int
    columns: Ints
    begins: Ints
    keys: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """One step of the dynamic program.

    Parameters
    ----------
    pooled
        True for the first stage, whose columns may be combined with each other; False where each order has the columns
        of one watched node, of which it may use one.
    runs
        Its columns, by number of shipments.
    """

    pooled: bool
    runs: tuple[_Runs, ...]


class GroupPricer:
    """Prices one group of orders; what does not depend on prices is worked out once.

    Parameters
    ----------
    arrays
        The problem.
    group
        One of its groups.
    exact
        False pools every node: faster, and a valid lower bound.
    """

    def __init__(self, arrays: SourcingArrays, group: OrderGroup, *, exact: bool = True) -> None:
        self.group = group
        self.extra = arrays.extra_shipment
        self._shape = (len(group.orders), group.lattice.size)
        where = np.full(arrays.n_orders, -1, dtype=np.int64)
        where[group.orders] = np.arange(len(group.orders))
        self.position = where[arrays.column_order[group.columns]]
        self._vector = arrays.column_vector[group.columns]
        self._shipments = arrays.column_shipments[group.columns]
        once = arrays.column_once[group.columns] & exact
        slot = np.where(once, 1 + _slots(self.position, arrays.column_node[group.columns], once), 0)
        self._stages = [
            _Stage(number == 0, self._split(np.flatnonzero(slot == number)))
            for number in range(slot.max(initial=0) + 1)
        ]

    def _split(self, chosen: Ints) -> tuple[_Runs, ...]:
        """Put some columns of the group (positions from its first) into runs."""
        key = self.position * self.group.lattice.size + self._vector
        runs = []
        for shipments in np.unique(self._shipments[chosen]).tolist():
            same = chosen[self._shipments[chosen] == shipments]
            begins = np.flatnonzero(np.r_[True, np.diff(key[same]) != 0])
            runs.append(_Runs(shipments, self.group.first_column + same, begins, key[same][begins]))
        return tuple(runs)

    def price(self, column_cost: Ints) -> GroupPrices:
        """Find the cheapest option of each order.

        Parameters
        ----------
        column_cost
            (n_columns,) int64: cost of each column of the whole problem, prices included.
        """
        nothing = np.full(self._shape, INFEASIBLE, dtype=np.int64)
        nothing[:, 0] = 0
        limited = self.group.limit < UNLIMITED
        served = np.repeat(nothing[None], self.group.limit + 1 if limited else 1, axis=0)
        stages, blocks = [], []
        for stage in self._stages:
            blocks.append([(run.shipments, self._least(run, column_cost)) for run in stage.runs])
            if stage.pooled and self.group.unlisted is not None:
                # stands for columns without a number: `options` serves with them, and names none
                blocks[-1].append((1, np.minimum(self.group.unlisted + self.extra, INFEASIBLE)))
            served = self._pool(served, blocks[-1]) if stage.pooled else self._watch(served, stage, blocks[-1])
            stages.append(served)
        options = np.minimum(served[-1][:, 1:] - self.extra, INFEASIBLE) + self.group.backorder[:, ::-1][:, 1:]
        best = np.minimum(self.group.backorder[:, -1], options.min(axis=1, initial=INFEASIBLE))
        return GroupPrices(best=best, stages=tuple(stages), blocks=tuple(blocks))

    def _pool(self, nothing: Ints, blocks: list[tuple[int, Ints]]) -> Ints:
        """Serve from pooled columns, any number of them."""
        served = nothing.copy()
        if len(served) == 1:
            if blocks:
                block, table = np.minimum.reduce([table for _, table in blocks]), served[0]
                for whole, part, rest, start in self.group.lattice.levels:
                    sums = np.minimum.reduceat(block[:, part] + table[:, rest], start, axis=1)
                    table[:, whole] = np.minimum(sums, INFEASIBLE)
            return served
        for allowed in range(1, len(served)):
            served[allowed] = served[allowed - 1]
            for used, block in blocks:
                if used <= allowed:
                    before = served[allowed - used]
                    for whole, part, rest, start in self.group.lattice.levels:
                        sums = np.minimum.reduceat(block[:, part] + before[:, rest], start, axis=1)
                        served[allowed][:, whole] = np.minimum(served[allowed][:, whole], sums)
        return served

    def _watch(self, before: Ints, stage: _Stage, blocks: list[tuple[int, Ints]]) -> Ints:
        """Serve from one watched node per order, at most one column of it."""
        part, start = self.group.lattice.parts
        whole = np.repeat(np.arange(self.group.lattice.size), np.diff(start))
        served = before.copy()
        for run, (_, block) in zip(stage.runs, blocks, strict=True):
            for rows in _portions(np.unique(run.keys // self._shape[1]), len(part)):
                for allowed in range(len(served)):
                    left = allowed - run.shipments if len(served) > 1 else 0
                    if left < 0:
                        continue
                    sums = block[rows][:, part] + before[left][rows][:, whole - part]
                    least = np.minimum.reduceat(sums, start[:-1], axis=1)
                    served[allowed][rows] = np.minimum(served[allowed][rows], least)
        return served

    def floors(self, column_cost: Ints, prices: GroupPrices) -> Ints:
        """Find, for each column of the group, the cheapest option of its order that contains the column.

        Parameters
        ----------
        column_cost, prices
            Argument and result of `price`.

        Returns
        -------
        ndarray, shape (group.n_columns,), int64
            A lower bound on the cost of every option with that column.
        """
        served = prices.stages[-1]
        rest = self.group.lattice.size - 1 - self._vector
        left = np.zeros(len(rest), dtype=np.int64) if len(served) == 1 else self.group.limit - self._shipments
        cost = column_cost[self.group.columns] + self.extra * (self._shipments - 1)
        finish = self._complete(served)[np.maximum(left, 0), self.position, rest]
        least: Ints = np.minimum(cost + np.where(left >= 0, finish, INFEASIBLE), INFEASIBLE)
        return least

    def options(self, column_cost: Ints, prices: GroupPrices) -> Ints:
        """Name the columns of each order's cheapest option.

        Parameters
        ----------
        column_cost, prices
            Argument and result of `price`.

        Returns
        -------
        ndarray, shape (n_chosen,), int64
            Column numbers of all orders together.
        """
        whole = self._wholes(prices.stages[-1])
        allowed = np.full(len(whole), len(prices.stages[-1]) - 1)
        chosen: list[Ints] = [np.empty(0, dtype=np.int64)]
        for number in reversed(range(len(self._stages))):
            stage, served, blocks = self._stages[number], prices.stages[number], prices.blocks[number]
            before = served if stage.pooled else prices.stages[number - 1]
            orders = np.flatnonzero(whole)
            while len(orders):
                held = served[allowed[orders], orders, whole[orders]]
                if not stage.pooled:
                    used = held != before[allowed[orders], orders, whole[orders]]
                    orders, held = orders[used], held[used]
                run, part, left = self._undo(orders, whole[orders], allowed[orders], held, before, blocks)
                for at, columns in enumerate(stage.runs):
                    of_run = np.flatnonzero(run == at)
                    keys = orders[of_run] * self._shape[1] + part[of_run]
                    chosen.append(self._cheapest(columns, keys, column_cost))
                whole[orders] -= part
                allowed[orders] = left
                orders = orders[whole[orders] > 0] if stage.pooled else orders[:0]
        return np.concatenate(chosen)

    def _undo(
        self, orders: Ints, whole: Ints, allowed: Ints, target: Ints, before: Ints, blocks: list[tuple[int, Ints]]
    ) -> tuple[Ints, Ints, Ints]:
        """Find the last column of the option of each order: its run, the vector it serves, the shipments left."""
        part, start = self.group.lattice.parts
        count = start[whole + 1] - start[whole] - 1
        begin = np.cumsum(count) - count
        row = np.repeat(np.arange(len(orders)), count)
        parts = part[np.repeat(start[whole] + 1 - begin, count) + np.arange(len(row))]
        order, rest = orders[row], whole[row] - parts
        found, vector, remaining = np.full(len(orders), -1), np.zeros_like(whole), allowed.copy()
        for at, (shipments, block) in enumerate(blocks):
            left = allowed[row] - (shipments if len(before) > 1 else 0)
            cost = block[order, parts] + before[np.maximum(left, 0), order, rest]
            hits = np.flatnonzero((cost == target[row]) & (left >= 0) & (found[row] < 0))
            # of equals the largest part, so that one column is named rather than two of its node
            hits = hits[np.r_[np.diff(row[hits]) != 0, True][: len(hits)]]
            found[row[hits]], vector[row[hits]], remaining[row[hits]] = at, parts[hits], left[hits]
        if np.any(found < 0):
            raise AssertionError("the dynamic program cannot be undone")
        return found, vector, remaining

    def _wholes(self, served: Ints) -> Ints:
        """Return, per order, the vector that its cheapest option serves."""
        cost = np.minimum(served[-1] - self.extra, INFEASIBLE) + self.group.backorder[:, ::-1]
        cost[:, 0] = self.group.backorder[:, -1]
        whole: Ints = np.argmin(cost, axis=1)
        return whole

    def _least(self, run: _Runs, column_cost: Ints) -> Ints:
        """Return (G, V): least cost of one column per order and vector, `extra_shipment` of its shipments included."""
        table = np.full(self._shape[0] * self._shape[1], INFEASIBLE, dtype=np.int64)
        table[run.keys] = np.minimum.reduceat(column_cost[run.columns], run.begins) + run.shipments * self.extra
        return table.reshape(self._shape)

    def _cheapest(self, run: _Runs, keys: Ints, column_cost: Ints) -> Ints:
        """Return the column of least cost of each key; the first of equals."""
        place = np.searchsorted(run.keys, keys)
        begin = run.begins[place]
        length = np.r_[run.begins, len(run.columns)][place + 1] - begin
        first = np.cumsum(length) - length
        columns = run.columns[np.repeat(begin - first, length) + np.arange(int(length.sum()))]
        if not len(keys):
            return columns
        cost = column_cost[columns]
        least = np.repeat(np.minimum.reduceat(cost, first), length)
        at = np.where(cost == least, np.arange(len(cost)), len(cost))
        return columns[np.minimum.reduceat(at, first)]

    def _complete(self, served: Ints) -> Ints:
        """Return (T, G, V): least cost of dealing with exactly vector u, by shipments, backorders or both."""
        part, start = self.group.lattice.parts
        whole = np.repeat(np.arange(self.group.lattice.size), np.diff(start))
        least = np.empty_like(served)
        for rows in _portions(np.arange(self._shape[0]), len(part)):
            backorder = self.group.backorder[rows][:, part]
            for table, finished in zip(served, least, strict=True):
                sums = table[rows][:, whole - part] + backorder
                finished[rows] = np.minimum(np.minimum.reduceat(sums, start[:-1], axis=1), INFEASIBLE)
        return least


def _portions(rows: Ints, pairs: int) -> list[Ints]:
    """Cut rows into portions of `PAIRS_AT_ONCE`, each row having so many pairs."""
    width = max(1, PAIRS_AT_ONCE // pairs)
    return [rows[at : at + width] for at in range(0, len(rows), width)]


def _slots(position: Ints, node: Ints, once: NDArray[np.bool_]) -> Ints:
    """Number the watched nodes of each order 0, 1, …; 0 for columns that need no watching."""
    slot = np.zeros(len(position), dtype=np.int64)
    watched = np.flatnonzero(once)
    if len(watched):
        span = int(node.max()) + 1
        pairs, which = np.unique(position[watched] * span + node[watched], return_inverse=True)
        first = np.searchsorted(pairs // span, pairs // span)
        slot[watched] = (np.arange(len(pairs)) - first)[which]
    return slot


class Pricer:
    """Prices every group of a problem.

    Parameters
    ----------
    arrays
        The problem.
    exact
        False pools every node: faster, and a valid lower bound.
    """

    def __init__(self, arrays: SourcingArrays, *, exact: bool = True) -> None:
        self._n_orders = arrays.n_orders
        self.groups = [GroupPricer(arrays, group, exact=exact) for group in arrays.groups]

    def total(self, column_cost: Ints) -> int:
        """Return the cost of every order's cheapest option, summed.

        Parameters
        ----------
        column_cost
            (n_columns,) int64, prices included.
        """
        return sum(exact_sum(group.price(column_cost).best) for group in self.groups)

    def options(self, column_cost: Ints) -> tuple[Ints, Ints]:
        """Return what each order's cheapest option costs, and the columns of all those options.

        Parameters
        ----------
        column_cost
            (n_columns,) int64, prices included.

        Returns
        -------
        order_cost
            (n_orders,) int64.
        chosen
            (n_chosen,) int64: column numbers. Parts that columns without a number serve are named by none.
        """
        order_cost, chosen = np.zeros(self._n_orders, dtype=np.int64), [np.empty(0, dtype=np.int64)]
        for group in self.groups:
            prices = group.price(column_cost)
            order_cost[group.group.orders] = prices.best
            chosen.append(group.options(column_cost, prices))
        return order_cost, np.concatenate(chosen)

    def excess(self, column_cost: Ints) -> tuple[Ints, Ints]:
        """Return what each order's cheapest option costs, and what each column costs its order above that.

        Parameters
        ----------
        column_cost
            (n_columns,) int64, prices included.

        Returns
        -------
        order_cost
            (n_orders,) int64.
        excess
            (n_columns,) int64 >= 0: least additional cost of any option with the column.
        """
        order_cost = np.zeros(self._n_orders, dtype=np.int64)
        excess = np.zeros(len(column_cost), dtype=np.int64)
        for group in self.groups:
            prices = group.price(column_cost)
            order_cost[group.group.orders] = prices.best
            floors = group.floors(column_cost, prices)
            # The rest beside a column may name the column's own node again, and so fall below the cheapest option.
            excess[group.group.columns] = np.maximum(0, floors - prices.best[group.position])
        return order_cost, excess
