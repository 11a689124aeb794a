"""Candidates: every shipment column that can matter, at its exact price, as arrays for `solver_models`.

One column is one way to serve a quantity vector of an order from one node. Usually that is one shipment by the cheapest
service; where two services together carry a vector for less (weight limits, odd rate cards) that is a column too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.joint import JointShipments, joint_shipments
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipment_costs import ShapeGroup, lattice_sizes, shapes, shipment_costs
from quartermaster.planning.sourcing import Sourcing, sourcing_of
from solver_models.lattice import lattice_of, lattice_weights, pair_count
from solver_models.sourcing import INFEASIBLE, UNLIMITED, OrderGroup, SourcingArrays, order_group

Ints = NDArray[np.int64]

MAX_VECTORS = 5_000
"""Quantity vectors up to which all of an order's vectors are listed."""
MAX_PAIRS = 1_000_000
"""Pairs of vectors up to which an order is priced exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Columns, and what each means.

    Parameters
    ----------
    problem
        What they were made for.
    arrays
        The columns as `solver_models` sees them.
    column_service
        (n_columns,) the service; -1 - k where the column is number k of `joint`.
    joint
        The columns of several services.
    lines
        Per group of `arrays` (G, L): the order lines, in the order of the lattice.
    wide
        (n,) orders too large to list; they are not in `arrays`.
    """

    problem: PlanningProblem
    arrays: SourcingArrays
    column_service: Ints
    joint: tuple[JointShipments, ...]
    lines: tuple[Ints, ...]
    wide: Ints

    def columns_of(self, sourcing: Sourcing) -> Ints:
        """Find the columns that serve what a sourcing serves, each (order, node) by its cheapest way.

        Parameters
        ----------
        sourcing
            Any feasible decision.

        Returns
        -------
        ndarray, shape (n,), int64
            Column numbers; a part that no column serves is left out.
        """
        problem, arrays = self.problem, self.arrays
        found = [_NONE]
        key_of_column = arrays.column_order * arrays.n_nodes + arrays.column_node
        for group, lines in zip(arrays.groups, self.lines, strict=True):
            place = np.full(problem.n_lines, -1, dtype=np.int64)
            place[lines.ravel()] = np.tile(lattice_weights(group.lattice), len(lines))
            inside = np.flatnonzero(place[sourcing.line] >= 0)
            if not len(inside):
                continue
            order = problem.line_order[sourcing.line[inside]]
            pairs, which = np.unique(order * arrays.n_nodes + sourcing.node[inside], return_inverse=True)
            vector = np.zeros(len(pairs), dtype=np.int64)
            np.add.at(vector, which, place[sourcing.line[inside]] * sourcing.quantity[inside])
            columns = np.arange(group.first_column, group.first_column + group.n_columns)
            wanted = np.isin(key_of_column[columns], pairs)
            columns = columns[wanted]
            at = np.searchsorted(pairs, key_of_column[columns])
            columns, at = (
                columns[vector[at] == arrays.column_vector[columns]],
                at[vector[at] == arrays.column_vector[columns]],
            )
            total = arrays.column_cost[columns] + arrays.extra_shipment * (arrays.column_shipments[columns] - 1)
            best = np.lexsort((total, at))
            found.append(columns[best[np.r_[True, np.diff(at[best]) != 0]]] if len(best) else _NONE)
        return np.sort(np.concatenate(found))

    def sourcing(self, columns: Ints) -> Sourcing:
        """Turn chosen columns into a sourcing.

        Parameters
        ----------
        columns
            (n,) column numbers.
        """
        parts: list[tuple[Ints, Ints, Ints, Ints]] = []
        for group, lines in zip(self.arrays.groups, self.lines, strict=True):
            inside = columns[(columns >= group.first_column) & (columns < group.first_column + group.n_columns)]
            single = inside[self.column_service[inside] >= 0]
            position = np.searchsorted(group.orders, self.arrays.column_order[single])
            vectors = group.lattice.vectors[self.arrays.column_vector[single]]
            parts.append(
                _allocations(lines[position], self.arrays.column_node[single], self.column_service[single], vectors)
            )
            for column in inside[self.column_service[inside] < 0].tolist():
                position_of = int(np.searchsorted(group.orders, self.arrays.column_order[column]))
                joint = self.joint[-1 - int(self.column_service[column])]
                pieces = len(joint.services)
                parts.append(
                    _allocations(
                        np.repeat(lines[position_of][None], pieces, axis=0),
                        np.full(pieces, self.arrays.column_node[column]),
                        np.array(joint.services, dtype=np.int64),
                        group.lattice.vectors[list(joint.vectors)],
                    )
                )
        return sourcing_of(*(np.concatenate([part[at] for part in parts]) if parts else _NONE for at in range(4)))


_NONE = np.empty(0, dtype=np.int64)


def _allocations(lines: Ints, nodes: Ints, services: Ints, vectors: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    row, at = np.nonzero(vectors)
    return lines[row, at], nodes[row], services[row], vectors[row, at]


def list_candidates(problem: PlanningProblem) -> Candidates:
    """List every column of every order that is small enough.

    Parameters
    ----------
    problem
        The problem.
    """
    narrow = lattice_sizes(problem) <= MAX_VECTORS
    for order in np.flatnonzero(narrow).tolist():
        lines = slice(problem.line_start[order], problem.line_start[order + 1])
        narrow[order] = pair_count(tuple(problem.line_quantity[lines].tolist())) <= MAX_PAIRS
    builder = _Builder(problem)
    for group in shapes(problem, np.flatnonzero(narrow)):
        builder.add(group)
    return builder.finish(np.flatnonzero(~narrow))


def _needs_watching(cost: Ints, joint: list[JointShipments], extra: int, shape: ShapeGroup) -> NDArray[np.bool_]:
    """Tell, per (order, node), whether two of its columns can sum to a vector that costs more, or cannot be, as one."""
    lattice = lattice_of(tuple(shape.quantities.tolist()))
    best = cost.copy()
    for found in joint:
        whole = sum(found.vectors)
        together = found.cost + extra * (len(found.services) - 1)
        best[found.row, found.node, whole] = min(best[found.row, found.node, whole], together)
    watched = np.zeros(cost.shape[:2], dtype=bool)
    rows, places = np.nonzero(np.any(best < INFEASIBLE, axis=2))
    width = max(1, 4_000_000 // max(1, sum(len(level[1]) for level in lattice.levels)))
    for at in range(0, len(rows), width):
        row, place = rows[at : at + width], places[at : at + width]
        table = best[row, place]
        for whole, part, rest, start in lattice.levels:
            two = np.minimum.reduceat(table[:, part] + table[:, rest], start, axis=1) + extra
            watched[row, place] |= np.any((two < table[:, whole]) & (two < INFEASIBLE), axis=1)
    return watched


class _Builder:
    """Collects the columns of one shape group after another."""

    def __init__(self, problem: PlanningProblem) -> None:
        self.problem = problem
        self.count = 0
        self.groups: list[OrderGroup] = []
        self.lines: list[Ints] = []
        self.columns: list[NDArray[np.int64]] = []
        self.joint: list[JointShipments] = []
        self.usage: list[tuple[Ints, Ints, Ints]] = []

    def add(self, shape: ShapeGroup) -> None:
        """Price one shape group and add its columns, split by how many shipments its orders may have."""
        problem = self.problem
        priced = shipment_costs(problem, shape)
        most = int(shape.quantities.sum())
        row, place, vector = np.nonzero(priced.cost < INFEASIBLE)
        cost, service = priced.cost[row, place, vector], priced.service[row, place, vector].astype(np.int64)
        shipments = np.ones(len(row), dtype=np.int64)
        first_joint = len(self.joint)
        self.joint += joint_shipments(priced)
        new = self.joint[first_joint:]
        if new:
            row = np.r_[row, [joint.row for joint in new]]
            place = np.r_[place, [joint.node for joint in new]]
            vector = np.r_[vector, [sum(joint.vectors) for joint in new]]
            cost = np.r_[cost, [joint.cost for joint in new]]
            service = np.r_[service, [-1 - (first_joint + at) for at in range(len(new))]]
            shipments = np.r_[shipments, [len(joint.services) for joint in new]]
        once = _needs_watching(priced.cost, new, problem.extra_shipment_micro, shape)[row, place]
        limit = problem.order_max_shipments[shape.orders]
        limit = np.where(limit >= most, UNLIMITED, limit)
        for value in np.unique(limit).tolist():
            rows = np.flatnonzero(limit == value)
            kept = np.isin(row, rows) & (shipments <= value)
            order = np.flatnonzero(kept)[np.lexsort((shipments[kept], place[kept], vector[kept], row[kept]))]
            self._add_group(shape, rows, value, row[order], place[order], vector[order])
            parts = (shape.orders[row], place, vector, shipments, cost, service, once)
            self.columns.append(np.stack([part[order] for part in parts]).astype(np.int64))

    def _add_group(self, shape: ShapeGroup, rows: Ints, limit: int, row: Ints, node: Ints, vector: Ints) -> None:
        problem, lines = self.problem, shape.lines[rows]
        numbers = np.arange(self.count, self.count + len(row))
        entry, at = np.nonzero(shape.vectors[vector])
        sku = problem.line_sku[shape.lines[row[entry], at]]
        self.usage.append((sku * problem.n_nodes + node[entry], numbers[entry], shape.vectors[vector[entry], at]))
        self.groups.append(
            order_group(
                lattice_of(tuple(shape.quantities.tolist())),
                limit,
                shape.orders[rows],
                problem.line_backorder_micro[lines],
                problem.order_backorder_micro[shape.orders[rows]],
                problem.line_complete[lines],
                problem.order_complete[shape.orders[rows]],
                self.count,
                len(row),
            )
        )
        self.lines.append(lines)
        self.count += len(row)

    def finish(self, wide: Ints) -> Candidates:
        """Put everything together; only resources that all orders together could exhaust are kept."""
        problem = self.problem
        columns = np.concatenate(self.columns, axis=1) if self.columns else np.empty((7, 0), dtype=np.int64)
        order, node, vector, shipments, cost, service, once = columns
        usage, capacity = self._resources(node, vector, shipments)
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
        )
        return Candidates(problem, arrays, service, tuple(self.joint), tuple(self.lines), wide)

    def _resources(self, node: Ints, vector: Ints, shipments: Ints) -> tuple[sparse.csc_array, Ints]:
        """Stock of (SKU, node), shipments of a node, units of a node; numbered in that order."""
        problem = self.problem
        pair = np.concatenate([part[0] for part in self.usage]) if self.usage else _NONE
        column = np.concatenate([part[1] for part in self.usage]) if self.usage else _NONE
        taken = np.concatenate([part[2] for part in self.usage]) if self.usage else _NONE
        pairs, row = np.unique(pair, return_inverse=True)
        stock = np.asarray(problem.available[pairs // problem.n_nodes, pairs % problem.n_nodes]).ravel()
        units = np.bincount(column, weights=taken, minlength=self.count).astype(np.int64)
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
        capacity = np.concatenate([stock, problem.node_max_shipments, problem.node_max_units]).astype(np.int64)
        return usage, capacity
