"""What is still to come, and what is already settled: expected demand, inbound supply, allocations that stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from quartermaster.domain.columns import Column, Kind
from quartermaster.domain.network import MAX_STOCK
from quartermaster.domain.orders import MAX_QUANTITY

MAX_UNITS_PER_DAY = 10**6
"""Largest expected demand of one row, in units per day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Expected demand for one SKU from one region, beyond the open orders."""

    sku: Annotated[str, Column(Kind.ID, meaning="what will be ordered; its rows add up, each for its own region")]
    destination_prefix: Annotated[
        str,
        Column(
            Kind.TEXT,
            meaning="postal prefix of the region it will be ordered from; empty = everywhere; prefixes may nest: the "
            "demand of 10 comes on top of that of 100, and of everywhere",
        ),
    ] = ""
    units_per_day: Annotated[
        Decimal, Column(Kind.DECIMAL, "units per day", 0, MAX_UNITS_PER_DAY, meaning="expected demand; 0 = none")
    ]
    lat: Annotated[float | None, Column(Kind.DEGREES, "degrees", -90, 90, meaning="latitude of the region")] = None
    lon: Annotated[float | None, Column(Kind.DEGREES, "degrees", -180, 180, meaning="longitude of the region")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replenishment:
    """Units of one SKU that are on their way to a node."""

    node_id: Annotated[str, Column(Kind.ID, meaning="where they arrive")]
    sku: Annotated[str, Column(Kind.ID, meaning="what arrives")]
    quantity: Annotated[int, Column(Kind.WHOLE, "units", 1, MAX_STOCK, meaning="how many")]
    arrives_on: Annotated[
        date, Column(Kind.DATE, meaning="first day on which the node can ship them; a past one = now")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """An allocation that stands already: it takes stock and capacity, and is not planned again.

    The columns are those of allocations.csv of a plan. Quantities of order lines do not include it, and it counts
    neither as a shipment of its order nor as an opening of its node: all that it does is to leave less. What rows take
    beyond what a node has leaves 0 there, never less.
    """

    order_id: Annotated[str, Column(Kind.ID, meaning="the order it serves, in orders or not")]
    line_id: Annotated[str, Column(Kind.ID, meaning="the line it serves, in order_lines or not")]
    sku: Annotated[str, Column(Kind.ID, meaning="what leaves")]
    node_id: Annotated[str, Column(Kind.ID, meaning="where it leaves")]
    quantity: Annotated[
        int, Column(Kind.WHOLE, "units", 1, MAX_QUANTITY, meaning="how many; no order line asks for them again")
    ]
    shipment_id: Annotated[
        str,
        Column(
            Kind.ID, meaning="the shipment it is part of; each of an order and node is one of the node's max_shipments"
        ),
    ]
