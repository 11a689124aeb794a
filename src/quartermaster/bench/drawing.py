"""Drawing an instance: destinations by metro population, popularity-skewed SKUs, deep and shallow nodes.

The same family and seed give the same snapshot on every machine. Nothing is read from disk, and no row becomes an
object: ids that repeat are shared strings.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from quartermaster.bench.carriers import carrier_tables
from quartermaster.bench.families import Family
from quartermaster.bench.stock import n_deep, stock_rows
from quartermaster.demo.columns import filled
from quartermaster.domain.money import MICRO
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table

AS_OF = datetime(2026, 6, 9, 13, 0, tzinfo=UTC)
"""A Tuesday morning."""
METROS = np.array(
    [
        (40.69, -73.92, 19.6), (34.11, -118.41, 12.9), (41.84, -87.69, 9.3), (32.79, -96.77, 7.9), (29.79, -95.39, 7.3),
        (38.90, -77.02, 6.3), (40.01, -75.13, 6.2), (33.76, -84.42, 6.2), (25.78, -80.21, 6.1), (33.57, -112.09, 5.0),
        (42.32, -71.08, 4.9), (33.95, -117.40, 4.7), (37.76, -122.44, 4.6), (42.38, -83.10, 4.3), (47.62, -122.32, 4.0),
        (44.96, -93.27, 3.7), (27.98, -82.46, 3.3), (32.83, -117.12, 3.3), (39.76, -104.87, 3.0), (39.31, -76.61, 2.8),
        (38.64, -90.25, 2.8), (28.48, -81.34, 2.8), (35.21, -80.83, 2.8), (29.46, -98.53, 2.7), (45.54, -122.65, 2.5),
        (40.44, -79.98, 2.4), (38.58, -121.47, 2.4), (36.23, -115.26, 2.3), (39.14, -84.51, 2.3), (39.12, -94.55, 2.2),
    ]
)  # fmt: skip
"""(latitude, longitude, million people) of the thirty largest metropolitan areas of the United States, 2023."""
NO_DAY = np.datetime64("NaT", "D")

Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


def family_snapshot(family: Family, seed: int) -> Snapshot:
    """Draw one instance of a family; not yet checked.

    Parameters
    ----------
    family, seed
        Which one.
    """
    rng = np.random.default_rng([seed, family.orders, family.nodes, family.skus])
    lines, skus, quantities = _baskets(rng, family)
    demand = np.bincount(skus, weights=quantities, minlength=family.skus).astype(np.float64)
    node_id = np.array([f"N{number:04d}" for number in range(family.nodes)], dtype=object)
    sku = np.array([f"SKU-{number:06d}" for number in range(family.skus)], dtype=object)
    order_id = np.array([f"O{number:07d}" for number in range(family.orders)], dtype=object)
    sides = rng.integers(60, 400, size=(3, family.skus))
    orders, nodes = _orders(rng, family, order_id), _nodes(rng, family, node_id)
    stocked, at, units = stock_rows(rng, family, demand)
    return Snapshot(
        as_of=AS_OF,
        currency="USD",
        version=f"{family.name} seed {seed}",
        orders=orders,
        order_lines=filled(
            OrderLine,
            len(lines),
            order_id=order_id[lines],
            line_id=_line_ids(lines),
            sku=sku[skus],
            quantity=quantities,
        ),
        products=filled(
            Product,
            family.skus,
            sku=sku,
            weight_g=np.clip(rng.lognormal(6.3, 0.9, family.skus), 40, 9000).astype(np.int64),
            length_mm=sides[0],
            width_mm=sides[1],
            height_mm=sides[2],
        ),
        nodes=nodes,
        inventory=filled(Inventory, len(units), node_id=node_id[at], sku=sku[stocked], on_hand=units),
        **carrier_tables(),
    )


def _baskets(rng: Generator, family: Family) -> tuple[Ints, Ints, Ints]:
    """Order, SKU and quantity of each line: about two lines an order, SKUs by a skewed popularity."""
    per_order = rng.choice([1, 2, 3, 4, 5], p=[0.45, 0.3, 0.15, 0.07, 0.03], size=family.orders)
    lines = np.repeat(np.arange(family.orders), per_order)
    popularity = rng.permutation(np.arange(1, family.skus + 1) ** -0.7)
    skus = rng.choice(family.skus, p=popularity / popularity.sum(), size=len(lines))
    quantities = rng.choice([1, 2, 3], p=[0.88, 0.09, 0.03], size=len(lines))
    return lines.astype(np.int64), skus.astype(np.int64), quantities.astype(np.int64)


def _line_ids(lines: Ints) -> Texts:
    """Number the lines of each order from 1."""
    place = np.arange(len(lines)) - np.searchsorted(lines, lines)
    texts: Texts = np.array([str(number + 1) for number in range(int(place.max(initial=0)) + 1)], dtype=object)
    numbered: Texts = texts[place]
    return numbered


def _places(rng: Generator, count: int, spread: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    metro = rng.choice(len(METROS), p=METROS[:, 2] / METROS[:, 2].sum(), size=count)
    scatter = rng.normal(0, spread, size=(2, count))
    return np.round(METROS[metro, 0] + scatter[0], 4), np.round(METROS[metro, 1] + scatter[1], 4)


def _orders(rng: Generator, family: Family, order_id: Texts) -> Table[Order]:
    lat, lon = _places(rng, family.orders, 0.8)
    promise = np.datetime64(AS_OF.date(), "D") + rng.integers(3, 9, family.orders).astype("timedelta64[D]")
    return filled(
        Order,
        family.orders,
        order_id=order_id,
        lat=lat,
        lon=lon,
        promise_date=np.where(rng.random(family.orders) < 0.5, promise, NO_DAY),
        residential=rng.random(family.orders) < 0.8,
        ship_complete=rng.random(family.orders) < 0.05,
    )


def _nodes(rng: Generator, family: Family, node_id: Texts) -> Table[Node]:
    lat, lon = _places(rng, family.nodes, 0.5)
    deep = np.arange(family.nodes) < n_deep(family)
    limit = np.ceil(rng.uniform(1.0, 3.0, family.nodes) * family.orders / family.nodes).astype(np.int64)
    limited = ~deep & (rng.random(family.nodes) < family.capacity)
    timezone = np.empty(family.nodes, dtype=object)
    timezone.fill("America/Chicago")
    return filled(
        Node,
        family.nodes,
        node_id=node_id,
        kind=np.array(["store", "dc"], dtype=object)[deep.astype(np.intp)],
        lat=lat,
        lon=lon,
        timezone=timezone,
        max_shipments=np.where(limited, limit, -1),
        cost_per_shipment=np.where(deep, MICRO * 9 // 10, MICRO * 16 // 10),
        cost_per_unit=np.where(deep, MICRO // 4, MICRO // 2),
        opening_cost=np.full(family.nodes, family.opening_cost * MICRO),
    )
