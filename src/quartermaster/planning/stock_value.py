"""What stock is worth to orders that are still to come: the price of one unit of a SKU at a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.sourcing import Sourcing

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StockValue:
    """Prices by the index spaces of a `PlanningProblem`; what is not listed is worth nothing.

    Parameters
    ----------
    n_nodes
        Nodes of the problem.
    pair
        (n_priced,) int64 rising: SKU * n_nodes + node.
    price
        (n_priced,) int64 > 0: price of one unit, micro.
    """

    n_nodes: int
    pair: Ints
    price: Ints

    @property
    def highest(self) -> int:
        """The dearest price, micro; 0 without any."""
        return int(self.price.max(initial=0))

    def of(self, sku: NDArray[np.integer], node: NDArray[np.integer]) -> Ints:
        """Look prices up.

        Parameters
        ----------
        sku, node
            Indices, of one shape.

        Returns
        -------
        ndarray, of that shape, int64
            Price of one unit, micro >= 0.
        """
        wanted = np.asarray(sku, dtype=np.int64) * self.n_nodes + node
        if not len(self.pair):
            return np.zeros(wanted.shape, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.pair, wanted), len(self.pair) - 1)
        return np.where(self.pair[place] == wanted, self.price[place], 0).astype(np.int64)

    def taken(self, line_sku: Ints, sourcing: Sourcing) -> int:
        """Return what the units that a sourcing takes are worth, micro.

        Parameters
        ----------
        line_sku
            (n_lines,) SKU of each line.
        sourcing
            The decision.
        """
        each = self.of(line_sku[sourcing.line], sourcing.node)
        return sum(price * units for price, units in zip(each.tolist(), sourcing.quantity.tolist(), strict=True))


def stock_value_of(snapshot: Snapshot, prices: StockPrices) -> StockValue:
    """Read prices by the indices of a snapshot.

    Parameters
    ----------
    snapshot
        Checked.
    prices
        Of nodes and SKUs that it has.

    Raises
    ------
    KeyError
        If a node or a SKU is not in the snapshot.
    """
    node, sku = _positions(snapshot, "nodes", "node_id"), _positions(snapshot, "products", "sku")
    price = np.array(prices.price_micro, dtype=np.int64)
    pair = np.array([sku[name] * len(node) for name in prices.sku], dtype=np.int64)
    pair += np.array([node[node_id] for node_id in prices.node_id], dtype=np.int64)
    kept = np.argsort(pair)
    kept = kept[price[kept] > 0]
    return StockValue(len(node), pair[kept], price[kept])


def stock_prices_of(snapshot: Snapshot, value: StockValue) -> StockPrices:
    """Write prices with the ids of their snapshot, by node and SKU.

    Parameters
    ----------
    snapshot
        Checked.
    value
        Prices by its indices.
    """
    sku, node = np.divmod(value.pair, max(value.n_nodes, 1))
    order = np.lexsort((sku, node))
    return StockPrices(
        node_id=tuple(snapshot.nodes["node_id"][node[order]].tolist()),
        sku=tuple(snapshot.products["sku"][sku[order]].tolist()),
        price_micro=tuple(value.price[order].tolist()),
    )


def _positions(snapshot: Snapshot, table: str, column: str) -> Mapping[str, int]:
    return {text: index for index, text in enumerate(snapshot.table(table)[column].tolist())}
