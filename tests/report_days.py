"""Small snapshots of every shape that a report must be able to show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready

Place = tuple[float | None, float | None]
BERLIN, MUNICH, COLOGNE, NOWHERE = (52.5, 13.4), (48.1, 11.6), (50.9, 7.0), (None, None)


def day_at(
    destinations: Sequence[Place],
    nodes: Sequence[Place],
    *,
    order_id: str = "A{}",
    node_id: str = "N{}",
    sku: str = "K1",
    max_shipments: int | None = None,
) -> Snapshot:
    """Make a checked day without services: one order of one line a destination, one SKU, ids by a pattern."""
    order_ids = [order_id.format(number) for number in range(len(destinations))]
    node_ids = [node_id.format(number) for number in range(len(nodes))]
    return ready(
        Snapshot(
            as_of=datetime(2026, 3, 2, 8, tzinfo=UTC),
            currency="EUR",
            orders=[
                Order(order_id=name, country="DE", lat=lat, lon=lon)
                for name, (lat, lon) in zip(order_ids, destinations, strict=True)
            ],
            order_lines=[OrderLine(order_id=name, line_id="1", sku=sku, quantity=2) for name in order_ids],
            products=[Product(sku=sku, weight_g=500)],
            nodes=[
                Node(node_id=name, country="DE", lat=lat, lon=lon, max_shipments=max_shipments)
                for name, (lat, lon) in zip(node_ids, nodes, strict=True)
            ],
            inventory=[Inventory(node_id=name, sku=sku, on_hand=50) for name in node_ids],
        )
    )
