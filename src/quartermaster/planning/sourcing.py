"""The decision: which units of which order line leave from which node by which service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import ModelError


@dataclass(frozen=True, slots=True, eq=False)
class Sourcing:
    """Units by (order line, node, service); what is not listed is backordered.

    Parameters
    ----------
    line, node, service, quantity
        (n_allocations,) int64 each: indices of the canonical snapshot and units > 0, sorted by (line, node, service),
        each triple at most once.

    Raises
    ------
    ModelError
        If the arrays are not of that form.
    """

    line: NDArray[np.int64]
    node: NDArray[np.int64]
    service: NDArray[np.int64]
    quantity: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.line) == len(self.node) == len(self.service) == len(self.quantity):
            raise ModelError("sourcing arrays differ in length")
        if np.any(self.quantity <= 0):
            raise ModelError("sourcing holds a quantity that is not positive")
        if len(self.line) > 1:
            step = np.diff(self.line), np.diff(self.node), np.diff(self.service)
            rising = (step[0] > 0) | ((step[0] == 0) & ((step[1] > 0) | ((step[1] == 0) & (step[2] > 0))))
            if not np.all(rising):
                raise ModelError("sourcing is not sorted by line, node and service, each once")

    def __len__(self) -> int:
        return len(self.line)


def sourcing_of(
    line: NDArray[np.integer], node: NDArray[np.integer], service: NDArray[np.integer], quantity: NDArray[np.integer]
) -> Sourcing:
    """Build a canonical sourcing from allocations in any order; zero quantities are dropped.

    Parameters
    ----------
    line, node, service, quantity
        (n,) integer arrays.
    """
    kept = np.flatnonzero(np.asarray(quantity))
    keys = (np.asarray(service)[kept], np.asarray(node)[kept], np.asarray(line)[kept])
    order = kept[np.lexsort(keys)]
    return Sourcing(*(np.asarray(array, dtype=np.int64)[order] for array in (line, node, service, quantity)))


NOTHING = sourcing_of(*(np.empty(0, dtype=np.int64) for _ in range(4)))
"""The sourcing that backorders everything."""
