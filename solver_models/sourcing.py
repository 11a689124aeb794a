"""The sourcing problem on arrays: orders, shipment columns and the resources they share.

A *column* is one way to serve some units of one order from one node: (order, node, quantity vector), at its exact cost,
in one or more shipments. An *option* of an order is a set of its columns (at most one per node) plus the units it
backorders. See README.md for the symbols in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solver_models.lattice import Lattice

Ints = NDArray[np.int64]

INFEASIBLE = 1 << 60
"""Cost of what cannot be done; sums of up to seven stay inside int64."""
UNLIMITED = 2**31 - 1
"""Stands for "no limit"."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderGroup:
    """Orders that share one lattice and one limit on shipments.

    Parameters
    ----------
    lattice
        Quantity vectors v of its orders.
    limit
        Shipments an order may have; `UNLIMITED` when that can never bind.
    orders
        (G,): order numbers.
    unit_backorder
        (G, L) int64: cost of backordering one unit of a line.
    order_backorder
        (G,) int64: paid once when an order is short.
    line_complete
        (G, L) bool: the line's units are served all or none.
    order_complete
        (G,) bool: the order is served wholly or not at all.
    backorder
        (G, V): cost of backordering exactly vector r, all parts of it; `INFEASIBLE` where a rule forbids it. Derived by
        `order_group` from the four before.
    first_column
        Number of the group's first column.
    n_columns
        Its columns are ``first_column : first_column + n_columns``.
    unlisted
        (G, V) int64: cost of the cheapest column of exactly vector v that is not listed, `extra_shipment` of its
        shipments after the first included; `INFEASIBLE` where every column is. None = all are listed. Bounds take it
        in place of those columns: prices only add to what they cost.
    spared
        (G, L): units of each line that may be backordered at `unit_backorder`; every unit beyond pays `beyond` more.
        None = all of them may.
    beyond
        That charge per unit.
    """

    lattice: Lattice
    limit: int
    orders: Ints
    unit_backorder: Ints
    order_backorder: Ints
    line_complete: NDArray[np.bool_]
    order_complete: NDArray[np.bool_]
    backorder: Ints
    first_column: int
    n_columns: int
    unlisted: Ints | None = None
    spared: Ints | None = None
    beyond: int = 0

    def of_rows(self, rows: Ints, first_column: int, n_columns: int) -> OrderGroup:
        """Return the group of some of its orders.

        Parameters
        ----------
        rows
            (R,) positions in the group.
        first_column, n_columns
            Where their columns stand.
        """
        return replace(
            self,
            orders=self.orders[rows],
            unit_backorder=self.unit_backorder[rows],
            order_backorder=self.order_backorder[rows],
            line_complete=self.line_complete[rows],
            order_complete=self.order_complete[rows],
            backorder=self.backorder[rows],
            first_column=first_column,
            n_columns=n_columns,
            unlisted=None if self.unlisted is None else self.unlisted[rows],
            spared=None if self.spared is None else self.spared[rows],
        )

    @property
    def columns(self) -> slice:
        """The group's columns."""
        return slice(self.first_column, self.first_column + self.n_columns)


def order_group(
    lattice: Lattice,
    limit: int,
    orders: Ints,
    unit_backorder: Ints,
    order_backorder: Ints,
    line_complete: NDArray[np.bool_],
    order_complete: NDArray[np.bool_],
    first_column: int,
    n_columns: int,
    spared: Ints | None = None,
    beyond: int = 0,
) -> OrderGroup:
    """Build a group and its table of backorder costs.

    Parameters
    ----------
    lattice, limit, orders, unit_backorder, order_backorder, line_complete, order_complete, first_column, n_columns
        As in `OrderGroup`.
    spared, beyond
        As in `OrderGroup`.
    """
    vectors, quantities = lattice.vectors, np.array(lattice.quantities, dtype=np.int64)
    table: Ints = unit_backorder @ vectors.T + np.where(lattice.units > 0, order_backorder[:, None], 0)
    if spared is not None:
        table += beyond * np.maximum(0, vectors[None] - spared[:, None]).sum(axis=2)
    partial = ((vectors > 0) & (vectors < quantities)).astype(np.int64)
    broken = (line_complete.astype(np.int64) @ partial.T) > 0
    between = (lattice.units > 0) & (lattice.units < quantities.sum())
    table[broken | (order_complete[:, None] & between)] = INFEASIBLE
    return OrderGroup(
        lattice,
        limit,
        orders,
        unit_backorder,
        order_backorder,
        line_complete,
        order_complete,
        table,
        first_column,
        n_columns,
        spared=spared,
        beyond=beyond,
    )


@dataclass(frozen=True, slots=True, eq=False)
class SourcingArrays:
    """A sourcing problem with every column listed.

    Parameters
    ----------
    n_orders, n_nodes
        Sizes.
    groups
        Every order stands in exactly one group.
    column_order, column_node, column_vector, column_shipments
        (n_columns,) int64: order, node, number of the quantity vector (never 0), shipments (>= 1). Columns are sorted
        by (group, position in group, vector, node).
    column_once
        (n_columns,) bool: True where two columns of this order and node could look cheaper, or be listed, while their
        sum is dearer or not listed (short stock, odd rate cards). Elsewhere serving the sum by one column is never
        dearer, so pricing need not watch for a node named twice.
    column_cost
        (n_columns,) int64 >= 0: exact cost of the column's shipments, without `extra_shipment`. [c]
    extra_shipment
        Cost of each shipment of an order after its first.
    usage
        (n_resources, n_columns) sparse CSC int64 >= 0: what a column takes of each resource. [a, s]
    capacity
        (n_resources,) int64 >= 0: stock and node capacities. [available, max_shipments, max_units]
    opening
        (n_nodes,) int64 >= 0: paid once if any column of the node is chosen. [f]
    resource_family
        (n_resources,) int64: resources of one number stand in for each other (one SKU at several nodes); -1 = it stands
        alone. None = not told. Prices begin better where it is.
    """

    n_orders: int
    n_nodes: int
    groups: tuple[OrderGroup, ...]
    column_order: Ints
    column_node: Ints
    column_vector: Ints
    column_shipments: Ints
    column_once: NDArray[np.bool_]
    column_cost: Ints
    extra_shipment: int
    usage: sparse.csc_array
    capacity: Ints
    opening: Ints
    resource_family: Ints | None = None

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.column_cost)

    @property
    def all_listed(self) -> bool:
        """Whether every column of every order is listed."""
        return all(group.unlisted is None for group in self.groups)

    @property
    def n_resources(self) -> int:
        """Number of resources."""
        return len(self.capacity)

    def restricted(self, kept: NDArray[np.bool_]) -> SourcingArrays:
        """Return the problem with some columns only; resources keep their numbers.

        Parameters
        ----------
        kept
            (n_columns,) bool.
        """
        before = np.concatenate([[0], np.cumsum(kept)])
        groups = tuple(
            replace(
                group,
                first_column=int(before[group.first_column]),
                n_columns=int(before[group.first_column + group.n_columns] - before[group.first_column]),
            )
            for group in self.groups
        )
        chosen = np.flatnonzero(kept)
        return replace(
            self,
            groups=groups,
            column_order=self.column_order[chosen],
            column_node=self.column_node[chosen],
            column_vector=self.column_vector[chosen],
            column_shipments=self.column_shipments[chosen],
            column_once=self.column_once[chosen],
            column_cost=self.column_cost[chosen],
            usage=self.usage[:, chosen],
        )

    def potential(self) -> Ints:
        """Return the most that all orders together could take of each resource, one column per (order, node).

        A resource whose potential is within its capacity can never bind.

        Returns
        -------
        ndarray, shape (n_resources,), int64
        """
        entries = self.usage.tocoo()
        pair = self.column_order[entries.col] * self.n_nodes + self.column_node[entries.col]
        order = np.lexsort((pair, entries.row))
        rows, pairs, units = entries.row[order], pair[order], entries.data[order]
        if not len(rows):
            return np.zeros(self.n_resources, dtype=np.int64)
        begins = np.flatnonzero(np.r_[True, (np.diff(rows) != 0) | (np.diff(pairs) != 0)])
        most = np.maximum.reduceat(units, begins)
        return np.bincount(rows[begins], weights=most, minlength=self.n_resources).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A feasible answer: the columns chosen; what they do not serve is backordered.

    Parameters
    ----------
    columns
        (n_chosen,) int64 column numbers, rising.
    cost
        Exact cost, everything of the model included.
    """

    columns: Ints
    cost: int


def exact_sum(values: Ints) -> int:
    """Add costs that fit 64 bits each, though their sum over many orders may not.

    Parameters
    ----------
    values
        (n,) int64.
    """
    high, low = np.divmod(values, 1 << 31)
    return (int(high.sum()) << 31) + int(low.sum())


def served_vectors(arrays: SourcingArrays, columns: Ints) -> dict[int, int]:
    """Add up what some columns serve: vector number by order (numbers of a lattice add like the vectors).

    Parameters
    ----------
    arrays
        The problem.
    columns
        (n,) column numbers.
    """
    served: dict[int, int] = {}
    for order, vector in zip(
        arrays.column_order[columns].tolist(), arrays.column_vector[columns].tolist(), strict=True
    ):
        served[order] = served.get(order, 0) + vector
    return served


def paid_by_order(arrays: SourcingArrays, columns: Ints, column_cost: Ints) -> Ints:
    """Compute what each order pays for its columns and backorders; opening nodes is nobody's own cost.

    Parameters
    ----------
    arrays
        The problem.
    columns
        (n,) column numbers of a feasible choice.
    column_cost
        (n_columns,) cost of each column, with or without prices.

    Returns
    -------
    ndarray, shape (n_orders,), int64
    """
    order = arrays.column_order[columns]
    paid, served, shipments = (np.zeros(arrays.n_orders, dtype=np.int64) for _ in range(3))
    np.add.at(paid, order, column_cost[columns])
    np.add.at(served, order, arrays.column_vector[columns])
    np.add.at(shipments, order, arrays.column_shipments[columns])
    paid += arrays.extra_shipment * np.maximum(0, shipments - 1)
    for group in arrays.groups:
        unserved = group.lattice.size - 1 - served[group.orders]
        paid[group.orders] += group.backorder[np.arange(len(group.orders)), unserved]
    return paid


def cost_of(arrays: SourcingArrays, columns: Ints) -> int:
    """Compute the exact cost of choosing some columns and backordering the rest; `INFEASIBLE` if any rule breaks.

    Written straight from the model, independent of any solver: each answer of a solver passes through it.

    Parameters
    ----------
    arrays
        The problem.
    columns
        (n,) distinct column numbers.

    Returns
    -------
    int
        Exact cost, or `INFEASIBLE`.
    """
    orders, nodes = arrays.column_order[columns], arrays.column_node[columns]
    if len(np.unique(orders * arrays.n_nodes + nodes)) < len(columns):
        return INFEASIBLE
    if arrays.n_resources and np.any(arrays.usage[:, columns].sum(axis=1) > arrays.capacity):
        return INFEASIBLE
    shipments = np.bincount(orders, weights=arrays.column_shipments[columns], minlength=arrays.n_orders).astype(
        np.int64
    )
    served = np.zeros(arrays.n_orders, dtype=np.int64)
    np.add.at(served, orders, arrays.column_vector[columns])
    total = exact_sum(arrays.column_cost[columns])
    total += arrays.extra_shipment * int(np.maximum(0, shipments - 1).sum())
    total += exact_sum(arrays.opening[np.unique(nodes)])
    lines_served = _served_by_line(arrays, columns)
    for group in arrays.groups:
        whole = group.lattice.size - 1
        if np.any(lines_served[group.orders, : len(group.lattice.quantities)] > np.array(group.lattice.quantities)):
            return INFEASIBLE
        if group.limit < UNLIMITED and np.any(shipments[group.orders] > group.limit):
            return INFEASIBLE
        rest = group.backorder[np.arange(len(group.orders)), whole - served[group.orders]]
        if np.any(rest >= INFEASIBLE):
            return INFEASIBLE
        total += exact_sum(rest)
    return total


def _served_by_line(arrays: SourcingArrays, columns: Ints) -> Ints:
    """Return (n_orders, longest order) units served by position of the line, to see a line served beyond its demand."""
    width = max((len(group.lattice.quantities) for group in arrays.groups), default=0)
    served = np.zeros((arrays.n_orders, width), dtype=np.int64)
    for group in arrays.groups:
        inside = columns[(columns >= group.first_column) & (columns < group.first_column + group.n_columns)]
        vectors = group.lattice.vectors[arrays.column_vector[inside]]
        np.add.at(served[:, : vectors.shape[1]], arrays.column_order[inside], vectors)
    return served
