"""Stock: deep in the centres, shallow in the stores, short for the scarce SKUs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.demo.columns import filled
from quartermaster.demo.lines import popularity
from quartermaster.demo.size import Size
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import OrderLine
from quartermaster.domain.table import Table

SCARCE_STOCK = (0.7, 1.3)
"""Total available stock of a scarce SKU over its demand."""
_AMPLE_STOCK = (1.5, 3.0)
"""Available stock of any other SKU in the centres over its demand."""
_CENTRE_CARRIES = 0.85
_STORE_CARRIES = (0.15, 0.55)
"""Chance of a store to carry the least and the most popular SKU."""
_VENDOR_CARRIES = 0.5


def draw_inventory(
    size: Size, products: Table[Product], nodes: Table[Node], lines: Table[OrderLine]
) -> Table[Inventory]:
    """Draw what each node has of each SKU it carries.

    Parameters
    ----------
    size
        Share of scarce SKUs, and the seed.
    products, nodes
        The network.
    lines
        The lines, whose demand the stock is measured by.
    """
    rng = size.stream("stock")
    demand = _demand(products, lines)
    kind = nodes["kind"]
    carries = _assortment(size, products, kind, rng)
    available = _ample(demand, kind, carries, rng)
    scarce = _scarce_skus(size, demand, rng)
    available[scarce] = _short(demand[scarce], kind, carries[scarce], rng)

    sku, node = np.nonzero(carries)
    n = len(sku)
    in_centre = kind[node] == "dc"
    safety = np.where(in_centre, rng.integers(0, 6, n), rng.random(n) < 0.3).astype(np.int64)
    reserved = rng.poisson(np.where(in_centre, 1.0, 0.15))
    return filled(
        Inventory,
        n,
        node_id=nodes["node_id"][node],
        sku=products["sku"][sku],
        on_hand=available[sku, node] + safety + reserved,
        safety_stock=safety,
        reserved=reserved,
    )


def _demand(products: Table[Product], lines: Table[OrderLine]) -> NDArray[np.int64]:
    """Units ordered of each SKU."""
    row = np.searchsorted(products["sku"], lines["sku"])
    return np.bincount(row, weights=lines["quantity"], minlength=len(products)).astype(np.int64)


def _assortment(
    size: Size, products: Table[Product], kind: NDArray[np.object_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which node carries which SKU, (n_skus, n_nodes); every SKU is carried by a centre."""
    n = size.skus
    rank = np.argsort(np.argsort(popularity(size))) / max(n - 1, 1)
    low, high = _STORE_CARRIES
    heavy = products["weight_g"] >= np.quantile(products["weight_g"], 0.85)
    chance = np.empty((n, len(kind)))
    chance[:, kind == "dc"] = _CENTRE_CARRIES
    # A third of the chance goes by the square of popularity: the long tail stands in few stores.
    chance[:, kind == "store"] = (low + (high - low) * rank**2)[:, None]
    chance[:, kind == "vendor"] = np.where(heavy, _VENDOR_CARRIES, 0.0)[:, None]
    carries = rng.random(chance.shape) < chance
    centres = np.flatnonzero(kind == "dc")
    carries[np.arange(n), rng.choice(centres, n)] = True
    return carries


def _ample(
    demand: NDArray[np.int64], kind: NDArray[np.object_], carries: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Stock of SKUs that do not run out: far more than demand in the centres, about its local demand in a store."""
    centre = kind == "dc"
    weight = np.where(carries, rng.uniform(0.5, 1.5, carries.shape), 0.0) * centre
    weight /= weight.sum(axis=1, keepdims=True)
    total = demand * rng.uniform(*_AMPLE_STOCK, len(demand)) + 3
    local = demand[:, None] / len(kind) * rng.uniform(0.3, 1.5, carries.shape) + 0.5
    shelf = rng.poisson(local)
    deep = np.ceil(weight * total[:, None]).astype(np.int64)
    return np.where(carries, np.where(centre, deep, shelf), 0)


def _scarce_skus(size: Size, demand: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Pick the scarce SKUs evenly over the ranks of demand, so that every seed is about equally hard."""
    count = round(size.scarce * len(demand))
    if not count:
        return np.zeros(0, dtype=np.int64)
    spread = (np.arange(count) + rng.random()) * len(demand) / count
    ranked: NDArray[np.int64] = np.argsort(-demand, kind="stable")[spread.astype(np.int64)]
    return ranked


def _short(
    demand: NDArray[np.int64], kind: NDArray[np.object_], carries: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Stock of scarce SKUs: a total near demand, scattered unit by unit, a centre as likely as six stores."""
    total = np.rint(demand * rng.uniform(*SCARCE_STOCK, len(demand))).astype(np.int64)
    weight = np.where(carries, np.where(kind == "dc", 6.0, 1.0), 0.0)
    return rng.multinomial(total, weight / weight.sum(axis=1, keepdims=True))
