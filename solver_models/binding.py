"""The resources that can bind: what all orders together cannot exhaust is dropped, and has no price."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver_models.bound import Prices, no_prices
from solver_models.clearing import clearing_prices
from solver_models.sourcing import SourcingArrays

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A problem without the resources that cannot bind.

    Parameters
    ----------
    arrays
        It; columns and orders keep their numbers.
    begin
        Its prices to begin with: what scarce families clear at.
    rows
        (n_kept,) numbers of its resources in the whole problem, of which there are `n_resources`.
    n_resources
        Resources of the whole problem.
    """

    arrays: SourcingArrays
    begin: Prices
    rows: Ints
    n_resources: int

    def whole(self, prices: Prices) -> Prices:
        """Put prices back to the numbers of the whole problem: resources left out are free.

        Parameters
        ----------
        prices
            Of `arrays`.
        """
        resource = np.zeros(self.n_resources, dtype=np.int64)
        resource[self.rows] = prices.resource
        return replace(prices, resource=resource)


def binding(arrays: SourcingArrays) -> Binding:
    """Drop the resources that no plan can exhaust.

    Parameters
    ----------
    arrays
        The whole problem.
    """
    rows = np.flatnonzero(arrays.potential() > arrays.capacity)
    family = None if arrays.resource_family is None else arrays.resource_family[rows]
    kept = replace(arrays, usage=arrays.usage[rows], capacity=arrays.capacity[rows], resource_family=family)
    begin = replace(no_prices(kept), resource=clearing_prices(arrays)[rows])
    return Binding(kept, begin, rows, arrays.n_resources)
