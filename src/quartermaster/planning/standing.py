"""What allocations that stand (`Snapshot.fixed`) take of stock and capacity before anything is planned.

They are no part of the plan: they open no node, are no shipment of an order, and cost nothing. What they take beyond
what there is leaves 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.domain.snapshot import Snapshot

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is taken already.

    Parameters
    ----------
    shipments, units
        (n_nodes,) int64: of each node's capacity; every distinct order and shipment of a node is one shipment.
    stock
        (n_skus, n_nodes) sparse int64: of each SKU at each node.
    """

    shipments: Ints
    units: Ints
    stock: sparse.csr_array

    def left_of(self, held: sparse.csr_array) -> sparse.csr_array:
        """Return what is left of a stock, only > 0 stored; the stock itself where nothing is taken.

        Parameters
        ----------
        held
            (n_skus, n_nodes) sparse int64: units before anything is taken.
        """
        if not self.stock.nnz:
            return held
        left = sparse.csr_array(held - self.stock)
        left.data = np.maximum(left.data, 0)
        left.eliminate_zeros()
        return left


def standing_of(snapshot: Snapshot, sku_index: dict[str, int], node_index: dict[str, int]) -> Standing:
    """Add up the allocations that stand.

    Parameters
    ----------
    snapshot
        Checked.
    sku_index, node_index
        Index of each SKU and node.
    """
    fixed = snapshot.fixed
    nodes, quantity = fixed["node_id"].tolist(), fixed["quantity"].astype(np.int64)
    node = np.array([node_index[node_id] for node_id in nodes], dtype=np.int64)
    sku = np.array([sku_index[name] for name in fixed["sku"].tolist()], dtype=np.int64)
    shipments = np.zeros(len(node_index), dtype=np.int64)
    for node_id, *_ in set(zip(nodes, fixed["order_id"].tolist(), fixed["shipment_id"].tolist(), strict=True)):
        shipments[node_index[node_id]] += 1
    units = np.zeros(len(node_index), dtype=np.int64)
    np.add.at(units, node, quantity)
    stock = sparse.csr_array((quantity, (sku, node)), shape=(len(sku_index), len(node_index)))
    return Standing(shipments, units, stock)
