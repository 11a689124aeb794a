"""The network: products, nodes and what each node has in stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Annotated

from quartermaster.domain.columns import Column, Kind

MAX_WEIGHT_G = 10**8
"""Heaviest product or rate break, in grams."""
MAX_LENGTH_MM = 10**5
"""Longest side of a product, in millimetres."""
MAX_STOCK = 10**9
"""Largest stock figure of one node and SKU, in units."""

_SIDE = Column(Kind.WHOLE, "mm", 0, MAX_LENGTH_MM, meaning="side of the packed unit; empty = no volume")
_MONDAY_TO_FRIDAY = frozenset(range(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One SKU with its shipping weight and size."""

    sku: Annotated[str, Column(Kind.ID, meaning="identifies the product; text, kept byte for byte")]
    weight_g: Annotated[int, Column(Kind.WHOLE, "g", 1, MAX_WEIGHT_G, meaning="weight of one unit")]
    length_mm: Annotated[int | None, _SIDE] = None
    width_mm: Annotated[int | None, _SIDE] = None
    height_mm: Annotated[int | None, _SIDE] = None
    labels: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="free texts")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One place that ships: a distribution centre, a store, a vendor."""

    node_id: Annotated[str, Column(Kind.ID, meaning="identifies the node; text, kept byte for byte")]
    kind: Annotated[str, Column(Kind.TEXT, choices=("dc", "store", "vendor"), meaning="what it is")] = "dc"
    postal_code: Annotated[str, Column(Kind.TEXT, meaning="where it is; coordinates win over it")] = ""
    country: Annotated[str, Column(Kind.TEXT, meaning="ISO 3166-1 alpha-2")] = "US"
    lat: Annotated[float | None, Column(Kind.DEGREES, "degrees", -90, 90, meaning="latitude")] = None
    lon: Annotated[float | None, Column(Kind.DEGREES, "degrees", -180, 180, meaning="longitude")] = None
    timezone: Annotated[str, Column(Kind.TEXT, meaning="IANA name")] = "UTC"
    cutoff: Annotated[time, Column(Kind.CLOCK, "local HH:MM", meaning="ships the same day up to this minute")] = time(
        23, 59
    )
    ships_on: Annotated[
        frozenset[int], Column(Kind.WEEKDAYS, meaning="days it ships, such as mon-fri or mon;wed;fri")
    ] = _MONDAY_TO_FRIDAY
    max_shipments: Annotated[
        int | None,
        Column(Kind.WHOLE, "shipments", 0, MAX_STOCK, meaning="capacity left in this plan; empty = unlimited"),
    ] = None
    max_units: Annotated[
        int | None, Column(Kind.WHOLE, "units", 0, MAX_STOCK, meaning="capacity left in this plan; empty = unlimited")
    ] = None
    cost_per_shipment: Annotated[Decimal, Column(Kind.MONEY, "money", 0, meaning="handling of one shipment")] = Decimal(
        0
    )
    cost_per_unit: Annotated[Decimal, Column(Kind.MONEY, "money", 0, meaning="handling of one unit")] = Decimal(0)
    opening_cost: Annotated[
        Decimal, Column(Kind.MONEY, "money", 0, meaning="paid once if it ships anything in this plan")
    ] = Decimal(0)
    priority: Annotated[int, Column(Kind.WHOLE, "", 0, MAX_STOCK, meaning="lower is preferred in ties and walks")] = 100
    enabled: Annotated[bool, Column(Kind.FLAG, meaning="false = ships nothing in this plan")] = True
    labels: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="free texts")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Stock of one SKU at one node. Available = max(0, on_hand - safety_stock - reserved)."""

    node_id: Annotated[str, Column(Kind.ID, meaning="where")]
    sku: Annotated[str, Column(Kind.ID, meaning="what")]
    on_hand: Annotated[int, Column(Kind.WHOLE, "units", 0, MAX_STOCK, meaning="units on the shelf")]
    safety_stock: Annotated[int, Column(Kind.WHOLE, "units", 0, MAX_STOCK, meaning="units never planned")] = 0
    reserved: Annotated[int, Column(Kind.WHOLE, "units", 0, MAX_STOCK, meaning="units held by other systems")] = 0
