"""Lanes: how far a node is from an order, and the carrier's zone between them."""

from __future__ import annotations

from fractions import Fraction
from math import atan2, cos, floor, radians, sin, sqrt

from geopy.distance import great_circle

from quartermaster.domain.money import round_half_up
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.evaluation.records import Records

UNKNOWN_PLACE_M = 20_015_115
"""Distance to or from an unknown place: half the Earth's circumference, so that it is last, never first."""


RADIUS_M = 6_371_009.0
"""Radius of the Earth, in metres."""
DOUBTFUL_M = 1e-6
"""geopy may differ in the last bits, some 1e-8 m: a fraction of a metre so near to a half is left to it."""


def distance_m(node: Node, order: Order) -> int:
    """Great-circle distance in metres, rounded to the metre.

    Parameters
    ----------
    node, order
        Without coordinates a place is unknown (reading has resolved known postal codes).
    """
    if node.lat is None or node.lon is None or order.lat is None or order.lon is None:
        return UNKNOWN_PLACE_M
    here, there = radians(node.lat), radians(order.lat)
    east = radians(order.lon) - radians(node.lon)
    across = cos(here) * sin(there) - sin(here) * cos(there) * cos(east)
    along = sin(here) * sin(there) + cos(here) * cos(there) * cos(east)
    metres = RADIUS_M * atan2(sqrt((cos(there) * sin(east)) ** 2 + across**2), along)
    if abs(metres - floor(metres) - 0.5) < DOUBTFUL_M:
        return round_half_up(Fraction(great_circle((node.lat, node.lon), (order.lat, order.lon)).meters))
    return floor(metres + 0.5)


def zone_of(records: Records, carrier: str, node: Node, order: Order, metres: int) -> str | None:
    """Find the carrier's zone of a lane: the longest pair of postal prefixes, else the first band; None without one.

    Parameters
    ----------
    records
        The snapshot.
    carrier
        The carrier.
    node, order
        Origin and destination.
    metres
        Their distance.
    """
    for origin, destination in records.prefix_lengths.get(carrier, ()):
        if origin <= len(node.postal_code) and destination <= len(order.postal_code):
            zone = records.prefixes.get((carrier, node.postal_code[:origin], order.postal_code[:destination]))
            if zone is not None:
                return zone
    return next((zone for bound_m, zone in records.bands.get(carrier, ()) if bound_m >= metres), None)
