"""A choice that changes a little at a time: what is chosen, what is used of each resource, columns by node."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver_models.sourcing import Choice, SourcingArrays

Ints = NDArray[np.int64]


class StandingChoice:
    """The choice at hand; an exchange of some columns touches nothing else.

    Parameters
    ----------
    arrays
        The problem.
    start
        A feasible choice.
    """

    def __init__(self, arrays: SourcingArrays, start: Choice) -> None:
        self._arrays = arrays
        self.cost = start.cost
        self.used = np.asarray(arrays.usage[:, start.columns].sum(axis=1), dtype=np.int64)
        """(n_resources,) units in use."""
        self.at_node = np.bincount(arrays.column_node[start.columns], minlength=arrays.n_nodes)
        """(n_nodes,) chosen columns of each node."""
        self._chosen = np.zeros(arrays.n_columns, dtype=bool)
        self._chosen[start.columns] = True

    @property
    def columns(self) -> Ints:
        """(n_chosen,) column numbers, rising."""
        return np.flatnonzero(self._chosen)

    def among(self, columns: Ints) -> Ints:
        """Return which of some columns are chosen.

        Parameters
        ----------
        columns
            (n,) column numbers.
        """
        among: Ints = columns[self._chosen[columns]]
        return among

    def opening_cost(self, old: Ints, new: Ints) -> int:
        """Return what opening nodes costs more once some columns stand in place of others.

        Parameters
        ----------
        old, new
            (n,) column numbers that go, that come.
        """
        arrays = self._arrays
        if not np.any(arrays.opening):
            return 0
        after = self.at_node + self._change(old, new)
        return int(arrays.opening @ ((after > 0).astype(np.int64) - (self.at_node > 0)))

    def exchange(self, old: Ints, new: Ints, gain: int) -> None:
        """Put some columns in place of others.

        Parameters
        ----------
        old, new
            (n,) column numbers that go, that come; an order's go before it gets others.
        gain
            What that saves.
        """
        arrays = self._arrays
        self.at_node = self.at_node + self._change(old, new)
        for columns, sign in ((old, -1), (new, 1)):
            taken = arrays.usage[:, columns].tocoo()
            np.add.at(self.used, taken.row, sign * taken.data)
            self._chosen[columns] = sign > 0
        self.cost -= gain

    def _change(self, old: Ints, new: Ints) -> Ints:
        node, n_nodes = self._arrays.column_node, self._arrays.n_nodes
        change: Ints = np.bincount(node[new], minlength=n_nodes) - np.bincount(node[old], minlength=n_nodes)
        return change
