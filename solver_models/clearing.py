"""Where prices begin: at what the first customer who goes without would have paid.

Resources that stand in for each other (the stock of one SKU at several nodes) are pooled into a *family*, and each
line of an order bids what backordering a unit costs above serving it from its cheapest column. Where a family has fewer
units than are asked for, the highest bid that is left out is its clearing price (Shapley and Shubik 1971); elsewhere it
is 0. Ascent from there needs a tenth of the steps that it needs from prices of zero, since a scarce unit is worth
nearly what a backorder costs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver_models.lattice import lattice_weights
from solver_models.sourcing import INFEASIBLE, OrderGroup, SourcingArrays

Ints = NDArray[np.int64]


def clearing_prices(arrays: SourcingArrays) -> Ints:
    """Price every resource at what its family clears at.

    Parameters
    ----------
    arrays
        The whole problem: resources that cannot bind count as supply.

    Returns
    -------
    ndarray, shape (n_resources,), int64
        Zero for resources without a family.
    """
    family = arrays.resource_family
    if family is None or not np.any(family >= 0):
        return np.zeros(arrays.n_resources, dtype=np.int64)
    bids = [np.empty((3, 0), dtype=np.int64)]
    for group in arrays.groups:
        bids += [_bids(arrays, group, line, family) for line in range(len(group.lattice.quantities))]
    asked, bid, units = np.concatenate(bids, axis=1)
    supply = np.zeros(int(family.max()) + 1, dtype=np.int64)
    np.add.at(supply, family[family >= 0], arrays.capacity[family >= 0])
    order = np.lexsort((-bid, asked))
    asked, bid, units = asked[order], bid[order], units[order]
    first = np.r_[True, np.diff(asked) != 0][: len(asked)]
    before = np.cumsum(units) - units
    taken = before - np.maximum.accumulate(np.where(first, before, 0)) + units
    price = np.zeros(len(supply), dtype=np.int64)
    beyond = np.flatnonzero(taken > supply[asked])
    np.maximum.at(price, asked[beyond], bid[beyond])
    return np.where(family >= 0, price[np.maximum(family, 0)], 0)


def _bids(arrays: SourcingArrays, group: OrderGroup, line: int, family: Ints) -> Ints:
    """Return (3, n) family, bid per unit and units of one line of each order of a group that can be served alone."""
    one = int(lattice_weights(group.lattice)[line])
    columns = group.first_column + np.flatnonzero(arrays.column_vector[group.columns] == one)
    if not len(columns):
        return np.empty((3, 0), dtype=np.int64)
    place = np.full(arrays.n_orders, -1, dtype=np.int64)
    place[group.orders] = np.arange(len(group.orders))
    row = place[arrays.column_order[columns]]
    cheapest = np.full(len(group.orders), INFEASIBLE, dtype=np.int64)
    np.minimum.at(cheapest, row, arrays.column_cost[columns])
    of_order = np.full(len(group.orders), -1, dtype=np.int64)
    taken = arrays.usage[:, columns].tocoo()
    stock = np.flatnonzero(family[taken.row] >= 0)
    of_order[row[taken.col[stock]]] = family[taken.row[stock]]
    bidding = np.flatnonzero((of_order >= 0) & (cheapest < INFEASIBLE))
    bid = np.maximum(0, group.unit_backorder[bidding, line] - cheapest[bidding])
    return np.stack([of_order[bidding], bid, np.full(len(bidding), group.lattice.quantities[line])])
