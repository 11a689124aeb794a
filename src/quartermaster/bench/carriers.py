"""The carriers of every drawn instance: two, of two services each, in zones by distance."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.table import Table

BANDS_KM = (241, 483, 966, 1609, 2253, 2897, 20016)
"""Upper bounds of zones 2-8 (150, 300, 600, 1 000, 1 400 and 1 800 miles, then everything)."""
BREAKS_G = (227, 454, 907, 1361, 1814, 2268, 3175, 4536, 6804, 9072, 13608, 22680, 31751)
"""Half a pound to 70 pounds."""
_PRODUCTS = (
    ("ARROW", "ground", 7.1, 0.42, 0.09, 5),
    ("ARROW", "air", 15.0, 1.90, 0.40, 2),
    ("BOLT", "saver", 6.4, 0.55, 0.13, 6),
    ("BOLT", "express", 10.4, 1.00, 0.30, 3),
)
"""Carrier, service, price of the first zone, price by zone, price by pound and zone, days to the last zone."""


class CarrierTables(TypedDict):
    """The four tables of a snapshot that describe carriers."""

    services: Table[Service]
    zones: Table[Zone]
    rates: Table[Rate]
    transit: Table[Transit]


def carrier_tables() -> CarrierTables:
    """Build services, zones, rates and transit times; prices are near published retail ones."""
    steps = [(zone, str(zone + 2)) for zone in range(len(BANDS_KM))]
    zones = [
        Zone(carrier=carrier, zone=name, max_distance_km=Decimal(BANDS_KM[at]))
        for carrier in ("ARROW", "BOLT")
        for at, name in steps
    ]
    services = [
        Service(
            carrier=carrier,
            service=service,
            dim_divisor_cm3_per_kg=Decimal(5000),
            dim_above_cm3=Decimal(28317),
            max_parcels=3,
            fuel_surcharge=Decimal("0.12"),
            residential_surcharge=Decimal("1.15" if carrier == "BOLT" else "0"),
            delivers_on="mon-sat",
        )
        for carrier, service, *_ in _PRODUCTS
    ]
    transit = [
        Transit(carrier=carrier, service=service, zone=name, days=1 + at * (slowest - 1) // 6)
        for carrier, service, *_, slowest in _PRODUCTS
        for at, name in steps
    ]
    rates = [
        Rate(
            carrier=carrier,
            service=service,
            zone=name,
            max_weight_g=weight,
            price=Decimal(f"{base + by_zone * at + by_weight * (1 + at) * weight / 454:.2f}"),
        )
        for carrier, service, base, by_zone, by_weight, _ in _PRODUCTS
        for at, name in steps
        for weight in BREAKS_G
    ]
    return CarrierTables(
        services=Table.from_rows(Service, services),
        zones=Table.from_rows(Zone, zones),
        rates=Table.from_rows(Rate, rates),
        transit=Table.from_rows(Transit, transit),
    )
