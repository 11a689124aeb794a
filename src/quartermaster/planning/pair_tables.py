"""Costs of listed shipments as tables, one row of vectors for each (order, node) pair, some pairs at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.shipment_cells import ShipmentCells
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class PairTables:
    """Tables of one priced group.

    Parameters
    ----------
    cells
        Its shipments.
    """

    def __init__(self, cells: ShipmentCells) -> None:
        self.cells = cells
        self.first = np.searchsorted(cells.pair, np.arange(len(cells.pairs.row) + 1))

    def of(self, pairs: NDArray[np.intp]) -> tuple[Ints, Flags]:
        """Write the shipments of some pairs as tables.

        Parameters
        ----------
        pairs
            (P,) numbers of pairs.

        Returns
        -------
        cost
            (P, V) cost of the single shipment, micro; `INFEASIBLE` where it cannot be, and for the zero vector.
        fits
            (P, V) whether the node has the units, whether or not a service carries them.
        """
        cells, shape = self.cells, (len(pairs), len(self.cells.group.vectors))
        count = self.first[pairs + 1] - self.first[pairs]
        row = np.repeat(np.arange(len(pairs)), count)
        entry = np.arange(len(row)) + np.repeat(self.first[pairs] - (np.cumsum(count) - count), count)
        cost, fits = np.full(shape, INFEASIBLE, dtype=np.int64), np.zeros(shape, dtype=bool)
        vector = cells.vector[entry]
        cost[row, vector] = cells.cost[entry]
        fits[row, vector] = True
        return cost, fits

    def with_several(self) -> NDArray[np.intp]:
        """Number the pairs of which two shipments could serve something together.

        Returns
        -------
        ndarray, shape (n,), intp
            All but those with a single vector that the order does not ask for twice.
        """
        group, count = self.cells.group, np.diff(self.first)
        twice = np.all(2 * group.vectors <= group.quantities, axis=1)
        some = np.flatnonzero(count)
        several: NDArray[np.intp] = some[(count[some] > 1) | twice[self.cells.vector[self.first[some]]]]
        return several
