"""Listing the candidates: from the problem to the columns of `solver_models`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.candidates import Candidates, Meaning
from quartermaster.planning.joint import JointShipments
from quartermaster.planning.large_orders import large_order, shape_of_pieces
from quartermaster.planning.listed_usage import ListedUsage
from quartermaster.planning.pieces import pieces_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shape_columns import ShapeColumns, group_of, shape_columns, shipment_limits
from quartermaster.planning.shapes import ShapeGroup, lattice_sizes, shapes
from quartermaster.planning.sourcing import Sourcing
from solver_models.lattice import Lattice, lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE, OrderGroup, SourcingArrays

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_VECTORS = 5_000
"""Quantity vectors up to which all of an order's vectors are listed."""
MAX_PAIRS = 1_000_000
"""Pairs of vectors up to which an order is priced exactly."""
LISTED_WHOLE = 4_000_000
"""Pairs of orders and nodes up to which every column is listed; beyond, only the cheap ones of what is not scarce."""
CHEAPEST, FEWEST = 10, 4
"""Nodes listed for each vector of such an order, at the most: more than its SKUs ever run out of nearby; and at the
least."""
AMPLE_COLUMNS = 30_000_000
"""Columns of this kind in all, about, which say how many nodes it is: a plan then takes some 11 GB."""
AMPLE = 0.8
"""Demand per unit of stock, over all orders and nodes, up to which a SKU is not scarce."""


def list_candidates(problem: PlanningProblem, start: Sourcing, demand: NDArray[np.float64] | None = None) -> Candidates:
    """List every column of every order that is small enough, and well-chosen columns of the others.

    Parameters
    ----------
    problem
        The problem.
    start
        A known decision: large orders are cut along what it ships.
    demand
        (n_skus,) units that may be taken in all, which says what can run out; None = what the orders ask for.
    """
    small = small_orders(problem)
    listing = _Listing(problem, small, units_wanted(problem) if demand is None else demand)
    for shape in shapes(problem, np.flatnonzero(small), only_stocked=True):
        lattice = lattice_of(tuple(shape.quantities.tolist()))
        listing.add(shape, lattice, np.eye(len(shape.quantities), dtype=np.int64))
    for order in np.flatnonzero(~small).tolist():
        pieces = pieces_of(problem, order, start)
        listing.add(*shape_of_pieces(problem, order, pieces), pieces)
    return listing.finish(np.flatnonzero(~small))


def units_wanted(problem: PlanningProblem, times: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Add up what orders ask for.

    Parameters
    ----------
    problem
        The problem.
    times
        (n_orders,) how often each order comes; None = once.

    Returns
    -------
    ndarray, shape (n_skus,), float64
    """
    wanted = problem.line_quantity if times is None else problem.line_quantity * times[problem.line_order]
    return np.bincount(problem.line_sku, wanted, problem.n_skus).astype(np.float64)


def small_orders(problem: PlanningProblem) -> NDArray[np.bool_]:
    """Tell which orders are small enough to list every vector of: the search and the certified bound must agree on it.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray, shape (n_orders,), bool
    """
    small = lattice_sizes(problem) <= MAX_VECTORS
    for order in np.flatnonzero(small).tolist():
        lines = slice(problem.line_start[order], problem.line_start[order + 1])
        small[order] = pair_count(tuple(problem.line_quantity[lines].tolist())) <= MAX_PAIRS
    return small


@dataclass(frozen=True, slots=True, eq=False)
class _Pruning:
    """Which columns of many orders and nodes are left out.

    Parameters
    ----------
    ample
        (n_skus,) whether there is more stock than all orders together want, with room to spare.
    nodes
        Nodes listed for each vector of ample SKUs only.
    """

    ample: Flags
    nodes: int


def _pruning(problem: PlanningProblem, small: Flags, demand: NDArray[np.float64]) -> _Pruning | None:
    """Decide what to leave out; None = nothing."""
    if problem.n_orders * problem.n_nodes <= LISTED_WHOLE:
        return None
    stock = np.asarray(problem.available.sum(axis=1)).ravel()
    vectors = int(lattice_sizes(problem)[small].sum())
    return _Pruning(demand <= AMPLE * stock, min(CHEAPEST, max(FEWEST, AMPLE_COLUMNS // max(1, vectors))))


class _Listing:
    """Collects the columns of one shape group after another."""

    def __init__(self, problem: PlanningProblem, small: Flags, demand: NDArray[np.float64]) -> None:
        self.problem = problem
        self.count = 0
        self.groups: list[OrderGroup] = []
        self.meanings: list[Meaning] = []
        self.joint: list[JointShipments] = []
        self._pruning = _pruning(problem, small, demand)
        self._columns: list[tuple[NDArray[Any], ...]] = []
        self._usage = ListedUsage(problem, demand)

    def add(self, shape: ShapeGroup, lattice: Lattice, pieces: Ints) -> None:
        """Price one shape group and add its columns, split by how many shipments its orders may have.

        A unit of the lattice stands for a piece of the order: (n_pieces, n_lines) units of each line.
        """
        problem = self.problem
        found = self._valued(shape, shape_columns(problem, shape, lattice))
        before = len(self.joint)
        self.joint += found.joint
        listed, unlisted = self._listed(shape, found)
        limit = shipment_limits(problem, shape, lattice)
        for value in np.unique(limit).tolist():
            rows = np.flatnonzero(limit == value)
            kept = listed[(limit[found.row[listed]] == value) & (found.shipments[listed] <= value)]
            row, vector, node = found.row[kept], found.vector[kept], found.node[kept]
            by_place = np.lexsort((found.shipments[kept], (row * lattice.size + vector) * problem.n_nodes + node))
            kept, row, vector, node = kept[by_place], row[by_place], vector[by_place], node[by_place]
            columns = slice(self.count, self.count + len(kept))
            group = group_of(problem, shape, lattice, pieces, rows, value, shape.orders[rows], columns)
            self.groups.append(group if unlisted is None else replace(group, unlisted=unlisted[rows]))
            self.meanings.append(Meaning(shape.lines[rows], shape.vectors))
            service = found.service[kept]
            self._columns.append(
                (
                    shape.orders[row].astype(np.int32),
                    node.astype(np.int32),
                    vector.astype(np.int32),
                    found.shipments[kept].astype(np.int32),
                    found.once[kept],
                    found.cost[kept],
                    np.where(service < 0, service - before, service).astype(np.int32),
                )
            )
            self._usage.add(shape, row, node, vector, found.shipments[kept])
            self.count += len(kept)

    def _valued(self, shape: ShapeGroup, found: ShapeColumns) -> ShapeColumns:
        """Add to the cost of columns what the units they take are worth to orders still to come."""
        value = self.problem.value
        if value is None:
            return found
        cost = found.cost.copy()
        for line, units in enumerate(shape.vectors.T):
            sku = self.problem.line_sku[shape.lines[:, line]]
            cost += units[found.vector] * value.of(sku[found.row], found.node)
        return replace(found, cost=cost)

    def _listed(self, shape: ShapeGroup, found: ShapeColumns) -> tuple[Ints, Ints | None]:
        """Choose the columns to list; return also, per order and vector, the least cost of those left out."""
        if self._pruning is None:
            return np.arange(len(found.row)), None
        scarce = (~self._pruning.ample[self.problem.line_sku[shape.lines]]).astype(np.int64) @ (shape.vectors.T > 0)
        key = found.row * len(shape.vectors) + found.vector
        is_able = scarce.ravel()[key] == 0
        able = np.flatnonzero(is_able)
        paid = found.cost + self.problem.extra_shipment_micro * (found.shipments - 1)
        order = able[np.lexsort((found.node[able], paid[able], key[able]))]
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        place = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
        unlisted = np.full((len(shape.orders), len(shape.vectors)), INFEASIBLE, dtype=np.int64)
        nearest = order[place == self._pruning.nodes]
        unlisted.ravel()[key[nearest]] = paid[nearest]
        listed = np.r_[np.flatnonzero(~is_able), order[place < self._pruning.nodes]]
        return listed, unlisted if len(nearest) else None

    def finish(self, large: Ints) -> Candidates:
        """Put everything together; what was collected is let go on the way."""
        problem = self.problem
        order, node, vector, shipments, once, cost, service = (self._joined(at) for at in range(7))
        self._columns.clear()
        usage, capacity, pairs = self._usage.finish()
        arrays = SourcingArrays(
            n_orders=problem.n_orders,
            n_nodes=problem.n_nodes,
            groups=tuple(self.groups),
            column_order=order,
            column_node=node,
            column_vector=vector,
            column_shipments=shipments,
            column_once=once.astype(bool),
            column_cost=cost,
            extra_shipment=problem.extra_shipment_micro,
            usage=usage,
            capacity=capacity,
            opening=problem.node_opening_micro,
            resource_family=np.r_[pairs // max(problem.n_nodes, 1), np.full(2 * problem.n_nodes, -1)],
        )
        rows = {pair: row for row, pair in enumerate(pairs.tolist())} if len(large) else {}
        floors = tuple(large_order(problem, order_index, rows, len(pairs)) for order_index in large.tolist())
        return Candidates(problem, arrays, tuple(self.meanings), service, tuple(self.joint), floors, pairs)

    def _joined(self, at: int) -> Ints:
        return np.concatenate([np.empty(0, dtype=np.int64), *(part[at] for part in self._columns)], dtype=np.int64)
