"""The published multi-item network: stock, cities, kinds of orders and a stream of them, drawn as in the paper.

W. Ma (2023): Order-optimal correlated rounding for fulfilling multi-item e-commerce orders. *Manufacturing & Service
Operations Management*; after S. Jasin, A. Sinha (2015), *Operations Research* 63(6). Places and populations are theirs.

A box costs 8.759, a unit 0.423 and 0.000541 per mile; an unfulfilled unit costs twice a box and twice the unit cost of
the farthest node. A kind of order is none at all, or one of some random sets of SKUs of each size from 1 to 5; kinds
come with random probabilities, cities with their populations. A node carries a SKU with probability 0.75, and has the
mean demand of the cities that it is closest to among those that carry it, and half a standard deviation more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

import quartermaster as qm
from quartermaster.policy import BackorderPolicy, FuturePolicy, ObjectivePolicy, Policy, SolverPolicy

KM_PER_MILE = Decimal("1.609344")
BOX, UNIT, UNIT_MILE = Decimal("8.759"), Decimal("0.423"), Decimal("0.000541")
UNIT_KM = round(UNIT_MILE / KM_PER_MILE, 12)
EARTH_KM = 6371.009
CARRIES, SAFETY, SIZES = 0.75, 0.5, (1, 2, 3, 4, 5)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Network:
    """Size of one of the paper's networks."""

    suffix: str
    skus: int
    kinds_of_size: int
    orders: int


SMALL = Network("_warmup", 20, 5, 10_000)
LARGE = Network("", 100, 25, 100_000)


@dataclass(frozen=True)
class Instance:
    """One drawn instance: the whole stream as a snapshot, and what was known of it before.

    Parameters
    ----------
    stream
        Every order with the instant it came; the stock is the opening stock.
    kinds
        A snapshot whose orders are the kinds (set of SKUs, city).
    rate
        How often each kind is expected per period, in the order of their ids.
    periods
        Periods of the stream; in some no order comes.
    came_in
        Period of each order of the stream, in the order of their ids.
    """

    stream: qm.Snapshot
    kinds: qm.Snapshot
    rate: np.ndarray
    periods: int
    came_in: np.ndarray


def policy(strategy: str = "optimal", seconds: float = 600, **future: bool) -> Policy:
    """The paper's costs; there is no carrier, so no date matters."""
    return Policy(
        strategy=strategy,
        objective=ObjectivePolicy(cost_per_unit_km=UNIT_KM),
        backorder=BackorderPolicy(cost_per_unit=Decimal(0)),
        solver=SolverPolicy(time_limit_seconds=Decimal(str(seconds))),
        future=FuturePolicy(**future),
    )


def instance(network: Network, data: Path, seed: int) -> Instance:
    """Draw one instance."""
    rng = np.random.default_rng(seed)
    cities = pd.read_csv(data / f"ma2023_cities{network.suffix}.csv")
    centres = pd.read_csv(data / f"ma2023_fulfillment_centers{network.suffix}.csv")
    sets: list[tuple[int, ...]] = [()]
    for size in SIZES:
        sets += [
            tuple(sorted(rng.choice(network.skus, size, replace=False).tolist())) for _ in range(network.kinds_of_size)
        ]
    of_set = rng.random(len(sets))
    of_set /= of_set.sum()
    of_city = cities["population"].to_numpy(dtype=float)
    of_city /= of_city.sum()
    km = _distances(cities, centres)
    nodes = [
        qm.Node(node_id=row.name, lat=row.lat, lon=row.lon, cost_per_shipment=BOX, cost_per_unit=UNIT)
        for row in centres.itertuples(index=False)
    ]
    stock = _stock(rng, network, sets, of_set, of_city, km)
    lost = [round(2 * BOX + 2 * (UNIT + UNIT_KM * Decimal(str(round(far, 3)))), 6) for far in km.max(axis=1)]
    base = qm.Snapshot(
        as_of=BEGIN,
        currency="USD",
        products=[qm.Product(sku=_sku(sku), weight_g=1) for sku in range(network.skus)],
        nodes=nodes,
        inventory=[
            qm.Inventory(node_id=nodes[node].node_id, sku=_sku(sku), on_hand=int(stock[node, sku]))
            for node, sku in zip(*np.nonzero(stock), strict=True)
        ],
    )
    places = [{"lat": float(row.lat), "lon": float(row.lon)} for row in cities.itertuples(index=False)]
    pairs = [(kind, city) for kind in range(1, len(sets)) for city in range(len(cities))]
    kinds = _with_orders(base, [(sets[kind], places[city], lost[city], BEGIN) for kind, city in pairs])
    drawn = np.stack(
        [rng.choice(len(sets), network.orders, p=of_set), rng.choice(len(cities), network.orders, p=of_city)]
    )
    came_in = np.flatnonzero(drawn[0])
    stream = _with_orders(
        replace(base, as_of=BEGIN + timedelta(seconds=network.orders)),
        [
            (sets[drawn[0, at]], places[drawn[1, at]], lost[drawn[1, at]], BEGIN + timedelta(seconds=int(at)))
            for at in came_in
        ],
    )
    rate = np.array([of_set[kind] * of_city[city] for kind, city in pairs])
    return Instance(stream, kinds, rate, network.orders, came_in)


def _sku(number: int) -> str:
    return f"SKU-{number:03d}"


def _distances(cities: pd.DataFrame, centres: pd.DataFrame) -> np.ndarray:
    """(cities, centres) great-circle kilometres."""
    one, two = (np.radians(table[["lat", "lon"]].to_numpy(dtype=float)) for table in (cities, centres))
    lat, lon = one[:, None, 0], one[:, None, 1]
    half = np.sin((two[None, :, 0] - lat) / 2) ** 2
    half += np.cos(lat) * np.cos(two[None, :, 0]) * np.sin((two[None, :, 1] - lon) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(half))


def _stock(
    rng: np.random.Generator, network: Network, sets: list[tuple[int, ...]], of_set: np.ndarray, of_city: np.ndarray,
    km: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(centres, SKUs) opening stock."""
    carried = rng.random((km.shape[1], network.skus)) < CARRIES
    stock = np.zeros(carried.shape)
    for sku in range(network.skus):
        share = sum(of_set[kind] for kind, held in enumerate(sets) if sku in held)
        if not carried[:, sku].any():
            continue
        closest = np.where(carried[:, sku], km, np.inf).argmin(axis=1)
        of_node = np.bincount(closest, of_city, km.shape[1]) * share
        mean = network.orders * of_node
        stock[:, sku] = np.round(mean + SAFETY * np.sqrt(network.orders * of_node * (1 - of_node)))
    return stock.astype(int)


def _with_orders(
    base: qm.Snapshot, orders: list[tuple[tuple[int, ...], dict[str, float], Decimal, datetime]]
) -> qm.Snapshot:
    """Put orders of one unit of each of some SKUs into a snapshot."""
    return replace(
        base,
        orders=[
            qm.Order(order_id=f"{at:06d}", ordered_at=came, **place) for at, (_, place, _, came) in enumerate(orders)
        ],
        order_lines=[
            qm.OrderLine(order_id=f"{at:06d}", line_id=f"{sku:03d}", sku=_sku(sku), quantity=1, backorder_cost=lost)
            for at, (held, _, lost, _) in enumerate(orders)
            for sku in held
        ],
    )
