"""Small canonical snapshots for the rating tests, made of row objects without reading any file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.domain.snapshot import KEYS, ROW_TYPES, Snapshot
from quartermaster.policy import Policy
from quartermaster.rating import Lanes, RateBook, rate_book

MONDAY_NOON = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)
EPOCH = np.datetime64("1970-01-01")


def canonical(rows: Iterable[Any], name: str) -> list[Any]:
    """Sort rows by the key of their table, a value that is not given first."""
    return sorted(rows, key=lambda row: [(getattr(row, key) is not None, getattr(row, key)) for key in KEYS[name]])


def snapshot_of(as_of: datetime = MONDAY_NOON, **tables: Iterable[Any]) -> Snapshot:
    """Build a canonical snapshot that counts as checked; tables that are not named are empty."""
    rows: dict[str, Any] = {name: canonical(tables.get(name, ()), name) for name in ROW_TYPES}
    return Snapshot(as_of=as_of, currency="USD", checked=True, **rows)


def card(
    steps: Iterable[tuple[int, str]] = ((1000, "5"),), *, zone: str = "1", days: int = 1, **service: Any
) -> dict[str, list[Any]]:
    """Build one service "c ground" with one zone for every distance and one rate card."""
    return {
        "services": [Service(carrier="c", service="ground", **service)],
        "zones": [Zone(carrier="c", zone=zone, max_distance_km=Decimal(10**6))],
        "rates": [
            Rate(carrier="c", service="ground", zone=zone, max_weight_g=grams, price=Decimal(price))
            for grams, price in steps
        ],
        "transit": [Transit(carrier="c", service="ground", zone=zone, days=days)],
    }


def book_of(policy: Policy | None = None, as_of: datetime = MONDAY_NOON, **tables: Iterable[Any]) -> RateBook:
    """Make the rate book of a small snapshot; one order and one node unless given."""
    tables.setdefault("orders", [Order(order_id="o")])
    tables.setdefault("nodes", [Node(node_id="n")])
    return rate_book(snapshot_of(as_of, **tables), policy or Policy())


def all_lanes(book: RateBook) -> Lanes:
    """Every order with every node, orders first."""
    n_orders, n_nodes = len(book.residential), len(book.ship_day)
    return book.lanes(np.repeat(np.arange(n_orders), n_nodes), np.tile(np.arange(n_nodes), n_orders))


def iso(day: Any) -> str:
    """Write a day number as an ISO date."""
    return str(EPOCH + int(day))
