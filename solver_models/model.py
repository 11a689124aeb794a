"""The compact sourcing model: one binary per column, with the numbered constraints of README.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solver_models.backend import LinearModel
from solver_models.sourcing import UNLIMITED, OrderGroup, SourcingArrays

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CompactModel:
    """The compact model of some orders of a sourcing problem.

    Parameters
    ----------
    linear
        Its arrays; the first ``len(columns)`` variables are the columns' binaries z.
    columns
        (n,) numbers of the columns in it.
    resources
        (n,) numbers of the resources in it, in the order of `resource_rows`.
    resource_rows
        (n,) rows (2), (3) of those resources.
    link_rows
        (n,) rows (4); row i links order `link_order[i]` to opening node `link_node[i]`.
    link_order, link_node
        (n,) their order and node.
    scale
        Cost of the arrays = exact cost / scale.
    """

    linear: LinearModel
    columns: Ints
    resources: Ints
    resource_rows: Ints
    link_rows: Ints
    link_order: Ints
    link_node: Ints
    scale: float


class _Rows:
    """Collects rows of a sparse matrix, a block at a time."""

    def __init__(self) -> None:
        self.count = 0
        self._row: list[Ints] = []
        self._variable: list[Ints] = []
        self._value: list[NDArray[np.float64]] = []
        self._lower: list[NDArray[np.float64]] = []
        self._upper: list[NDArray[np.float64]] = []

    def add(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> Ints:
        """Open rows with these bounds; return their numbers."""
        numbers = np.arange(self.count, self.count + len(lower), dtype=np.int64)
        self.count += len(lower)
        self._lower.append(lower)
        self._upper.append(upper)
        return numbers

    def put(self, row: Ints, variable: Ints, value: NDArray[np.float64] | float) -> None:
        """Add entries."""
        self._row.append(row)
        self._variable.append(variable)
        self._value.append(np.broadcast_to(np.asarray(value, dtype=np.float64), row.shape))

    def finish(self, n_variables: int) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
        """Return matrix, lower and upper bounds."""
        entries = (np.concatenate(self._value), (np.concatenate(self._row), np.concatenate(self._variable)))
        matrix = sparse.csr_array(entries, shape=(self.count, n_variables))
        return matrix, np.concatenate(self._lower), np.concatenate(self._upper)


class _Variables:
    """Collects variables, a block at a time; costs are exact integers until the end."""

    def __init__(self) -> None:
        self.count = 0
        self._cost: list[Ints] = []
        self._upper: list[NDArray[np.float64]] = []

    def add(self, cost: Ints, upper: NDArray[np.float64]) -> Ints:
        """Add integer variables from 0 to `upper`; return their numbers."""
        numbers = np.arange(self.count, self.count + len(cost), dtype=np.int64)
        self.count += len(cost)
        self._cost.append(np.asarray(cost, dtype=np.int64))
        self._upper.append(np.asarray(upper, dtype=np.float64))
        return numbers

    def finish(self) -> tuple[Ints, NDArray[np.float64]]:
        """Return costs and upper bounds."""
        return np.concatenate(self._cost), np.concatenate(self._upper)


def build_compact(arrays: SourcingArrays, orders: NDArray[np.bool_], binding: NDArray[np.bool_]) -> CompactModel:
    """Build the compact model of some orders.

    Parameters
    ----------
    arrays
        The problem.
    orders
        (n_orders,) bool: the orders in the model.
    binding
        (n_resources,) bool: the resources that can bind; others need no row.
    """
    columns = np.flatnonzero(orders[arrays.column_order])
    variables, rows = _Variables(), _Rows()
    z = variables.add(arrays.column_cost[columns], np.ones(len(columns)))
    number = np.full(arrays.n_columns, -1, dtype=np.int64)
    number[columns] = z
    for group in arrays.groups:
        inside = np.flatnonzero(orders[group.orders])
        if len(inside):
            _demand(arrays, group, inside, number, variables, rows)
            _shipments(arrays, group, inside, number, variables, rows)
    resources, resource_rows = _resources(arrays, columns, binding, rows)
    link_rows, link_order, link_node = _links(arrays, columns, variables, rows)
    cost, upper = variables.finish()
    matrix, row_lower, row_upper = rows.finish(variables.count)
    scale = max(1.0, float(np.median(cost[cost > 0])) / 1000.0) if np.any(cost > 0) else 1.0
    linear = LinearModel(
        cost=cost / scale,
        lower=np.zeros(variables.count),
        upper=upper,
        integer=np.ones(variables.count, dtype=bool),
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
    )
    return CompactModel(linear, columns, resources, resource_rows, link_rows, link_order, link_node, scale)


def _demand(
    arrays: SourcingArrays, group: OrderGroup, inside: Ints, number: Ints, variables: _Variables, rows: _Rows
) -> None:
    """(1) every unit is served or backordered, (8) all or nothing where asked, (9) a short order is charged.

    (10) Units backordered beyond those spared are charged.
    """
    quantities = np.array(group.lattice.quantities, dtype=np.int64)
    n_lines = len(quantities)
    demand = rows.add(np.tile(quantities, len(inside)).astype(float), np.tile(quantities, len(inside)).astype(float))
    demand = demand.reshape(len(inside), n_lines)
    place = np.full(arrays.n_orders, -1, dtype=np.int64)
    place[group.orders[inside]] = np.arange(len(inside))
    columns = np.arange(group.first_column, group.first_column + group.n_columns)
    columns = columns[place[arrays.column_order[columns]] >= 0]
    vectors = group.lattice.vectors[arrays.column_vector[columns]]
    entry, line = np.nonzero(vectors)
    rows.put(
        demand[place[arrays.column_order[columns[entry]]], line],
        number[columns[entry]],
        vectors[entry, line].astype(float),
    )
    complete = group.order_complete[inside]
    unit_cost, order_cost = group.unit_backorder[inside], group.order_backorder[inside]
    # (8) one binary backorders everything of an order that ships complete; its short charge comes with it
    whole = np.flatnonzero(complete)
    nothing = variables.add(group.backorder[inside[whole], -1], np.ones(len(whole)))
    rows.put(demand[whole].ravel(), np.repeat(nothing, n_lines), np.tile(quantities, len(whole)).astype(float))
    part, line = np.nonzero(~complete[:, None] & np.ones(n_lines, dtype=bool))
    all_or_none = group.line_complete[inside[part], line]
    step = np.where(all_or_none, np.maximum(quantities[line], 1), 1)
    backorder = variables.add(unit_cost[part, line] * step, quantities[line] / step)
    rows.put(demand[part, line], backorder, step.astype(float))
    charged = np.flatnonzero(~complete & (order_cost > 0))
    short = np.full(len(inside), -1, dtype=np.int64)
    short[charged] = variables.add(order_cost[charged], np.ones(len(charged)))
    tied = np.flatnonzero(short[part] >= 0)
    tie = rows.add(np.full(len(tied), -np.inf), np.zeros(len(tied)))
    rows.put(tie, backorder[tied], step[tied].astype(float))
    rows.put(tie, short[part[tied]], -quantities[line[tied]].astype(float))
    if group.spared is not None:
        spared = group.spared[inside[part], line]
        kept = np.flatnonzero(spared < quantities[line])
        beyond = variables.add(np.full(len(kept), group.beyond), (quantities[line[kept]] - spared[kept]).astype(float))
        more = rows.add(np.full(len(kept), -np.inf), spared[kept].astype(float))
        rows.put(more, backorder[kept], step[kept].astype(float))
        rows.put(more, beyond, -1.0)


def _shipments(
    arrays: SourcingArrays, group: OrderGroup, inside: Ints, number: Ints, variables: _Variables, rows: _Rows
) -> None:
    """(6) at most `limit` shipments, (7) each after the first pays `extra_shipment`."""
    place = np.full(arrays.n_orders, -1, dtype=np.int64)
    place[group.orders[inside]] = np.arange(len(inside))
    columns = np.arange(group.first_column, group.first_column + group.n_columns)
    columns = columns[place[arrays.column_order[columns]] >= 0]
    where, shipments = place[arrays.column_order[columns]], arrays.column_shipments[columns].astype(float)
    if group.limit < UNLIMITED:
        limit = rows.add(np.full(len(inside), -np.inf), np.full(len(inside), float(group.limit)))
        rows.put(limit[where], number[columns], shipments)
    if arrays.extra_shipment and group.limit > 1 and group.lattice.units[-1] > 1:
        most = float(min(group.limit, group.lattice.units[-1]))
        extra = variables.add(np.full(len(inside), arrays.extra_shipment), np.full(len(inside), most))
        after = rows.add(np.full(len(inside), -np.inf), np.ones(len(inside)))
        rows.put(after[where], number[columns], shipments)
        rows.put(after, extra, -1.0)


def _resources(arrays: SourcingArrays, columns: Ints, binding: NDArray[np.bool_], rows: _Rows) -> tuple[Ints, Ints]:
    """(2), (3) stock and node capacities."""
    usage = arrays.usage[:, columns].tocoo()
    kept = binding[usage.row]
    touched = np.unique(usage.row[kept])
    capacity = rows.add(np.full(len(touched), -np.inf), arrays.capacity[touched].astype(float))
    rows.put(
        capacity[np.searchsorted(touched, usage.row[kept])],
        usage.col[kept].astype(np.int64),
        usage.data[kept].astype(float),
    )
    return touched.astype(np.int64), capacity


def _links(arrays: SourcingArrays, columns: Ints, variables: _Variables, rows: _Rows) -> tuple[Ints, Ints, Ints]:
    """(4) a node that costs something to open is open, (5) at most one column per order and node."""
    node = arrays.column_node[columns]
    pair = arrays.column_order[columns] * arrays.n_nodes + node
    pairs, which, count = np.unique(pair, return_inverse=True, return_counts=True)
    needed = (arrays.opening[pairs % arrays.n_nodes] > 0) | (count > 1)
    opening = np.unique(node[arrays.opening[node] > 0])
    opened = np.full(arrays.n_nodes, -1, dtype=np.int64)
    opened[opening] = variables.add(arrays.opening[opening], np.ones(len(opening)))
    row_of = np.full(len(pairs), -1, dtype=np.int64)
    costs_opening = arrays.opening[pairs % arrays.n_nodes] > 0
    row_of[needed] = rows.add(np.full(int(needed.sum()), -np.inf), np.where(costs_opening[needed], 0.0, 1.0))
    kept = np.flatnonzero(needed[which])
    rows.put(row_of[which[kept]], kept.astype(np.int64), 1.0)
    linked = np.flatnonzero(costs_opening)
    rows.put(row_of[linked], opened[pairs[linked] % arrays.n_nodes], -1.0)
    return row_of[linked], pairs[linked] // arrays.n_nodes, pairs[linked] % arrays.n_nodes
