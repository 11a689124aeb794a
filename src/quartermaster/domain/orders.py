"""Orders and their lines: what customers want, where and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from quartermaster.domain.columns import Column, Kind

MAX_QUANTITY = 10**6
"""Largest quantity of one row, in units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One customer order: a destination, a promise, and rules about splitting it."""

    order_id: Annotated[str, Column(Kind.ID, meaning="identifies the order; text, kept byte for byte")]
    postal_code: Annotated[str, Column(Kind.TEXT, meaning="destination postal code; coordinates win over it")] = ""
    country: Annotated[str, Column(Kind.TEXT, meaning="destination country, ISO 3166-1 alpha-2")] = "US"
    lat: Annotated[float | None, Column(Kind.DEGREES, "degrees", -90, 90, meaning="destination latitude")] = None
    lon: Annotated[float | None, Column(Kind.DEGREES, "degrees", -180, 180, meaning="destination longitude")] = None
    ordered_at: Annotated[datetime | None, Column(Kind.INSTANT, meaning="when it was ordered, with offset")] = None
    promise_date: Annotated[date | None, Column(Kind.DATE, meaning="last acceptable delivery date; empty = none")] = (
        None
    )
    residential: Annotated[bool, Column(Kind.FLAG, meaning="a residential address pays the residential surcharge")] = (
        True
    )
    service_level: Annotated[str, Column(Kind.TEXT, meaning="only services of this level; empty = any")] = ""
    ship_complete: Annotated[bool, Column(Kind.FLAG, meaning="all units of all lines, or nothing now")] = False
    max_shipments: Annotated[
        int | None, Column(Kind.WHOLE, "shipments", 1, MAX_QUANTITY, meaning="at most so many; empty = the policy's")
    ] = None
    priority: Annotated[int, Column(Kind.WHOLE, "", 0, 99, meaning="weight 1 + priority on what a backorder costs")] = 0
    channel: Annotated[str, Column(Kind.TEXT, meaning="free text")] = ""
    labels: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="free texts")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order: a SKU, a quantity, and which nodes may serve it."""

    order_id: Annotated[str, Column(Kind.ID, meaning="the order it belongs to")]
    line_id: Annotated[str, Column(Kind.ID, meaning="identifies the line within its order")]
    sku: Annotated[str, Column(Kind.ID, meaning="what is ordered")]
    quantity: Annotated[int, Column(Kind.WHOLE, "units", 1, MAX_QUANTITY, meaning="how many")]
    line_complete: Annotated[bool, Column(Kind.FLAG, meaning="all units or none, from one node or several")] = False
    pinned_node: Annotated[str, Column(Kind.TEXT, meaning="only this node may serve it; empty = any")] = ""
    allowed_nodes: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="only these nodes; empty = all")] = ()
    excluded_nodes: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="never these nodes")] = ()
    backorder_cost: Annotated[
        Decimal | None,
        Column(Kind.MONEY, "money per unit", 0, meaning="in place of the policy's; empty = the policy's"),
    ] = None
