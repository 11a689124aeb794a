"""Order lines: popular SKUs often, most of them once; a few lines with rules about their nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.demo.columns import filled, tuples
from quartermaster.demo.orders import draw_baskets
from quartermaster.demo.size import Size
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.network import Inventory, Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.table import Table

_ZIPF = 0.8
"""Exponent of the popularity of SKUs by rank: of 400 SKUs the first tenth gets about 45 % of the lines."""
_QUANTITIES, _QUANTITY_SHARES = (1, 2, 3, 4, 5, 6), (0.84, 0.09, 0.035, 0.02, 0.01, 0.005)
_LINE_COMPLETE = 0.05
_CHEAPER_TO_WAIT, _DEARER_TO_WAIT = 0.03, 0.02
_PINNED, _ALLOWED, _EXCLUDED = 0.004, 0.01, 0.015


def popularity(size: Size) -> NDArray[np.float64]:
    """Return the chance of each SKU to be on a line; ranks are dealt out at random.

    Parameters
    ----------
    size
        How many SKUs, and the seed.

    Returns
    -------
    ndarray, shape (n_skus,)
        Probabilities of sum 1, by SKU.
    """
    share = 1.0 / np.arange(1, size.skus + 1) ** _ZIPF
    return size.stream("products").permutation(share / share.sum())


def draw_lines(size: Size, orders: Table[Order], skus: NDArray[np.object_]) -> Table[OrderLine]:
    """Draw the lines of all orders, without rules about nodes.

    Parameters
    ----------
    size
        How many SKUs, and the seed.
    orders
        The orders.
    skus
        (n_skus,) ids.
    """
    baskets = draw_baskets(size)
    rng = size.stream("rules")
    n = int(baskets.sum())
    start = np.cumsum(baskets) - baskets
    backorder_cost = np.full(n, NOT_GIVEN, dtype=np.int64)
    draw = rng.random(n)
    backorder_cost[draw < _CHEAPER_TO_WAIT] = 40_000_000
    backorder_cost[draw > 1 - _DEARER_TO_WAIT] = 250_000_000
    quantity = rng.choice(_QUANTITIES, n, p=_QUANTITY_SHARES)
    return filled(
        OrderLine,
        n,
        order_id=np.repeat(orders["order_id"], baskets),
        line_id=np.array([str(number) for number in range(1, 9)], dtype=object)[
            np.arange(n) - np.repeat(start, baskets)
        ],
        sku=skus[rng.choice(len(skus), n, p=popularity(size))],
        quantity=quantity,
        line_complete=(quantity > 1) & (rng.random(n) < 4 * _LINE_COMPLETE) | (rng.random(n) < _LINE_COMPLETE / 4),
        backorder_cost=backorder_cost,
    )


def with_node_rules(
    size: Size, lines: Table[OrderLine], nodes: Table[Node], inventory: Table[Inventory]
) -> Table[OrderLine]:
    """Pin a few lines to a node that stocks them, keep some to the centres, and bar some from two stores.

    Parameters
    ----------
    size
        The seed.
    lines
        The lines.
    nodes, inventory
        The network and its stock.
    """
    rng, n = size.stream("scarce"), len(lines)
    draw = rng.random(n)
    centres = nodes["node_id"][nodes["kind"] == "dc"]
    stores = nodes["node_id"][nodes["kind"] == "store"]
    pinned = np.full(n, "", dtype=object)
    stocked = np.flatnonzero((inventory["on_hand"] > 1) & np.isin(inventory["node_id"], centres))
    stocked = stocked[np.argsort(inventory["sku"][stocked], kind="stable")]
    by_sku = inventory["sku"][stocked]
    for row in np.flatnonzero(draw < _PINNED):
        first, last = (
            np.searchsorted(by_sku, lines["sku"][row], "left"),
            np.searchsorted(by_sku, lines["sku"][row], "right"),
        )
        if first < last:
            pinned[row] = inventory["node_id"][stocked[rng.integers(first, last)]]
    allowed = np.flatnonzero((draw >= _PINNED) & (draw < _PINNED + _ALLOWED))
    excluded = np.flatnonzero(draw > 1 - _EXCLUDED) if len(stores) else np.zeros(0, dtype=np.int64)
    return lines.with_columns(
        pinned_node=pinned,
        allowed_nodes=tuples(n, {int(row): tuple(centres) for row in allowed}),
        excluded_nodes=tuples(
            n, {int(row): tuple(rng.choice(stores, min(2, len(stores)), replace=False)) for row in excluded}
        ),
    )
