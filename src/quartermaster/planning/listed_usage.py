"""What listed columns take of stock, shipments and units: gathered group by group, without a copy of everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import UNLIMITED, PlanningProblem
from quartermaster.planning.shapes import ShapeGroup

Ints = NDArray[np.int64]

_FREE = -1
"""In place of a resource: nothing that could run out is taken."""


class ListedUsage:
    """Usage of the columns of one problem, in the order in which they are added.

    What all orders together cannot use up is a resource, but no column is said to take of it.

    Parameters
    ----------
    problem
        The problem.
    demand
        (n_skus,) units that all orders together may take, as often as they come.
    """

    def __init__(self, problem: PlanningProblem, demand: NDArray[np.float64]) -> None:
        self._problem = problem
        stock = problem.available
        self._sku = np.repeat(np.arange(problem.n_skus), np.diff(stock.indptr))
        # number of each stocked pair, plus one: 0 = no stock
        number = np.arange(1, stock.nnz + 1)
        self._number = sparse.csr_array((number, stock.indices, stock.indptr), shape=stock.shape)
        self._can_bind = np.r_[stock.data < demand[self._sku], problem.node_max_shipments < UNLIMITED]
        self._can_bind = np.r_[self._can_bind, problem.node_max_units < UNLIMITED]
        self._used = np.zeros(stock.nnz, dtype=bool)
        self._parts: list[tuple[NDArray[np.int32], Ints, NDArray[np.int32]]] = []

    def add(self, shape: ShapeGroup, row: Ints, node: Ints, vector: Ints, shipments: Ints) -> None:
        """Add columns.

        Parameters
        ----------
        shape
            The orders they serve.
        row, node, vector, shipments
            (n,) position of the order in the shape, node, number of the quantity vector, shipments.
        """
        problem, n_pairs, n_lines = self._problem, len(self._used), shape.lines.shape[1]
        if not len(row):
            return
        units = shape.vectors[vector]
        resource = np.full((len(row), n_lines + 2), _FREE, dtype=np.int64)
        column, line = np.nonzero(units)
        # scipy answers an empty question with a sparse array
        number = np.asarray(self._number[problem.line_sku[shape.lines[row[column], line]], node[column]]) - 1
        self._used[number] = True
        resource[column, line] = number
        resource[:, n_lines], resource[:, n_lines + 1] = n_pairs + node, n_pairs + problem.n_nodes + node
        resource[~self._can_bind[resource]] = _FREE
        taken = resource != _FREE
        amount = np.concatenate([units, shipments[:, None], units.sum(axis=1)[:, None]], axis=1)
        counted = taken.sum(axis=1)
        self._parts.append((resource[taken].astype(np.int32), amount[taken], counted.astype(np.int32)))

    def finish(self) -> tuple[sparse.csc_array, Ints, Ints]:
        """Put the parts together and let go of them.

        Returns
        -------
        usage
            (n_resources, n_columns) CSC int64: stock of each pair that a column takes from, shipments of every node,
            units of every node.
        capacity
            (n_resources,) int64, as published.
        stock_pair
            (n_stock,) sku * n_nodes + node of each stock resource; rising.
        """
        problem = self._problem
        pairs = np.flatnonzero(self._used)
        number = np.full(len(self._used) + 2 * problem.n_nodes, _FREE, dtype=np.int32)
        number[pairs] = np.arange(len(pairs))
        number[len(self._used) :] = len(pairs) + np.arange(2 * problem.n_nodes)
        nothing = np.empty(0, dtype=np.int32)
        resource, amount, counted = (np.concatenate([nothing, *(part[at] for part in self._parts)]) for at in range(3))
        self._parts.clear()
        shape = (len(pairs) + 2 * problem.n_nodes, len(counted))
        start = np.concatenate([[0], np.cumsum(counted, dtype=np.int64)])
        usage = sparse.csc_array((amount.astype(np.int64, copy=False), number[resource], start), shape=shape)
        usage.sum_duplicates()
        capacity = np.r_[problem.available.data[pairs], problem.node_max_shipments, problem.node_max_units]
        return usage, capacity, self._sku[pairs] * problem.n_nodes + problem.available.indices[pairs].astype(np.int64)
