"""Listing the candidates: from the problem to the columns of `solver_models`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.candidates import Candidates, Meaning
from quartermaster.planning.joint import JointShipments, joint_shipments, needs_watching
from quartermaster.planning.large_orders import large_order, shape_of_pieces
from quartermaster.planning.pieces import pieces_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipment_costs import ShapeGroup, lattice_sizes, shapes, shipment_costs
from quartermaster.planning.sourcing import Sourcing
from solver_models.lattice import Lattice, lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE, UNLIMITED, OrderGroup, SourcingArrays, order_group

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_VECTORS = 5_000
"""Quantity vectors up to which all of an order's vectors are listed."""
MAX_PAIRS = 1_000_000
"""Pairs of vectors up to which an order is priced exactly."""
LISTED_WHOLE = 4_000_000
"""Pairs of orders and nodes up to which every column is listed; beyond, only the cheap ones of what is not scarce."""
CHEAPEST = 10
"""Nodes listed for each vector of such an order: more than its SKUs ever run out of nearby."""
AMPLE = 0.8
"""Demand per unit of stock, over all orders and nodes, up to which a SKU is not scarce."""
_NONE = np.empty(0, dtype=np.int64)


def list_candidates(problem: PlanningProblem, start: Sourcing) -> Candidates:
    """List every column of every order that is small enough, and well-chosen columns of the others.

    Parameters
    ----------
    problem
        The problem.
    start
        A known decision: large orders are cut along what it ships.
    """
    listing = _Listing(problem)
    small = small_orders(problem)
    for shape in shapes(problem, np.flatnonzero(small)):
        lattice = lattice_of(tuple(shape.quantities.tolist()))
        listing.add(shape, lattice, np.eye(len(shape.quantities), dtype=np.int64))
    for order in np.flatnonzero(~small).tolist():
        pieces = pieces_of(problem, order, start)
        listing.add(*shape_of_pieces(problem, order, pieces), pieces)
    return listing.finish(np.flatnonzero(~small))


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


def _ample(problem: PlanningProblem) -> Flags:
    """Tell which SKUs have more stock than all orders together want, with room to spare."""
    demand = np.bincount(problem.line_sku, weights=problem.line_quantity, minlength=problem.n_skus)
    stock = np.asarray(problem.available.sum(axis=1)).ravel()
    ample: Flags = demand <= AMPLE * stock
    return ample


class _Listing:
    """Collects the columns of one shape group after another."""

    def __init__(self, problem: PlanningProblem) -> None:
        self.problem = problem
        self.count = 0
        self.groups: list[OrderGroup] = []
        self.meanings: list[Meaning] = []
        self.columns: list[Ints] = [np.empty((7, 0), dtype=np.int64)]
        self.joint: list[JointShipments] = []
        self.usage: list[tuple[Ints, Ints, Ints]] = [(_NONE, _NONE, _NONE)]
        self._ample = _ample(problem) if problem.n_orders * problem.n_nodes > LISTED_WHOLE else None

    def add(self, shape: ShapeGroup, lattice: Lattice, pieces: Ints) -> None:
        """Price one shape group and add its columns, split by how many shipments its orders may have.

        A unit of the lattice stands for a piece of the order: (n_pieces, n_lines) units of each line.
        """
        problem = self.problem
        priced = shipment_costs(problem, shape)
        row, node, vector = np.nonzero(priced.cost < INFEASIBLE)
        cost, service = priced.cost[row, node, vector], priced.service[row, node, vector].astype(np.int64)
        shipments = np.ones(len(row), dtype=np.int64)
        first = len(self.joint)
        new = joint_shipments(priced, lattice)
        self.joint += new
        if new:
            row = np.r_[row, [joint.row for joint in new]]
            node = np.r_[node, [joint.node for joint in new]]
            vector = np.r_[vector, [sum(joint.vectors) for joint in new]]
            cost = np.r_[cost, [joint.cost for joint in new]]
            service = np.r_[service, -1 - np.arange(first, first + len(new))]
            shipments = np.r_[shipments, [len(joint.services) for joint in new]]
        once = needs_watching(priced, new, lattice)[row, node]
        listed, unlisted = self._listed(shape, row, vector, cost + problem.extra_shipment_micro * (shipments - 1))
        limit = problem.order_max_shipments[shape.orders]
        most = min(int(lattice.units[-1]), problem.n_nodes * problem.book.n_services)
        limit = np.where(limit >= most, UNLIMITED, limit)
        for value in np.unique(limit).tolist():
            rows = np.flatnonzero(limit == value)
            kept = np.flatnonzero(listed & (limit[row] == value) & (shipments <= value))
            kept = kept[np.lexsort((shipments[kept], node[kept], vector[kept], row[kept]))]
            self._add_group(shape, lattice, pieces, rows, value, row[kept], node[kept], vector[kept])
            if unlisted is not None:
                self.groups[-1] = replace(self.groups[-1], unlisted=unlisted[rows])
            table = (shape.orders[row], node, vector, shipments, once, cost, service)
            self.columns.append(np.stack([part[kept] for part in table]).astype(np.int64))

    def _listed(self, shape: ShapeGroup, row: Ints, vector: Ints, cost: Ints) -> tuple[Flags, Ints | None]:
        """Choose the columns to list; return also, per order and vector, the least cost of those left out."""
        listed = np.ones(len(row), dtype=bool)
        if self._ample is None:
            return listed, None
        scarce = (~self._ample[self.problem.line_sku[shape.lines]]).astype(np.int64) @ (shape.vectors.T > 0)
        able = np.flatnonzero(scarce[row, vector] == 0)
        order = able[np.lexsort((cost[able], vector[able], row[able]))]
        key = row[order] * len(shape.vectors) + vector[order]
        first = np.flatnonzero(np.r_[True, np.diff(key) != 0][: len(key)])
        place = np.arange(len(key)) - np.repeat(first, np.diff(np.r_[first, len(key)]))
        unlisted = np.full((len(shape.orders), len(shape.vectors)), INFEASIBLE, dtype=np.int64)
        nearest = order[place == CHEAPEST]
        unlisted[row[nearest], vector[nearest]] = cost[nearest]
        listed[order[place >= CHEAPEST]] = False
        return listed, unlisted if len(nearest) else None

    def _add_group(
        self,
        shape: ShapeGroup,
        lattice: Lattice,
        pieces: Ints,
        rows: Ints,
        limit: int,
        row: Ints,
        node: Ints,
        vector: Ints,
    ) -> None:
        problem, lines = self.problem, shape.lines[rows]
        numbers = np.arange(self.count, self.count + len(row))
        units = shape.vectors[vector]
        entry, at = np.nonzero(units)
        sku = problem.line_sku[shape.lines[row[entry], at]]
        self.usage.append((sku * problem.n_nodes + node[entry], numbers[entry], units[entry, at]))
        # a piece of a line that must be complete is the whole line, so the rule holds for each piece by itself
        complete = (problem.line_complete[lines].astype(np.int64) @ pieces.T) > 0
        self.groups.append(
            order_group(
                lattice,
                limit,
                shape.orders[rows],
                problem.line_backorder_micro[lines] @ pieces.T,
                problem.order_backorder_micro[shape.orders[rows]],
                complete,
                problem.order_complete[shape.orders[rows]],
                self.count,
                len(row),
            )
        )
        self.meanings.append(Meaning(lines, shape.vectors))
        self.count += len(row)

    def finish(self, large: Ints) -> Candidates:
        """Put everything together."""
        problem = self.problem
        order, node, vector, shipments, once, cost, service = np.concatenate(self.columns, axis=1)
        usage, capacity, pairs = self._resources(node, shipments)
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

    def _resources(self, node: Ints, shipments: Ints) -> tuple[sparse.csc_array, Ints, Ints]:
        """Stock of (SKU, node), shipments of a node, units of a node; numbered in that order."""
        problem = self.problem
        pair, column, taken = (np.concatenate([part[at] for part in self.usage]) for at in range(3))
        pairs, row = np.unique(pair, return_inverse=True)
        # scipy answers an empty question with a sparse array
        stock = np.asarray(problem.available[np.divmod(pairs, problem.n_nodes)]) if len(pairs) else pairs
        units = np.zeros(self.count, dtype=np.int64)
        np.add.at(units, column, taken)
        everything = np.arange(self.count)
        first, second = len(pairs), len(pairs) + problem.n_nodes
        usage = sparse.csc_array(
            (
                np.concatenate([taken, shipments, units]),
                (np.concatenate([row, first + node, second + node]), np.concatenate([column, everything, everything])),
            ),
            shape=(second + problem.n_nodes, self.count),
            dtype=np.int64,
        )
        usage.sum_duplicates()
        capacity = np.concatenate([stock, problem.node_max_shipments, problem.node_max_units]).astype(np.int64)
        return usage, capacity, pairs
