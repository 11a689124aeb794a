"""Candidates: every shipment column that can matter, at its exact price, and what each column means.

One column is one way to serve a quantity vector of an order from one node. Usually that is one shipment by the cheapest
service; where two services together carry a vector for less (weight limits, odd rate cards) that is a column too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.joint import JointShipments
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.sourcing import Sourcing, sourcing_of
from solver_models.floors import LargeOrder
from solver_models.lattice import lattice_weights
from solver_models.sourcing import INFEASIBLE, SourcingArrays

Ints = NDArray[np.int64]
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What the vectors of one group of `SourcingArrays` stand for.

    Parameters
    ----------
    lines
        (G, L) order lines of each order of the group.
    vectors
        (V, L) units of each line, by number of the vector.
    """

    lines: Ints
    vectors: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Columns, and what each means.

    Parameters
    ----------
    problem
        What they were made for.
    arrays
        The columns as `solver_models` sees them.
    meanings
        Per group of `arrays`, what its vectors stand for.
    column_service
        (n_columns,) the service; -1 - k where the column is number k of `joint`.
    joint
        The columns of several services.
    large
        Orders too large to list: only some of their columns are in `arrays`.
    stock_pair
        (n_stock,) sku * n_nodes + node of each stock resource, the first resources of `arrays`; rising.
    """

    problem: PlanningProblem
    arrays: SourcingArrays
    meanings: tuple[Meaning, ...]
    column_service: Ints
    joint: tuple[JointShipments, ...]
    large: tuple[LargeOrder, ...]
    stock_pair: Ints

    def sourcing(self, columns: Ints) -> Sourcing:
        """Turn chosen columns into a sourcing.

        Parameters
        ----------
        columns
            (n,) column numbers.
        """
        parts = [(_NONE, _NONE, _NONE, _NONE)]
        for group, meaning in zip(self.arrays.groups, self.meanings, strict=True):
            inside = columns[(columns >= group.first_column) & (columns < group.first_column + group.n_columns)]
            position = np.searchsorted(group.orders, self.arrays.column_order[inside])
            service = self.column_service[inside]
            single = service >= 0
            parts.append(
                _allocations(
                    meaning.lines[position[single]],
                    self.arrays.column_node[inside[single]],
                    service[single],
                    meaning.vectors[self.arrays.column_vector[inside[single]]],
                )
            )
            for at in np.flatnonzero(~single).tolist():
                joint = self.joint[-1 - int(service[at])]
                pieces = len(joint.services)
                parts.append(
                    _allocations(
                        np.repeat(meaning.lines[position[at]][None], pieces, axis=0),
                        np.full(pieces, joint.node),
                        np.array(joint.services, dtype=np.int64),
                        meaning.vectors[list(joint.vectors)],
                    )
                )
        return sourcing_of(*(np.concatenate([part[at] for part in parts]) for at in range(4)))

    def columns_of(self, sourcing: Sourcing) -> Ints:
        """Find the columns that serve what a sourcing serves: per (order, node) the cheapest with no more shipments.

        Parameters
        ----------
        sourcing
            Any feasible decision.

        Returns
        -------
        ndarray, shape (n,), int64
            Column numbers, a feasible choice; a part that no column serves is left out, and the whole order with it
            where that would break a rule.
        """
        arrays, problem = self.arrays, self.problem
        place = np.full((2, problem.n_lines), -1, dtype=np.int64)
        for number, meaning in enumerate(self.meanings):
            place[0, meaning.lines], place[1, meaning.lines] = number, np.arange(meaning.lines.shape[1])
        group_of, at = place[:, sourcing.line]
        pair_of = problem.line_order[sourcing.line] * arrays.n_nodes + sourcing.node
        cost = arrays.column_cost + arrays.extra_shipment * (arrays.column_shipments - 1)
        pair_of_column = arrays.column_order * arrays.n_nodes + arrays.column_node
        cut = {order.order for order in self.large}
        in_pieces = {number for number, group in enumerate(arrays.groups) if int(group.orders[0]) in cut}
        found = [_NONE]
        for number in np.unique(group_of[group_of >= 0]).tolist():
            inside = np.flatnonzero(group_of == number)
            vectors = self.meanings[number].vectors
            pairs, which = np.unique(pair_of[inside], return_inverse=True)
            served = np.zeros((len(pairs), vectors.shape[1]), dtype=np.int64)
            np.add.at(served, (which, at[inside]), sourcing.quantity[inside])
            columns = np.arange(arrays.groups[number].first_column, arrays.groups[number].columns.stop)
            columns = columns[np.isin(pair_of_column[columns], pairs)]
            row = np.searchsorted(pairs, pair_of_column[columns])
            shipped = np.unique(np.stack([which, sourcing.service[inside]]), axis=1)[0]
            same = np.all(vectors[arrays.column_vector[columns]] == served[row], axis=1)
            same &= arrays.column_shipments[columns] <= np.bincount(shipped)[row]
            columns, row = columns[same], row[same]
            order = np.lexsort((cost[columns], row))
            if number in in_pieces:
                found.append(_without_overlap(arrays, number, columns[order], row[order]))
            else:
                first = order[np.flatnonzero(np.r_[True, np.diff(row[order]) != 0][: len(order)])]
                found.append(_unbroken(arrays, number, columns[first]))
        return np.sort(np.concatenate(found))


def _unbroken(arrays: SourcingArrays, number: int, columns: Ints) -> Ints:
    """Leave out the orders of a group of which what some columns leave unserved must not be backordered alone."""
    group = arrays.groups[number]
    position = np.searchsorted(group.orders, arrays.column_order[columns])
    left = np.full(len(group.orders), group.lattice.size - 1)
    np.subtract.at(left, position, arrays.column_vector[columns])
    feasible = group.backorder[np.arange(len(left)), left] < INFEASIBLE
    kept: Ints = columns[feasible[position]]
    return kept


def _without_overlap(arrays: SourcingArrays, number: int, columns: Ints, row: Ints) -> Ints:
    """Choose one column of each row so that no piece is served twice: of equal pieces any will do."""
    group = arrays.groups[number]
    left = np.array(group.lattice.quantities, dtype=np.int64)
    chosen: dict[int, int] = {}
    for column, part in zip(columns.tolist(), row.tolist(), strict=True):
        vector = group.lattice.vectors[arrays.column_vector[column]]
        if part not in chosen and np.all(vector <= left):
            chosen[part] = column
            left -= vector
    feasible = group.backorder[0, int(left @ lattice_weights(group.lattice))] < INFEASIBLE
    return np.array(list(chosen.values()) if feasible else [], dtype=np.int64)


def _allocations(lines: Ints, nodes: Ints, services: Ints, vectors: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    row, at = np.nonzero(vectors)
    return lines[row, at], nodes[row], services[row], vectors[row, at]
