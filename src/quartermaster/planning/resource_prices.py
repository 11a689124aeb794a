"""Prices of resources and shares of opening costs by index: between the search, the certificate and the bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.domain.certificate import Certificate, NodePrices, OpeningShares, StockPrices
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.candidates import Candidates
from solver_models.bound import Prices

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ResourcePrices:
    """Prices by the index spaces of a `PlanningProblem`; what is not listed is free.

    Parameters
    ----------
    stock_sku, stock_node, stock_price
        (n_stock,) int64: priced pairs sorted by (SKU, node), each once, and the price of one unit, micro > 0.
    shipments, units
        (n_nodes,) int64 >= 0: price of one shipment from a node, of one unit shipped from it, micro.
    share
        (n_orders, n_nodes) sparse int64 >= 0: what an order pays towards opening a node, micro.
    """

    stock_sku: Ints
    stock_node: Ints
    stock_price: Ints
    shipments: Ints
    units: Ints
    share: sparse.csr_array


def no_resource_prices(n_orders: int, n_nodes: int) -> ResourcePrices:
    """Return prices of zero.

    Parameters
    ----------
    n_orders, n_nodes
        Sizes of the problem.
    """
    nothing, free = np.zeros(0, dtype=np.int64), np.zeros(n_nodes, dtype=np.int64)
    return ResourcePrices(nothing, nothing, nothing, free, free, sparse.csr_array((n_orders, n_nodes), dtype=np.int64))


def prices_found(candidates: Candidates, prices: Prices) -> ResourcePrices:
    """Read the prices of a search by what they are prices of.

    Parameters
    ----------
    candidates
        What was searched: its resources are stock pairs, then shipments, then units of each node.
    prices
        What the search found.
    """
    n_stock, n_nodes = len(candidates.stock_pair), candidates.problem.n_nodes
    stock, shipments, units = np.split(prices.resource, [n_stock, n_stock + n_nodes])
    priced = np.flatnonzero(stock)
    sku, node = np.divmod(candidates.stock_pair[priced], max(n_nodes, 1))
    order, place = np.nonzero(prices.share)
    paid = prices.share[order, place]
    shape = (candidates.problem.n_orders, n_nodes)
    share = sparse.csr_array((paid, (order, prices.opening_node[place])), shape=shape)
    return ResourcePrices(sku, node, stock[priced], shipments, units, share)


def certificate_of(snapshot: Snapshot, prices: ResourcePrices, bound_micro: int, snapshot_sha256: str) -> Certificate:
    """Write prices with the ids of their snapshot.

    Parameters
    ----------
    snapshot
        The checked snapshot.
    prices
        Any prices.
    bound_micro
        The bound they prove, micro.
    snapshot_sha256
        Hash of the snapshot.
    """
    nodes, skus = snapshot.nodes["node_id"], snapshot.products["sku"]
    # ids of a checked snapshot are sorted, so index order is the order of the ids
    by_node = np.lexsort((prices.stock_sku, prices.stock_node))
    shares = prices.share.tocoo()
    listed = np.lexsort((shares.col, shares.row))
    return Certificate(
        snapshot_sha256=snapshot_sha256,
        bound_micro=bound_micro,
        stock=StockPrices(
            node_id=tuple(nodes[prices.stock_node[by_node]].tolist()),
            sku=tuple(skus[prices.stock_sku[by_node]].tolist()),
            price_micro=tuple(prices.stock_price[by_node].tolist()),
        ),
        shipments=_node_prices(nodes, prices.shipments),
        units=_node_prices(nodes, prices.units),
        shares=OpeningShares(
            order_id=tuple(snapshot.orders["order_id"][shares.row[listed]].tolist()),
            node_id=tuple(nodes[shares.col[listed]].tolist()),
            share_micro=tuple(shares.data[listed].tolist()),
        ),
    )


def prices_of(snapshot: Snapshot, certificate: Certificate) -> ResourcePrices:
    """Read a certificate by the indices of its snapshot.

    Parameters
    ----------
    snapshot
        The checked snapshot.
    certificate
        One that `quartermaster.io.certificate_problems` has nothing against.

    Raises
    ------
    KeyError
        If it names an order, a node or a SKU that the snapshot does not have.
    """
    node = {node_id: index for index, node_id in enumerate(snapshot.nodes["node_id"].tolist())}
    sku = {name: index for index, name in enumerate(snapshot.products["sku"].tolist())}
    order = {order_id: index for index, order_id in enumerate(snapshot.orders["order_id"].tolist())}
    stock_sku, stock_node = _indices(sku, certificate.stock.sku), _indices(node, certificate.stock.node_id)
    stock_price = np.array(certificate.stock.price_micro, dtype=np.int64)
    by_sku = np.lexsort((stock_node, stock_sku))
    by_sku = by_sku[stock_price[by_sku] > 0]
    shares = certificate.shares
    return ResourcePrices(
        stock_sku=stock_sku[by_sku],
        stock_node=stock_node[by_sku],
        stock_price=stock_price[by_sku],
        shipments=_of_nodes(node, certificate.shipments),
        units=_of_nodes(node, certificate.units),
        share=sparse.csr_array(
            (
                np.array(shares.share_micro, dtype=np.int64),
                (_indices(order, shares.order_id), _indices(node, shares.node_id)),
            ),
            shape=(len(order), len(node)),
        ),
    )


def _node_prices(nodes: NDArray[np.object_], price: Ints) -> NodePrices:
    priced = np.flatnonzero(price)
    return NodePrices(node_id=tuple(nodes[priced].tolist()), price_micro=tuple(price[priced].tolist()))


def _of_nodes(node: dict[str, int], prices: NodePrices) -> Ints:
    price = np.zeros(len(node), dtype=np.int64)
    price[_indices(node, prices.node_id)] = np.array(prices.price_micro, dtype=np.int64)
    return price


def _indices(index: dict[str, int], ids: tuple[str, ...]) -> Ints:
    return np.fromiter((index[text] for text in ids), dtype=np.int64, count=len(ids))
