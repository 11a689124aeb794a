"""MERIDIAN, an invented parcel carrier: strong near by and with heavy parcels, dear to homes, absent beyond 2 200 km.

Its price of a parcel of at most *w* pounds in the zone of rank *r* (METRO 0, A 1, B 2, C 3, D 4) is, in USD::

    Ground   5.40 + 0.32 r + w (0.22 + 0.11 r)
    Express  1.7 x Ground + 4.00

rounded up to the cent; residential and fuel surcharges come on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from quartermaster.demo.usps import CM3_PER_KG_OF_IN3_PER_LB
from quartermaster.domain.carriers import Rate, Service, Transit, Zone

CARRIER = "MERIDIAN"
GROUND, EXPRESS = "Ground", "Express"
METRO = "METRO"
_BANDS_KM = {"A": 150, "B": 500, "C": 1200, "D": 2200}
_RANKS = {zone: rank for rank, zone in enumerate((METRO, *_BANDS_KM))}
_BREAKS_LB = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 70, 100, 150)
_G_PER_LB = Decimal("453.59237")
_DIVISOR_IN3_PER_LB = 139
_DAYS = {GROUND: (1, 1, 2, 3, 4), EXPRESS: (1, 1, 1, 2, 2)}
_CORRIDORS = (
    ("917", "95", "B"), ("917", "94", "B"), ("088", "02", "B"), ("461", "60", "A"), ("751", "77", "A"),
    ("302", "33", "B"), ("302", "28", "A"), ("10", "20", "A"), ("606", "53", "METRO"),
)  # fmt: skip
"""Lanes with a contract zone better than their distance: origin prefix, destination prefix, zone."""


def price(service: str, zone: str, pounds: int) -> Decimal:
    """Compute the price of one parcel, in USD.

    Parameters
    ----------
    service
        ``Ground`` or ``Express``.
    zone
        A zone's name.
    pounds
        The break, in pounds.
    """
    rank = _RANKS[zone]
    ground = Decimal("5.40") + Decimal("0.32") * rank + pounds * (Decimal("0.22") + Decimal("0.11") * rank)
    full = ground if service == GROUND else Decimal("1.7") * ground + 4
    return full.quantize(Decimal("0.01"), ROUND_CEILING)


def meridian_services(express_nodes: Sequence[str]) -> list[Service]:
    """Return the two products.

    Parameters
    ----------
    express_nodes
        Nodes at which Express picks up.
    """
    divisor = (_DIVISOR_IN3_PER_LB * CM3_PER_KG_OF_IN3_PER_LB).quantize(Decimal("0.1"))
    return [
        Service(
            carrier=CARRIER,
            service=service,
            service_level=level,
            dim_divisor_cm3_per_kg=divisor,
            max_parcels=6,
            fuel_surcharge=Decimal("0.145"),
            residential_surcharge=Decimal("3.10"),
            delivers_on=days,
            nodes=tuple(nodes),
        )
        for service, level, days, nodes in (
            (GROUND, "standard", "mon-fri", ()),
            (EXPRESS, "expedited", "mon-sat", express_nodes),
        )
    ]


def meridian_zones(origin_prefixes: Sequence[str]) -> list[Zone]:
    """Return the bands, METRO within each three-digit prefix that has a node, and the contract lanes.

    Parameters
    ----------
    origin_prefixes
        First three digits of the nodes' ZIP codes; each once.
    """
    bands = [Zone(carrier=CARRIER, zone=zone, max_distance_km=Decimal(km)) for zone, km in _BANDS_KM.items()]
    pairs = [(prefix, prefix, METRO) for prefix in origin_prefixes]
    return bands + [
        Zone(carrier=CARRIER, zone=zone, origin_prefix=origin, destination_prefix=destination)
        for origin, destination, zone in (*pairs, *_CORRIDORS)
    ]


def meridian_rates() -> list[Rate]:
    """Return the price list that the formula gives."""
    return [
        Rate(
            carrier=CARRIER,
            service=service,
            zone=zone,
            max_weight_g=int(pounds * _G_PER_LB),
            price=price(service, zone, pounds),
        )
        for service in (GROUND, EXPRESS)
        for zone in _RANKS
        for pounds in _BREAKS_LB
    ]


def meridian_transit() -> list[Transit]:
    """Return delivery days by zone."""
    return [
        Transit(carrier=CARRIER, service=service, zone=zone, days=days)
        for service, by_zone in _DAYS.items()
        for zone, days in zip(_RANKS, by_zone, strict=True)
    ]
