"""The snapshot as dictionaries of plain Python values, by id."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from math import floor

from quartermaster.domain.carriers import Service
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot

NO_SERVICE = Service(carrier="", service="none")
"""The one service of a snapshot without services: it has no rates and no transit time."""
ROWS_AT_ONCE = 65_536
"""Rows of inventory looked at in one go: bounds memory."""


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the specification looks up.

    Parameters
    ----------
    as_of
        The planner's "now", aware.
    orders, nodes
        By id.
    lines
        By (order_id, line_id).
    lines_of
        Lines of each order, by order_id.
    weight_g, volume_mm3
        Of one unit, by SKU; the volume is 0 where a side is missing.
    services
        By (carrier, service); just `NO_SERVICE` when the snapshot has none.
    bands
        (bound in whole metres, zone) by carrier, nearest first.
    prefixes
        Zone by (carrier, origin prefix, destination prefix).
    prefix_lengths
        Lengths of (origin prefix, destination prefix) in use by carrier; the first pair that has a zone wins.
    rates
        (break in grams, price in micro) by (carrier, service, zone), lightest first.
    transit
        Delivery days by (carrier, service, zone).
    standing_shipments, standing_units
        What allocations that stand already take of each node, by node_id; 0 where not listed.
    node_holidays, carrier_holidays
        Days by node_id or carrier, those of everywhere included.
    """

    as_of: datetime
    orders: dict[str, Order]
    nodes: dict[str, Node]
    lines: dict[tuple[str, str], OrderLine]
    lines_of: dict[str, list[OrderLine]]
    weight_g: dict[str, int]
    volume_mm3: dict[str, int]
    services: dict[tuple[str, str], Service]
    bands: dict[str, list[tuple[int, str]]]
    prefixes: dict[tuple[str, str, str], str]
    prefix_lengths: dict[str, list[tuple[int, int]]]
    rates: dict[tuple[str, str, str], list[tuple[int, int]]]
    transit: dict[tuple[str, str, str], int]
    standing_shipments: Counter[str]
    standing_units: Counter[str]
    node_holidays: dict[str, set[date]]
    carrier_holidays: dict[str, set[date]]


def records_of(snapshot: Snapshot) -> Records:
    """Index a snapshot.

    Parameters
    ----------
    snapshot
        Checked.
    """
    lines = list(snapshot.order_lines)
    lines_of: dict[str, list[OrderLine]] = defaultdict(list)
    for line in lines:
        lines_of[line.order_id].append(line)
    products = snapshot.products
    sides = (products["length_mm"].tolist(), products["width_mm"].tolist(), products["height_mm"].tolist())
    services = list(snapshot.services) or [NO_SERVICE]
    nodes = {node.node_id: node for node in snapshot.nodes}
    bands, prefixes = _zones(snapshot)
    return Records(
        as_of=snapshot.as_of,
        orders={order.order_id: order for order in snapshot.orders},
        nodes=nodes,
        lines={(line.order_id, line.line_id): line for line in lines},
        lines_of=dict(lines_of),
        weight_g=dict(zip(products["sku"].tolist(), products["weight_g"].tolist(), strict=True)),
        volume_mm3={
            sku: length * width * height if min(length, width, height) >= 0 else 0
            for sku, length, width, height in zip(products["sku"].tolist(), *sides, strict=True)
        },
        services={(service.carrier, service.service): service for service in services},
        bands=bands,
        prefixes=prefixes,
        prefix_lengths=_prefix_lengths(prefixes),
        rates=_rates(snapshot),
        transit={
            (carrier, service, zone): days
            for carrier, service, zone, days in zip(
                *(snapshot.transit[name].tolist() for name in ("carrier", "service", "zone", "days")), strict=True
            )
        },
        standing_shipments=Counter(
            node_id for node_id, _, _ in {(row.node_id, row.order_id, row.shipment_id) for row in snapshot.fixed}
        ),
        standing_units=_standing_units(snapshot),
        node_holidays={node_id: _holidays(snapshot, node_id=node_id) for node_id in nodes},
        carrier_holidays={
            service.carrier: _holidays(snapshot, carrier=service.carrier) for service in services if service.carrier
        },
    )


def available_units(snapshot: Snapshot, pairs: Set[tuple[str, str]] | None = None) -> dict[tuple[str, str], int]:
    """Return the units available, by (node_id, sku): after allocations that stand, and never below 0.

    Parameters
    ----------
    snapshot
        Checked.
    pairs
        The (node_id, sku) that matter; None = all. One that is not in the answer is not stocked.
    """
    stock = snapshot.inventory
    names = ("node_id", "sku", "on_hand", "safety_stock", "reserved")
    available: dict[tuple[str, str], int] = {}
    for start in range(0, len(stock), ROWS_AT_ONCE):
        columns = (stock[name][start : start + ROWS_AT_ONCE].tolist() for name in names)
        for node_id, sku, on_hand, safety_stock, reserved in zip(*columns, strict=True):
            if pairs is None or (node_id, sku) in pairs:
                available[node_id, sku] = max(0, on_hand - safety_stock - reserved)
    for row in snapshot.fixed:
        if (row.node_id, row.sku) in available:
            available[row.node_id, row.sku] = max(0, available[row.node_id, row.sku] - row.quantity)
    return available


def _standing_units(snapshot: Snapshot) -> Counter[str]:
    units: Counter[str] = Counter()
    for row in snapshot.fixed:
        units[row.node_id] += row.quantity
    return units


def _zones(snapshot: Snapshot) -> tuple[dict[str, list[tuple[int, str]]], dict[tuple[str, str, str], str]]:
    bands: dict[str, list[tuple[Fraction, str]]] = defaultdict(list)
    prefixes: dict[tuple[str, str, str], str] = {}
    names = ("carrier", "zone", "max_distance_km", "origin_prefix", "destination_prefix")
    for carrier, zone, bound_km, origin, destination in zip(
        *(snapshot.zones[name].tolist() for name in names), strict=True
    ):
        if bound_km is not None:
            bands[carrier].append((Fraction(bound_km) * 1000, zone))
        else:
            prefixes.setdefault((carrier, origin, destination), zone)
    # Distances are whole metres: one is within a bound when it is within the bound's whole metres.
    return {
        carrier: [(floor(bound), zone) for bound, zone in sorted(found)] for carrier, found in bands.items()
    }, prefixes


def _prefix_lengths(prefixes: Iterable[tuple[str, str, str]]) -> dict[str, list[tuple[int, int]]]:
    """Longest origin and destination together first, then the longer origin."""
    lengths: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for carrier, origin, destination in prefixes:
        lengths[carrier].add((len(origin), len(destination)))
    return {carrier: sorted(found, key=lambda both: (-sum(both), -both[0])) for carrier, found in lengths.items()}


def _rates(snapshot: Snapshot) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    rates: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    names = ("carrier", "service", "zone", "max_weight_g", "price")
    for carrier, service, zone, max_weight_g, price in zip(
        *(snapshot.rates[name].tolist() for name in names), strict=True
    ):
        rates[carrier, service, zone].append((max_weight_g, price))
    return {key: sorted(steps) for key, steps in rates.items()}


def _holidays(snapshot: Snapshot, *, node_id: str = "", carrier: str = "") -> set[date]:
    """Days of one node or carrier: its own rows and the rows that name neither."""
    return {
        holiday.date
        for holiday in snapshot.holidays
        if (not holiday.node_id and not holiday.carrier)
        or (node_id and holiday.node_id == node_id)
        or (carrier and holiday.carrier == carrier)
    }
