"""Postal codes to coordinates: US ZIP centroids from the `zipcodes` package, looked up offline."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.orders import Order
from quartermaster.domain.table import Table
from quartermaster.io.iso import US_POSTAL

_FEW = 100
"""Up to so many codes are asked for one by one; loading all 42 000 takes half a second."""


def _centroid(entry: dict[str, Any]) -> tuple[float, float] | None:
    """Return (latitude, longitude) of an entry; military post offices stand at 0/0, which is nowhere."""
    if not entry["lat"] or not entry["long"]:
        return None
    lat, lon = float(entry["lat"]), float(entry["long"])
    return None if lat == 0 and lon == 0 else (lat, lon)


@cache
def _every_centroid() -> dict[str, tuple[float, float]]:
    import zipcodes

    centroids = {}
    for entry in zipcodes.list_all():
        place = _centroid(entry)
        if place is not None:
            centroids[entry["zip_code"]] = place
    return centroids


def zip_centroids(codes: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Look up the centroids of five-digit ZIP codes.

    Parameters
    ----------
    codes
        Five-digit codes.

    Returns
    -------
    dict
        (latitude, longitude) in degrees of each code that is known.
    """
    wanted = set(codes)
    if len(wanted) > _FEW:
        known = _every_centroid()
        return {code: known[code] for code in wanted if code in known}
    import zipcodes

    found = {}
    for code in wanted:
        places = [place for entry in zipcodes.matching(code) if (place := _centroid(entry)) is not None]
        if places:
            found[code] = places[0]
    return found


def resolve(table: Table[Any]) -> tuple[Table[Any], NDArray[np.intp]]:
    """Fill in the coordinates of rows that have a US ZIP code and none of their own.

    Parameters
    ----------
    table
        Orders or nodes.

    Returns
    -------
    Table
        The same rows with `lat` and `lon` where they could be found.
    ndarray, shape (n,)
        Positions of rows whose postal code is given but not known.
    """
    lat, lon = table["lat"].copy(), table["lon"].copy()
    open_rows = np.flatnonzero(np.isnan(lat) & np.isnan(lon) & (table["postal_code"] != ""))
    codes = [str(code) for code in table["postal_code"][open_rows]]
    countries = table["country"][open_rows].tolist()
    zips = [code[:5] if country in US_POSTAL else "" for code, country in zip(codes, countries, strict=True)]
    known = zip_centroids(code for code in set(zips) if len(code) == 5 and code.isascii() and code.isdigit())
    nowhere = (float("nan"), float("nan"))
    found = np.array([known.get(code, nowhere) for code in zips], dtype=np.float64).reshape(-1, 2)
    lat[open_rows], lon[open_rows] = found[:, 0], found[:, 1]
    return table.with_columns(lat=lat, lon=lon), open_rows[np.isnan(found[:, 0])]


def resolve_regions(table: Table[Any]) -> Table[Any]:
    """Fill in the coordinates of forecast rows that have a prefix of US ZIP codes and none of their own.

    Parameters
    ----------
    table
        The forecast.

    Returns
    -------
    Table
        The same rows; `lat` and `lon` are the mean of the centroids of the ZIP codes that begin with the prefix.
    """
    lat, lon = table["lat"].copy(), table["lon"].copy()
    open_rows = np.flatnonzero(np.isnan(lat) & np.isnan(lon) & (table["destination_prefix"] != ""))
    if not len(open_rows):
        return table
    means: dict[str, NDArray[np.float64]] = {}
    codes = sorted(_every_centroid())
    for prefix in set(table["destination_prefix"][open_rows].tolist()):
        first, past = bisect_left(codes, prefix), bisect_left(codes, prefix + "\U0010ffff")
        inside = [_every_centroid()[code] for code in codes[first:past]]
        means[prefix] = np.mean(inside, axis=0) if inside else np.full(2, np.nan)
    found = np.array([means[prefix] for prefix in table["destination_prefix"][open_rows].tolist()])
    lat[open_rows], lon[open_rows] = found[:, 0], found[:, 1]
    return table.with_columns(lat=lat, lon=lon)


def place_of(order: Order) -> tuple[float, float]:
    """Find the place of one order, as `resolve` does; the first call loads every ZIP code, which takes half a second.

    Parameters
    ----------
    order
        The order.

    Returns
    -------
    tuple of float
        Latitude and longitude in degrees, NaN where unknown.
    """
    if order.lat is not None and order.lon is not None:
        return order.lat, order.lon
    return _place_of_code(order.country, order.postal_code)


@lru_cache(maxsize=1 << 16)
def _place_of_code(country: str, code: str) -> tuple[float, float]:
    digits = code[:5] if country in US_POSTAL else ""
    known = len(digits) == 5 and digits.isascii() and digits.isdigit()
    return (_every_centroid().get(digits) if known else None) or (float("nan"), float("nan"))
