"""What is left between two routed orders: stock, capacity of nodes, and which of them are open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import RoutingError
from quartermaster.planning.problem import UNLIMITED, PlanningProblem
from quartermaster.planning.routing.network import Limits, StockRow

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Load:
    """What one option takes.

    Parameters
    ----------
    units
        Units of each (SKU row, node row).
    shipments
        Shipments of each node row.
    """

    units: Mapping[tuple[int, int], int]
    shipments: Mapping[int, int]

    def by_node(self) -> dict[int, int]:
        """Return the units of each node."""
        total: dict[int, int] = {}
        for (_, node), units in self.units.items():
            total[node] = total.get(node, 0) + units
        return total


class RoutingStock:
    """Stock by SKU, in rows of a sparse table; rows that a new pair joined are held apart.

    Parameters
    ----------
    problem
        Gives stock, capacities and opening costs.
    """

    def __init__(self, problem: PlanningProblem) -> None:
        stock = problem.available.copy()
        stock.sort_indices()
        self._start = stock.indptr.tolist()
        self._node, self._units = np.asarray(stock.indices, dtype=np.int64), np.asarray(stock.data, dtype=np.int64)
        self._joined: dict[int, StockRow] = {}
        self._problem = problem
        self._shipments = np.zeros(problem.n_nodes, dtype=np.int64)
        self._shipped = np.zeros(problem.n_nodes, dtype=np.int64)
        self._limits: Limits | None = None

    def row(self, sku: int) -> StockRow:
        """Return the units of one SKU; a live view, not to be changed.

        Parameters
        ----------
        sku
            SKU row.
        """
        joined = self._joined.get(sku)
        if joined is not None:
            return joined
        here = slice(self._start[sku], self._start[sku + 1])
        return StockRow(self._node[here], self._units[here])

    def units(self, sku: int, node: int) -> int:
        """Return the units of one SKU at one node.

        Parameters
        ----------
        sku, node
            Rows.
        """
        row = self.row(sku)
        at = int(np.searchsorted(row.node, node))
        return int(row.amount[at]) if at < len(row.node) and row.node[at] == node else 0

    @property
    def limits(self) -> Limits:
        """What nodes may still ship, and what opening them still costs."""
        if self._limits is None:
            problem = self._problem
            self._limits = Limits(
                _left(problem.node_max_shipments, self._shipments),
                _left(problem.node_max_units, self._shipped),
                np.where(self._shipments > 0, 0, problem.node_opening_micro),
            )
        return self._limits

    def take(self, load: Load) -> None:
        """Take what an option needs, all of it or nothing.

        Parameters
        ----------
        load
            What it needs.

        Raises
        ------
        RoutingError
            If stock or capacity does not cover it; says what is short.
        """
        shortages = list(self._shortages(load))
        if shortages:
            raise RoutingError("; ".join(shortages))
        self._add(load, -1)

    def give(self, load: Load) -> None:
        """Give back what was taken; a node from which nothing is taken any more is closed again.

        Parameters
        ----------
        load
            As it was taken.
        """
        self._add(load, 1)

    def restock(self, sku: int, node: int, units: int) -> None:
        """Add units that arrived, or take away ones that are not there.

        Parameters
        ----------
        sku, node
            Rows.
        units
            How many; fewer than 0 where there are fewer, never more than there are.
        """
        row = self.row(sku)
        at = int(np.searchsorted(row.node, node))
        if at == len(row.node) or row.node[at] != node:
            row = StockRow(np.insert(row.node, at, node), np.insert(row.amount, at, 0))
            self._joined[sku] = row
        row.amount[at] += units

    def _shortages(self, load: Load) -> Iterable[str]:
        limits, ids, skus = self.limits, self._problem.snapshot.nodes["node_id"], self._problem.snapshot.products["sku"]
        for (sku, node), units in load.units.items():
            left = self.units(sku, node)
            if left < units:
                yield f"node {ids[node]} has {left} of SKU {skus[sku]}, not {units}"
        for node, units in load.by_node().items():
            if limits.units[node] < units:
                yield f"node {ids[node]} has {limits.units[node]} units of capacity left, not {units}"
        for node, shipments in load.shipments.items():
            if limits.shipments[node] < shipments:
                yield f"node {ids[node]} has {limits.shipments[node]} shipments of capacity left, not {shipments}"

    def _add(self, load: Load, sign: int) -> None:
        for (sku, node), units in load.units.items():
            row = self.row(sku)
            row.amount[np.searchsorted(row.node, node)] += sign * units
        for node, units in load.by_node().items():
            self._shipped[node] -= sign * units
        for node, shipments in load.shipments.items():
            self._shipments[node] -= sign * shipments
        self._limits = None


def _left(limit: Ints, used: Ints) -> Ints:
    return np.where(limit >= UNLIMITED, UNLIMITED, np.maximum(limit - used, 0))
