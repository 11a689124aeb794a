"""Order by order under prices: a feasible choice from any prices, the start and the repair of every search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver_models.lattice import Lattice
from solver_models.sourcing import INFEASIBLE, Choice, OrderGroup, SourcingArrays, cost_of

Ints = NDArray[np.int64]


class _OrderColumns:
    """The columns of each order, found without searching."""

    def __init__(self, arrays: SourcingArrays) -> None:
        order = np.argsort(arrays.column_order, kind="stable")
        self.columns = order
        self.start = np.searchsorted(arrays.column_order[order], np.arange(arrays.n_orders + 1))

    def of(self, order: int) -> Ints:
        """Return the column numbers of an order."""
        return self.columns[self.start[order] : self.start[order + 1]]


def take_in_turn(arrays: SourcingArrays, column_cost: Ints, sequence: Ints) -> Choice:
    """Give each order in turn its cheapest option from what is left.

    Parameters
    ----------
    arrays
        The problem.
    column_cost
        (n_columns,) int64 by which options are compared, prices included; the cost of the choice is the exact one.
    sequence
        (n_orders,) every order once.

    Returns
    -------
    Choice
        Always feasible.
    """
    owned = _OrderColumns(arrays)
    group_of = np.zeros(arrays.n_orders, dtype=np.int64)
    position_of = np.zeros(arrays.n_orders, dtype=np.int64)
    for number, group in enumerate(arrays.groups):
        group_of[group.orders] = number
        position_of[group.orders] = np.arange(len(group.orders))
    left = arrays.capacity.copy()
    opening = arrays.opening.copy()
    indptr, indices = arrays.usage.indptr.astype(np.int64), arrays.usage.indices.astype(np.int64)
    data = arrays.usage.data
    chosen: list[int] = []
    for order in sequence.tolist():
        columns = owned.of(order)
        group = arrays.groups[group_of[order]]
        fits = columns[_fitting(columns, left, indptr, indices, data)]
        option = best_option(arrays, group, int(position_of[order]), fits, column_cost, opening)
        for column in option:
            entries = slice(indptr[column], indptr[column + 1])
            left[indices[entries]] -= data[entries]
            opening[arrays.column_node[column]] = 0
        chosen += option
    columns = np.sort(np.array(chosen, dtype=np.int64))
    return Choice(columns=columns, cost=cost_of(arrays, columns))


def _fitting(columns: Ints, left: Ints, indptr: Ints, indices: Ints, data: Ints) -> NDArray[np.bool_]:
    """Tell which columns still fit into what is left."""
    count = indptr[columns + 1] - indptr[columns]
    owner = np.repeat(np.arange(len(columns)), count)
    entry = np.repeat(indptr[columns] - np.r_[0, np.cumsum(count)[:-1]], count) + np.arange(len(owner))
    fits = np.ones(len(columns), dtype=bool)
    fits[owner[data[entry] > left[indices[entry]]]] = False
    return fits


def best_option(
    arrays: SourcingArrays, group: OrderGroup, position: int, columns: Ints, column_cost: Ints, opening: Ints
) -> list[int]:
    """Find the cheapest option of one order among some columns, each node named at most once.

    Exact over options whose parts come from different nodes when no node costs something to open or one node serves
    all; otherwise a good one.

    Parameters
    ----------
    arrays, group, position
        The problem, the order's group and its position there.
    columns
        (n,) column numbers of the order that fit.
    column_cost
        (n_columns,) cost by which to compare.
    opening
        (n_nodes,) what it still costs to open each node.

    Returns
    -------
    list of int
        Column numbers; empty = backorder everything.
    """
    nodes = arrays.column_node[columns]
    cost = column_cost[columns] + opening[nodes] + arrays.extra_shipment * arrays.column_shipments[columns]
    lattice, whole = group.lattice, group.lattice.size - 1
    option = _assemble(arrays, group, position, columns, cost)
    used = arrays.column_node[np.array(option, dtype=np.int64)]
    if len(np.unique(used)) == len(used) and _shipments(arrays, option) <= group.limit:
        return option
    # One node twice, or too many shipments: the best of one column, grown by one column from another node at a time.
    rest_cost = group.backorder[position]
    grown: list[int] = []
    served, total = 0, int(rest_cost[whole]) + arrays.extra_shipment
    while True:
        free = ~np.isin(nodes, arrays.column_node[np.array(grown, dtype=np.int64)])
        free &= _within(lattice, served, arrays.column_vector[columns])
        free &= arrays.column_shipments[columns] + _shipments(arrays, grown) <= group.limit
        candidates = np.flatnonzero(free)
        if not len(candidates):
            return grown
        paid = total - int(rest_cost[whole - served])
        after = paid + cost[candidates] + rest_cost[whole - served - arrays.column_vector[columns[candidates]]]
        pick = int(np.argmin(after))
        if after[pick] >= total:
            return grown
        total = int(after[pick])
        grown.append(int(columns[candidates[pick]]))
        served += int(arrays.column_vector[grown[-1]])


def _assemble(arrays: SourcingArrays, group: OrderGroup, position: int, columns: Ints, cost: Ints) -> list[int]:
    """Cheapest set of columns by dynamic programming over the lattice (a node may repeat)."""
    lattice = group.lattice
    vector = arrays.column_vector[columns]
    order = np.lexsort((columns, cost, vector))
    first = order[np.flatnonzero(np.r_[True, np.diff(vector[order]) != 0])] if len(order) else order
    block = np.full(lattice.size, INFEASIBLE, dtype=np.int64)
    column = np.full(lattice.size, -1, dtype=np.int64)
    block[vector[first]], column[vector[first]] = cost[first], columns[first]
    served = np.full(lattice.size, INFEASIBLE, dtype=np.int64)
    served[0] = 0
    last = np.zeros(lattice.size, dtype=np.int64)
    for whole, part, rest, start in lattice.levels:
        sums = block[part] + served[rest]
        least = np.minimum.reduceat(sums, start)
        hit = np.flatnonzero(sums == np.repeat(least, np.diff(np.r_[start, len(sums)])))
        # of equals the largest part, so that one column is taken rather than two of its node
        segment = np.searchsorted(start, hit, side="right")
        served[whole] = np.minimum(least, INFEASIBLE)
        last[whole] = part[hit[np.flatnonzero(np.r_[np.diff(segment) != 0, True])]]
    option = np.minimum(served - arrays.extra_shipment, INFEASIBLE) + group.backorder[position, ::-1]
    option[0] = group.backorder[position, -1]
    whole_now = int(np.argmin(option))
    found = []
    while whole_now:
        found.append(int(column[last[whole_now]]))
        whole_now -= int(last[whole_now])
    return found


def _shipments(arrays: SourcingArrays, option: list[int]) -> int:
    return int(arrays.column_shipments[np.array(option, dtype=np.int64)].sum())


def _within(lattice: Lattice, served: int, vectors: Ints) -> NDArray[np.bool_]:
    """Tell which vectors fit beside what is served."""
    room = np.array(lattice.quantities) - lattice.vectors[served]
    within: NDArray[np.bool_] = np.all(lattice.vectors[vectors] <= room, axis=1)
    return within
