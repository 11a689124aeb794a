"""Products from small to bulky."""

from __future__ import annotations

import numpy as np

from quartermaster.demo.columns import filled, numbered, tuples
from quartermaster.demo.size import Size
from quartermaster.domain.network import Product
from quartermaster.domain.table import Table

LIGHTEST_G, HEAVIEST_G = 30, 30_000
"""A padded letter, and what USPS still carries in one parcel (70 lb)."""
_MEDIAN_G, _SPREAD = 650.0, 1.15
_DENSITY_G_PER_CM3, _DENSITY_SPREAD = 0.22, 0.5
_WITHOUT_SIZE = 0.03


def draw_products(size: Size) -> Table[Product]:
    """Draw products whose weight and density are log-normal.

    A packed unit of median density 0.22 g/cm3 is a little lighter than the divisors of the carriers assume
    (0.17 and 0.20 g/cm3 are their break-even), so dimensional weight counts for part of them. A few have no size.

    Parameters
    ----------
    size
        How many, and the seed.
    """
    rng = size.stream("products")
    n = size.skus
    weight_g = np.clip(_MEDIAN_G * np.exp(_SPREAD * rng.standard_normal(n)), LIGHTEST_G, HEAVIEST_G)
    density = _DENSITY_G_PER_CM3 * np.exp(_DENSITY_SPREAD * rng.standard_normal(n))
    edge_mm = np.cbrt(1000 * weight_g / density)
    # Boxes are rarely cubes: the longest side is 1 to 2.5 times the edge of the cube, the shortest what is left.
    longest, middle = rng.uniform(1.0, 2.5, n), rng.uniform(0.7, 1.2, n)
    sides = np.stack([longest, middle, 1 / (longest * middle)]) * edge_mm
    sides_mm = np.maximum(np.rint(np.sort(sides, axis=0)[::-1]), 5).astype(np.int64)
    sides_mm[:, rng.random(n) < _WITHOUT_SIZE] = -1
    fragile = np.flatnonzero(rng.random(n) < 0.05)
    return filled(
        Product,
        n,
        sku=numbered("SKU", n, 4),
        weight_g=np.rint(weight_g).astype(np.int64),
        length_mm=sides_mm[0],
        width_mm=sides_mm[1],
        height_mm=sides_mm[2],
        labels=tuples(n, {int(row): ("fragile",) for row in fragile}),
    )
