"""A portion of a problem: some orders with some of their columns, numbered anew, against what is left of resources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solver_models.sourcing import OrderGroup, SourcingArrays

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """A problem of its own, cut out of a larger one.

    Parameters
    ----------
    arrays
        The smaller problem; its orders are numbered by group and position, its resources are the ones its columns take
        from. Columns that are not listed are no part of it: it is there to choose from, not to bound.
    orders, columns, resources
        What its orders, columns and resources are called in the larger problem.
    """

    arrays: SourcingArrays
    orders: Ints
    columns: Ints
    resources: Ints


class Portions:
    """Cuts portions out of one problem without looking at all of it each time.

    Parameters
    ----------
    arrays
        The problem.
    """

    def __init__(self, arrays: SourcingArrays) -> None:
        self.arrays = arrays
        self._group = np.full(arrays.n_orders, -1, dtype=np.int64)
        self._position = np.zeros(arrays.n_orders, dtype=np.int64)
        self._first = np.zeros(arrays.n_orders, dtype=np.int64)
        self._count = np.bincount(arrays.column_order, minlength=arrays.n_orders)
        for number, group in enumerate(arrays.groups):
            self._group[group.orders] = number
            self._position[group.orders] = np.arange(len(group.orders))
            ends = group.first_column + np.cumsum(self._count[group.orders])
            self._first[group.orders] = ends - self._count[group.orders]

    def columns_of(self, orders: Ints) -> Ints:
        """Return the column numbers of some orders, in the order of the orders.

        Parameters
        ----------
        orders
            (n,) order numbers.
        """
        count = self._count[orders]
        begin = np.repeat(self._first[orders] - (np.cumsum(count) - count), count)
        columns: Ints = begin + np.arange(len(begin))
        return columns

    def cut(self, orders: Ints, columns: Ints, capacity: Ints, opening: Ints) -> Portion:
        """Cut out some orders.

        Parameters
        ----------
        orders
            (n,) distinct order numbers.
        columns
            (m,) rising column numbers, all of these orders.
        capacity
            (n_resources,) what they may take of each resource.
        opening
            (n_nodes,) what it costs them to open each node.
        """
        whole = self.arrays
        orders = orders[np.lexsort((self._position[orders], self._group[orders]))]
        number = np.full(whole.n_orders, -1, dtype=np.int64)
        number[orders] = np.arange(len(orders))
        usage = whole.usage[:, columns].tocoo()
        resources, row = np.unique(usage.row, return_inverse=True)
        groups: list[OrderGroup] = []
        group_of, counts = self._group[orders], np.zeros(len(orders), dtype=np.int64)
        column_order = number[whole.column_order[columns]]
        np.add.at(counts, column_order, 1)
        starts = np.flatnonzero(np.r_[True, np.diff(group_of) != 0][: len(orders)]).tolist()
        first = 0
        for begin, end in pairwise([*starts, len(orders)]):
            group, rows = whole.groups[group_of[begin]], self._position[orders[begin:end]]
            n_columns = int(counts[begin:end].sum())
            groups.append(replace(group.of_rows(rows, first, n_columns), orders=np.arange(begin, end), unlisted=None))
            first += n_columns
        table = type(whole.usage)((usage.data, (row, usage.col)), shape=(len(resources), len(columns)))
        arrays = replace(
            whole,
            n_orders=len(orders),
            groups=tuple(groups),
            column_order=column_order,
            column_node=whole.column_node[columns],
            column_vector=whole.column_vector[columns],
            column_shipments=whole.column_shipments[columns],
            column_once=whole.column_once[columns],
            column_cost=whole.column_cost[columns],
            usage=table,
            capacity=capacity[resources],
            opening=opening,
            resource_family=None if whole.resource_family is None else whole.resource_family[resources],
        )
        return Portion(arrays, orders, columns, resources.astype(np.int64))
