"""Stock of a drawn instance: who carries what, and how much of it, a block of SKUs at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from quartermaster.bench.families import Family

AMPLE = 3.0
"""Stock of an ample SKU over its demand."""
SCARCE = (0.7, 1.3)
"""Range of the same for a scarce SKU, drawn uniformly."""
DEEP_SHARE = 6.0
"""Units a distribution centre holds for each that a store holds of what both carry."""
BLOCK_CELLS = 4_000_000
"""Cells (SKU, node) looked at in one go: bounds memory."""

Ints = NDArray[np.int64]


def stock_rows(rng: Generator, family: Family, demand: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
    """Draw the stock: SKU, node and units of each row, SKU by SKU.

    The units of a SKU add up to its share of the demand to within one unit: they are dealt to the nodes that carry it
    by systematic rounding, so a thin SKU stands at some of its nodes with 0.

    Parameters
    ----------
    rng, family
        The instance.
    demand
        (skus,) units ordered in all.
    """
    blocks = list(_blocks(rng, family, demand))
    return tuple(np.concatenate([block[at] for block in blocks]) for at in range(3))  # type: ignore[return-value]


def n_deep(family: Family) -> int:
    """Count the distribution centres; they come first among the nodes.

    Parameters
    ----------
    family
        The family.
    """
    return max(1, round(family.nodes * family.deep))


def _blocks(rng: Generator, family: Family, demand: NDArray[np.float64]) -> Iterator[tuple[Ints, Ints, Ints]]:
    deep = np.arange(family.nodes) < n_deep(family)
    carries = np.where(deep, family.deep_carries, family.store_carries).astype(np.float32)
    scarce = rng.random(family.skus) < family.scarce
    total = np.where(scarce, rng.uniform(*SCARCE, family.skus), AMPLE) * demand
    height = max(1, BLOCK_CELLS // family.nodes)
    for first in range(0, family.skus, height):
        count = min(height, family.skus - first)
        carried = rng.random((count, family.nodes), dtype=np.float32) < carries
        somewhere = rng.integers(0, family.nodes, count)
        nowhere = np.flatnonzero(~carried.any(axis=1))  # each SKU stands at one node at least
        carried[nowhere, somewhere[nowhere]] = True
        dealt = np.cumsum(np.where(deep, DEEP_SHARE, 1.0) * carried, axis=1)
        dealt *= (total[first : first + count] / dealt[:, -1])[:, None]
        dealt += rng.random(count)[:, None]
        units = np.diff(np.floor(dealt), axis=1, prepend=0.0)
        sku, node = np.nonzero(carried)
        yield (sku + first).astype(np.int64), node.astype(np.int64), units[sku, node].astype(np.int64)
