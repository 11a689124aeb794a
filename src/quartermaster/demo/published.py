"""Facts from public sources that lie in the package; `data/README.md` names each source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

ZONES = 8
"""Zones of the USPS price list that the 50 states see, numbered from 1."""


@dataclass(frozen=True, slots=True)
class Place:
    """One real place where a node of the demo may stand.

    Parameters
    ----------
    node_id
        Id of the node that stands there.
    kind
        ``dc``, ``vendor`` or ``store``.
    place, state
        City and two-letter state.
    postal_code
        Its ZIP code.
    timezone
        Its IANA time zone.
    """

    node_id: str
    kind: str
    place: str
    state: str
    postal_code: str
    timezone: str


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price of one USPS parcel over the previous break and not over this one.

    Parameters
    ----------
    service
        The product, such as ``Ground Advantage``.
    max_weight_g
        The break, in grams.
    prices
        Decimal texts in USD, one for each of the zones 1 to `ZONES`.
    """

    service: str
    max_weight_g: int
    prices: tuple[str, ...]


@cache
def destinations() -> NDArray[np.object_]:
    """Return ZIP codes of which each stands for the same number of residents.

    Returns
    -------
    ndarray, shape (n_zips,)
        ZIP codes as text, sorted.
    """
    return np.array([row["postal_code"] for row in _rows("zips.csv")], dtype=object)


@cache
def places(kind: str) -> tuple[Place, ...]:
    """Return the places of one kind of node, in the order in which they open.

    Parameters
    ----------
    kind
        ``dc``, ``vendor`` or ``store``.
    """
    return tuple(Place(**row) for row in _rows("places.csv") if row["kind"] == kind)


@cache
def usps_prices() -> tuple[PriceStep, ...]:
    """Return every step of the USPS price list, by product and weight."""
    zones = [f"zone_{zone}" for zone in range(1, ZONES + 1)]
    return tuple(
        PriceStep(row["service"], int(row["max_weight_g"]), tuple(row[zone] for zone in zones))
        for row in _rows("usps.csv")
    )


def _rows(name: str) -> list[dict[str, Any]]:
    text = files("quartermaster.demo").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
