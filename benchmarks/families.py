"""Seeded instance families: destinations by metro population, popularity-skewed SKUs, deep and shallow nodes.

The same family and seed give the same snapshot on every machine. Nothing is read from disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.tables import table_of
from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.money import MICRO
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot

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
BANDS_KM = (241, 483, 966, 1609, 2253, 2897, 20016)
"""Upper bounds of zones 2-8 (150, 300, 600, 1 000, 1 400 and 1 800 miles, then everything)."""
BREAKS_G = (227, 454, 907, 1361, 1814, 2268, 3175, 4536, 6804, 9072, 13608, 22680, 31751)
"""Half a pound to 70 pounds."""
NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Family:
    """One family of instances.

    Parameters
    ----------
    name
        Name in results and tables.
    orders, nodes, skus
        Its size.
    scarce
        Share of SKUs whose stock is below the demand.
    opening_cost
        Money paid once for each node that ships anything.
    capacity
        Share of nodes with a limit on shipments, of about a fair share of the orders.
    time_limit_seconds
        Wall clock of one planning run.
    """

    name: str
    orders: int
    nodes: int
    skus: int
    scarce: float
    opening_cost: int = 0
    capacity: float = 0.2
    time_limit_seconds: int = 60


FAMILIES = {
    family.name: family
    for family in (
        Family("tiny", 30, 6, 20, 0.2, time_limit_seconds=10),
        Family("S", 200, 20, 150, 0.2, time_limit_seconds=20),
        Family("S-opening", 200, 20, 150, 0.2, opening_cost=40, time_limit_seconds=20),
        Family("M2", 2_000, 50, 800, 0.2),
        Family("M-typical", 10_000, 100, 3_000, 0.05, time_limit_seconds=120),
        Family("M-scarce", 10_000, 100, 3_000, 0.2, time_limit_seconds=120),
    )
}
"""Every family by name."""


def family_snapshot(family: Family, seed: int) -> Snapshot:
    """Draw one instance of a family; not yet checked.

    Parameters
    ----------
    family, seed
        Which one.
    """
    rng = np.random.default_rng([seed, family.orders, family.nodes, family.skus])
    lines, skus, quantities = _baskets(rng, family)
    demand = np.bincount(skus, weights=quantities, minlength=family.skus)
    node_id = np.array([f"N{number:04d}" for number in range(family.nodes)], dtype=object)
    sku = np.array([f"SKU-{number:06d}" for number in range(family.skus)], dtype=object)
    order_id = np.array([f"O{number:07d}" for number in range(family.orders)], dtype=object)
    sides = rng.integers(60, 400, size=(3, family.skus))
    return Snapshot(
        as_of=AS_OF,
        currency="USD",
        version=f"{family.name} seed {seed}",
        orders=_orders(rng, family, order_id),
        order_lines=table_of(
            OrderLine,
            order_id=order_id[lines],
            line_id=_line_ids(lines),
            sku=sku[skus],
            quantity=quantities,
        ),
        products=table_of(
            Product,
            sku=sku,
            weight_g=np.clip(rng.lognormal(6.3, 0.9, family.skus), 40, 9000).astype(np.int64),
            length_mm=sides[0],
            width_mm=sides[1],
            height_mm=sides[2],
        ),
        nodes=_nodes(rng, family, node_id),
        inventory=_inventory(rng, family, node_id, sku, demand),
        **_carriers(),
    )


def _baskets(rng: Generator, family: Family) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Order, SKU and quantity of each line: about two lines an order, SKUs by a skewed popularity."""
    per_order = rng.choice([1, 2, 3, 4, 5], p=[0.45, 0.3, 0.15, 0.07, 0.03], size=family.orders)
    lines = np.repeat(np.arange(family.orders), per_order)
    popularity = rng.permutation(np.arange(1, family.skus + 1) ** -0.7)
    skus = rng.choice(family.skus, p=popularity / popularity.sum(), size=len(lines))
    quantities = rng.choice([1, 2, 3], p=[0.88, 0.09, 0.03], size=len(lines))
    return lines.astype(np.int64), skus.astype(np.int64), quantities.astype(np.int64)


def _line_ids(lines: NDArray[np.int64]) -> NDArray[np.object_]:
    first = np.searchsorted(lines, lines)
    return np.array([str(number + 1) for number in np.arange(len(lines)) - first], dtype=object)


def _places(rng: Generator, count: int, spread: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    metro = rng.choice(len(METROS), p=METROS[:, 2] / METROS[:, 2].sum(), size=count)
    scatter = rng.normal(0, spread, size=(2, count))
    return np.round(METROS[metro, 0] + scatter[0], 4), np.round(METROS[metro, 1] + scatter[1], 4)


def _orders(rng: Generator, family: Family, order_id: NDArray[np.object_]) -> Any:
    lat, lon = _places(rng, family.orders, 0.8)
    promise = np.datetime64(AS_OF.date(), "D") + rng.integers(3, 9, family.orders).astype("timedelta64[D]")
    return table_of(
        Order,
        order_id=order_id,
        lat=lat,
        lon=lon,
        promise_date=np.where(rng.random(family.orders) < 0.5, promise, NO_DAY),
        residential=rng.random(family.orders) < 0.8,
        ship_complete=rng.random(family.orders) < 0.05,
    )


def _nodes(rng: Generator, family: Family, node_id: NDArray[np.object_]) -> Any:
    lat, lon = _places(rng, family.nodes, 0.5)
    n_deep = max(1, family.nodes // 10)
    deep = np.arange(family.nodes) < n_deep
    limit = np.ceil(rng.uniform(1.0, 3.0, family.nodes) * family.orders / family.nodes).astype(np.int64)
    limited = ~deep & (rng.random(family.nodes) < family.capacity)
    return table_of(
        Node,
        node_id=node_id,
        kind=np.where(deep, "dc", "store").astype(object),
        lat=lat,
        lon=lon,
        timezone=np.full(family.nodes, "America/Chicago", dtype=object),
        max_shipments=np.where(limited, limit, -1),
        cost_per_shipment=np.where(deep, MICRO * 9 // 10, MICRO * 16 // 10),
        cost_per_unit=np.where(deep, MICRO // 4, MICRO // 2),
        opening_cost=np.full(family.nodes, family.opening_cost * MICRO),
    )


def _inventory(
    rng: Generator,
    family: Family,
    node_id: NDArray[np.object_],
    sku: NDArray[np.object_],
    demand: NDArray[np.float64],
) -> Any:
    """Stock of about 30 % of the pairs: three times the demand in all, or 80 % of it where the SKU is scarce."""
    n_deep = max(1, family.nodes // 10)
    carries = rng.random((family.skus, family.nodes)) < np.where(np.arange(family.nodes) < n_deep, 0.8, 0.25)
    carries[np.arange(family.skus), rng.integers(0, family.nodes, family.skus)] = True
    share = np.where(np.arange(family.nodes) < n_deep, 6.0, 1.0) * carries
    total = np.where(rng.random(family.skus) < family.scarce, 0.8, 3.0) * demand
    stock = np.floor(share / share.sum(axis=1, keepdims=True) * total[:, None] + rng.random(carries.shape))
    rows, columns = np.nonzero(carries)
    return table_of(Inventory, node_id=node_id[columns], sku=sku[rows], on_hand=stock[rows, columns].astype(np.int64))


def _carriers() -> dict[str, list[Any]]:
    """Two carriers of two services each, in zones by distance; prices near published retail ones."""
    products = (
        ("ARROW", "ground", 7.1, 0.42, 0.09, 5),
        ("ARROW", "air", 15.0, 1.90, 0.40, 2),
        ("BOLT", "saver", 6.4, 0.55, 0.13, 6),
        ("BOLT", "express", 10.4, 1.00, 0.30, 3),
    )
    zones, rates, transit, services = [], [], [], []
    for carrier in ("ARROW", "BOLT"):
        zones += [
            Zone(carrier=carrier, zone=str(at + 2), max_distance_km=Decimal(bound)) for at, bound in enumerate(BANDS_KM)
        ]
    for carrier, service, base, by_zone, by_weight, slowest in products:
        services.append(
            Service(
                carrier=carrier,
                service=service,
                dim_divisor_cm3_per_kg=Decimal(5000),
                dim_above_cm3=Decimal(28317),
                max_parcels=3,
                fuel_surcharge=Decimal("0.12"),
                residential_surcharge=Decimal("1.15" if carrier == "BOLT" else "0"),
                delivers_on="mon-sat",
            )
        )
        for at in range(len(BANDS_KM)):
            transit.append(
                Transit(carrier=carrier, service=service, zone=str(at + 2), days=1 + at * (slowest - 1) // 6)
            )
            for weight in BREAKS_G:
                price = base + by_zone * at + by_weight * (1 + at) * weight / 454
                step = Decimal(f"{price:.2f}")
                rates.append(Rate(carrier=carrier, service=service, zone=str(at + 2), max_weight_g=weight, price=step))
    return {"services": services, "zones": zones, "rates": rates, "transit": transit}
