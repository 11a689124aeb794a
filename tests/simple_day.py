"""Small days by hand: one carrier with one service, zones by distance, prices that can be added in the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready

MONDAY = datetime.fromisoformat("2026-06-08T09:00:00+00:00")
NEW_YORK = {"lat": 40.7484, "lon": -73.9967}
NEWARK = {"lat": 40.7357, "lon": -74.1724}
CHICAGO = {"lat": 41.8858, "lon": -87.6181}
LOS_ANGELES = {"lat": 33.9731, "lon": -118.2479}
BANDS = (("near", "100"), ("middle", "2000"), ("far", "20016"))
PRICES = {"near": "5", "middle": "8", "far": "12"}


def simple_day(
    *,
    orders: Sequence[Order],
    lines: Sequence[OrderLine],
    nodes: Sequence[Node],
    stock: Mapping[tuple[str, str], int | Inventory],
    prices: Mapping[str, str] = PRICES,
    weight_g: int = 400,
    max_weight_g: int = 20_000,
    days: int = 2,
    as_of: datetime = MONDAY,
    **tables: Any,
) -> Snapshot:
    """Build a checked snapshot of one carrier ``C`` with one service ``S``.

    Parameters
    ----------
    orders, lines, nodes
        Rows.
    stock
        Units on hand (or a whole row) by (node_id, sku).
    prices
        Price of one parcel by zone: ``near`` up to 100 km, ``middle`` up to 2 000 km, ``far``.
    weight_g
        Weight of a unit of every SKU.
    max_weight_g
        Only break of every rate.
    days
        Transit days of every zone.
    as_of
        Now.
    tables
        Other tables, or other rows in place of the ones made here.
    """
    inventory = [
        held if isinstance(held, Inventory) else Inventory(node_id=node_id, sku=sku, on_hand=held)
        for (node_id, sku), held in stock.items()
    ]
    rows: dict[str, Any] = {
        "orders": orders,
        "order_lines": lines,
        "products": [Product(sku=sku, weight_g=weight_g) for sku in sorted({line.sku for line in lines})],
        "nodes": nodes,
        "inventory": inventory,
        "services": [Service(carrier="C", service="S", max_parcels=1)],
        "zones": [Zone(carrier="C", zone=zone, max_distance_km=Decimal(bound)) for zone, bound in BANDS],
        "rates": [
            Rate(carrier="C", service="S", zone=zone, max_weight_g=max_weight_g, price=Decimal(price))
            for zone, price in prices.items()
        ],
        "transit": [Transit(carrier="C", service="S", zone=zone, days=days) for zone, _ in BANDS],
    }
    return ready(Snapshot(as_of=as_of, currency="USD", **{**rows, **tables}))


def sent(allocations: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """Units by (order_id, line_id, node_id)."""
    keys = zip(allocations["order_id"], allocations["line_id"], allocations["node_id"], strict=True)
    return dict(zip(keys, (int(units) for units in allocations["quantity"]), strict=True))


def short(backorders: pd.DataFrame) -> dict[tuple[str, str], tuple[int, str]]:
    """Units and reason by (order_id, line_id)."""
    keys = zip(backorders["order_id"], backorders["line_id"], strict=True)
    values = zip((int(units) for units in backorders["quantity"]), map(str, backorders["reason"]), strict=True)
    return dict(zip(keys, values, strict=True))
