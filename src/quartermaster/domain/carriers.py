"""Carriers: services, zones, rates, transit times and holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from quartermaster.domain.columns import Column, Kind
from quartermaster.domain.network import MAX_WEIGHT_G

_CARRIER = Column(Kind.ID, meaning="the carrier")
_SERVICE = Column(Kind.ID, meaning="the carrier's product")
_ZONE = Column(Kind.ID, meaning="the carrier's zone; text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One product of a carrier, with its surcharges and delivery days."""

    carrier: Annotated[str, _CARRIER]
    service: Annotated[str, _SERVICE]
    service_level: Annotated[str, Column(Kind.TEXT, meaning="what orders may ask for")] = ""
    dim_divisor_cm3_per_kg: Annotated[
        Decimal | None, Column(Kind.DECIMAL, "cm3 per kg", 1, 10**9, meaning="dimensional divisor; empty = weight only")
    ] = None
    dim_above_cm3: Annotated[
        Decimal, Column(Kind.DECIMAL, "cm3", 0, 10**12, meaning="dimensional weight counts only above this volume")
    ] = Decimal(0)
    max_parcels: Annotated[int, Column(Kind.WHOLE, "parcels", 1, 1000, meaning="parcels of one shipment")] = 1
    fuel_surcharge: Annotated[Decimal, Column(Kind.DECIMAL, "fraction", 0, 1, meaning="on price and surcharge")] = (
        Decimal(0)
    )
    residential_surcharge: Annotated[Decimal, Column(Kind.MONEY, "money per parcel", 0, meaning="to a home")] = Decimal(
        0
    )
    delivers_on: Annotated[
        str, Column(Kind.TEXT, choices=("mon-fri", "mon-sat", "mon-sun"), meaning="its delivery days")
    ] = "mon-fri"
    nodes: Annotated[tuple[str, ...], Column(Kind.TEXTS, meaning="nodes that offer it; empty = all")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone rule of a carrier: a distance band, or a pair of postal prefixes (which wins over bands)."""

    carrier: Annotated[str, _CARRIER]
    zone: Annotated[str, _ZONE]
    max_distance_km: Annotated[
        Decimal | None, Column(Kind.DECIMAL, "km", 0, 10**6, meaning="band: first whose bound >= distance")
    ] = None
    origin_prefix: Annotated[str, Column(Kind.TEXT, meaning="postal prefix of the node")] = ""
    destination_prefix: Annotated[str, Column(Kind.TEXT, meaning="postal prefix of the order")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One step of a rate card: the price of a parcel over the previous break and not over this one."""

    carrier: Annotated[str, _CARRIER]
    service: Annotated[str, _SERVICE]
    zone: Annotated[str, _ZONE]
    max_weight_g: Annotated[int, Column(Kind.WHOLE, "g", 1, MAX_WEIGHT_G, meaning="break: billable weight up to this")]
    price: Annotated[Decimal, Column(Kind.MONEY, "money", 0, meaning="price of one parcel")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transit:
    """Transit time of a service to a zone, in the service's delivery days."""

    carrier: Annotated[str, _CARRIER]
    service: Annotated[str, _SERVICE]
    zone: Annotated[str, _ZONE]
    days: Annotated[int, Column(Kind.WHOLE, "delivery days", 0, 365, meaning="days after the ship date")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A day on which a node does not ship, or a carrier does not deliver, or (neither given) both, everywhere."""

    date: Annotated[date, Column(Kind.DATE, meaning="the day")]
    node_id: Annotated[str, Column(Kind.TEXT, meaning="this node does not ship")] = ""
    carrier: Annotated[str, Column(Kind.TEXT, meaning="this carrier does not deliver")] = ""
