"""Every column of some orders, rated afresh: what the certified bound prices.

Columns and their costs are those of `shape_columns`, as in the listing that the search uses; what that leaves out
(dear columns, capacities that cannot bind) is not left out here, so none of it can enter the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.resource_prices import ResourcePrices
from quartermaster.planning.shape_columns import group_of, shape_columns, shipment_limits
from quartermaster.planning.shapes import ShapeGroup
from solver_models.lattice import lattice_of
from solver_models.sourcing import SourcingArrays

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PricedResources:
    """The resources that have a price, numbered: stock pairs, then shipments, then units of every node.

    Parameters
    ----------
    price, capacity
        (n_resources,) int64: price of one unit, micro; the published capacity, after allocations that stand.
    stock_row
        (n_skus, n_nodes) sparse: 1 + number of the stock resource; 0 = free.
    """

    price: Ints
    capacity: Ints
    stock_row: sparse.csr_array

    @property
    def n_stock(self) -> int:
        """How many of the resources are stock."""
        return len(self.price) - 2 * self.stock_row.shape[1]


def priced_resources(problem: PlanningProblem, prices: ResourcePrices) -> PricedResources:
    """Number the resources that have a price and look up their capacities as published, after allocations that stand.

    The problem has taken off `Snapshot.fixed` already: the bound pays for no unit that the plan could not have.

    Parameters
    ----------
    problem
        The problem.
    prices
        Any prices.
    """
    pairs = (prices.stock_sku, prices.stock_node)
    # scipy answers an empty question with a sparse array
    stock = np.asarray(problem.available[pairs]) if len(prices.stock_price) else np.zeros(0, dtype=np.int64)
    return PricedResources(
        price=np.concatenate([prices.stock_price, prices.shipments, prices.units]).astype(np.int64),
        capacity=np.concatenate([stock, problem.node_max_shipments, problem.node_max_units]).astype(np.int64),
        stock_row=sparse.csr_array(
            (np.arange(1, len(stock) + 1, dtype=np.int64), pairs), shape=(problem.n_skus, problem.n_nodes)
        ),
    )


def every_column(problem: PlanningProblem, shape: ShapeGroup, resources: PricedResources) -> SourcingArrays:
    """List every column of the orders of one shape.

    Parameters
    ----------
    problem
        The problem.
    shape
        The orders; in the result they are numbered by their position in it.
    resources
        The resources of the result; what a column takes of a free one is not listed.
    """
    lattice = lattice_of(tuple(shape.quantities.tolist()))
    pieces = np.eye(len(shape.quantities), dtype=np.int64)
    found = shape_columns(problem, shape, lattice)
    limit = shipment_limits(problem, shape, lattice)
    kept = np.flatnonzero(found.shipments <= limit[found.row])
    limits, kind = np.unique(limit, return_inverse=True)
    place = ((kind[found.row] * len(limit) + found.row) * lattice.size + found.vector) * problem.n_nodes + found.node
    kept = kept[np.lexsort((found.shipments[kept], place[kept]))]
    row, node, vector, shipments = found.row[kept], found.node[kept], found.vector[kept], found.shipments[kept]
    starts = np.searchsorted(kind[row], np.arange(len(limits) + 1)).tolist()
    groups = []
    for number, value in enumerate(limits.tolist()):
        rows = np.flatnonzero(kind == number)
        columns = slice(starts[number], starts[number + 1])
        groups.append(group_of(problem, shape, lattice, pieces, rows, value, rows, columns))
    return SourcingArrays(
        n_orders=len(shape.orders),
        n_nodes=problem.n_nodes,
        groups=tuple(groups),
        column_order=row,
        column_node=node,
        column_vector=vector,
        column_shipments=shipments,
        column_once=found.once[kept],
        column_cost=found.cost[kept],
        extra_shipment=problem.extra_shipment_micro,
        usage=_usage(problem, shape, resources, row, node, vector, shipments),
        capacity=resources.capacity,
        opening=problem.node_opening_micro,
    )


def _usage(
    problem: PlanningProblem,
    shape: ShapeGroup,
    resources: PricedResources,
    row: Ints,
    node: Ints,
    vector: Ints,
    shipments: Ints,
) -> sparse.csc_array:
    """Return what each column takes of the resources that have a price."""
    stock_row = resources.stock_row[problem.line_sku[shape.lines.ravel()]].toarray()
    stock_row = stock_row.reshape(*shape.lines.shape, problem.n_nodes)
    entries = []
    for line in range(shape.lines.shape[1]):
        units, resource = shape.vectors[vector, line], stock_row[row, line, node]
        taking = np.flatnonzero((units > 0) & (resource > 0))
        entries.append((resource[taking] - 1, taking, units[taking]))
    for first, taken in (
        (resources.n_stock, shipments),
        (resources.n_stock + problem.n_nodes, shape.vectors.sum(axis=1)[vector]),
    ):
        taking = np.flatnonzero(resources.price[first + node] > 0)
        entries.append((first + node[taking], taking, taken[taking]))
    resource, column, units = (np.concatenate([entry[at] for entry in entries]) for at in range(3))
    return sparse.csc_array((units, (resource, column)), shape=(len(resources.price), len(row)), dtype=np.int64)
