"""USPS Ground Advantage and Priority Mail as a shipper without a contract sees them.

Sources: Notice 123 effective 2025-10-05 for prices and for dimensional weight (L x W x H / 166 in3 per lb, above one
cubic foot); zone bands in miles from the Domestic Mail Manual's zone chart rule. USPS publishes transit as ranges
(Ground Advantage 2 to 5 days, Priority Mail 1 to 3); their spread over the zones is ours.
"""

from __future__ import annotations

from decimal import Decimal

from quartermaster.demo.published import ZONES, usps_prices
from quartermaster.domain.carriers import Rate, Service, Transit, Zone

CARRIER = "USPS"
GROUND, PRIORITY = "Ground Advantage", "Priority Mail"
CM3_PER_KG_OF_IN3_PER_LB = Decimal("36.1273")
"""16.387064 cm3 / 0.45359237 kg."""
_DIVISOR_IN3_PER_LB, _CUBIC_FOOT_CM3 = 166, Decimal("28316.8")
_BANDS_MILES = (50, 150, 300, 600, 1000, 1400, 1800)
_KM_PER_MILE = Decimal("1.609344")
_REST_KM = Decimal(10_000)
"""Bound of zone 8: beyond the longest way between two of the 50 states."""
_DAYS = {GROUND: (2, 2, 3, 3, 4, 4, 5, 5), PRIORITY: (1, 2, 2, 2, 2, 3, 3, 3)}
_LEVELS = {GROUND: "standard", PRIORITY: "expedited"}


def usps_services() -> list[Service]:
    """Return the two products."""
    return [
        Service(
            carrier=CARRIER,
            service=service,
            service_level=level,
            dim_divisor_cm3_per_kg=(_DIVISOR_IN3_PER_LB * CM3_PER_KG_OF_IN3_PER_LB).quantize(Decimal("0.1")),
            dim_above_cm3=_CUBIC_FOOT_CM3,
            max_parcels=4,
            delivers_on="mon-sat",
        )
        for service, level in _LEVELS.items()
    ]


def usps_zones() -> list[Zone]:
    """Return the zone bands."""
    bounds = [(miles * _KM_PER_MILE).quantize(Decimal("0.001")) for miles in _BANDS_MILES] + [_REST_KM]
    return [Zone(carrier=CARRIER, zone=str(zone), max_distance_km=bound) for zone, bound in enumerate(bounds, start=1)]


def usps_rates() -> list[Rate]:
    """Return the price list."""
    return [
        Rate(
            carrier=CARRIER,
            service=step.service,
            zone=str(zone),
            max_weight_g=step.max_weight_g,
            price=Decimal(step.prices[zone - 1]),
        )
        for step in usps_prices()
        for zone in range(1, ZONES + 1)
    ]


def usps_transit() -> list[Transit]:
    """Return delivery days by zone."""
    return [
        Transit(carrier=CARRIER, service=service, zone=str(zone), days=days)
        for service, by_zone in _DAYS.items()
        for zone, days in enumerate(by_zone, start=1)
    ]
