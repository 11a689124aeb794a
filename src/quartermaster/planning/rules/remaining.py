"""What is left as orders are planned one after the other: stock, capacity, and which nodes are open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import UNLIMITED, PlanningProblem
from quartermaster.planning.sourcing import Sourcing, sourcing_of

Ints = NDArray[np.int64]

ENDLESS = 1 << 62
"""What is left of an unlimited capacity, before and after any plan."""


class Take(NamedTuple):
    """Units of one order line that leave from one node by one service."""

    line: int
    node: int
    service: int
    quantity: int


class Remaining:
    """Stock and capacity left, and the takes so far.

    Parameters
    ----------
    problem
        The problem; nothing is taken yet.

    Attributes
    ----------
    shipments, units : ndarray, shape (n_nodes,), int64
        Capacity left of each node; `ENDLESS` where unlimited.
    opening_micro : ndarray, shape (n_nodes,), int64
        What a first shipment still has to pay to open the node.
    """

    def __init__(self, problem: PlanningProblem) -> None:
        self._problem = problem
        stock = problem.available.copy()
        stock.sort_indices()
        self._stock = stock
        self._takes: list[Take] = []
        self.shipments = _left(problem.node_max_shipments)
        self.units = _left(problem.node_max_units)
        self.opening_micro = problem.node_opening_micro.copy()

    @property
    def stock(self) -> sparse.csr_array:
        """(n_skus, n_nodes) units left; a live view, not to be changed."""
        return self._stock

    def rows(self, skus: Ints) -> Ints:
        """Return the units left of some SKUs at every node.

        Parameters
        ----------
        skus
            (n,) SKU indices.

        Returns
        -------
        ndarray, shape (n, n_nodes), int64
        """
        rows = np.zeros((len(skus), self._problem.n_nodes), dtype=np.int64)
        start, nodes, units = self._stock.indptr, self._stock.indices, self._stock.data
        for row, sku in enumerate(skus.tolist()):
            begin, end = start[sku], start[sku + 1]
            rows[row, nodes[begin:end]] = units[begin:end]
        return rows

    def covers(self, takes: Iterable[Take]) -> bool:
        """Tell whether stock and capacity left suffice for some takes of one order.

        Parameters
        ----------
        takes
            What the order would take.
        """
        wanted: dict[tuple[int, int], int] = {}
        units: dict[int, int] = {}
        shipments: dict[int, set[int]] = {}
        for take in takes:
            key = (int(self._problem.line_sku[take.line]), take.node)
            wanted[key] = wanted.get(key, 0) + take.quantity
            units[take.node] = units.get(take.node, 0) + take.quantity
            shipments.setdefault(take.node, set()).add(take.service)
        return (
            all(self._stock.data[self._place(*key)] >= quantity for key, quantity in wanted.items())
            and all(self.units[node] >= quantity for node, quantity in units.items())
            and all(self.shipments[node] >= len(services) for node, services in shipments.items())
        )

    def take(self, takes: Iterable[Take]) -> list[int]:
        """Take what one order was given.

        Parameters
        ----------
        takes
            All takes of the order.

        Returns
        -------
        list of int
            Nodes with an opening cost that were opened, which makes later options cheaper.
        """
        opened = []
        used: set[tuple[int, int]] = set()
        for take in takes:
            self._stock.data[self._place(int(self._problem.line_sku[take.line]), take.node)] -= take.quantity
            if self.units[take.node] != ENDLESS:
                self.units[take.node] -= take.quantity
            used.add((take.node, take.service))
            self._takes.append(take)
        for node, _ in used:
            if self.shipments[node] != ENDLESS:
                self.shipments[node] -= 1
            if self.opening_micro[node]:
                opened.append(node)
                self.opening_micro[node] = 0
        return opened

    def sourcing(self) -> Sourcing:
        """Return everything taken."""
        columns = np.array(self._takes, dtype=np.int64).reshape(-1, 4).T
        return sourcing_of(columns[0], columns[1], columns[2], columns[3])

    def _place(self, sku: int, node: int) -> int:
        """Return where the pair's units stand in the data of the stock; it is stocked."""
        begin, end = self._stock.indptr[sku], self._stock.indptr[sku + 1]
        return int(begin + np.searchsorted(self._stock.indices[begin:end], node))


def _left(limit: Ints) -> Ints:
    return np.where(limit >= UNLIMITED, ENDLESS, limit).astype(np.int64)
