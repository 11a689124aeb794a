"""Lanes: how far a node is from an order, and the carrier's zone between them."""

from __future__ import annotations

from fractions import Fraction

from geopy.distance import great_circle

from quartermaster.domain.money import round_half_up
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.evaluation.records import Records

UNKNOWN_PLACE_M = 20_015_115
"""Distance to or from an unknown place: half the Earth's circumference, so that it is last, never first."""


def distance_m(node: Node, order: Order) -> int:
    """Great-circle distance in metres, rounded to the metre.

    Parameters
    ----------
    node, order
        Without coordinates a place is unknown (reading has resolved known postal codes).
    """
    if node.lat is None or node.lon is None or order.lat is None or order.lon is None:
        return UNKNOWN_PLACE_M
    return round_half_up(Fraction(great_circle((node.lat, node.lon), (order.lat, order.lon)).meters))


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
    matches = [
        (len(origin) + len(destination), len(origin), zone)
        for origin in _prefixes(node.postal_code)
        for destination in _prefixes(order.postal_code)
        if (zone := records.prefixes.get((carrier, origin, destination))) is not None
    ]
    if matches:
        return max(matches)[2]
    return next((zone for bound_m, zone in records.bands.get(carrier, ()) if bound_m >= metres), None)


def _prefixes(postal_code: str) -> list[str]:
    return [postal_code[:length] for length in range(len(postal_code) + 1)]
