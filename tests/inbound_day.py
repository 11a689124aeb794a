"""Small days with inbound supply, and the expected dates of their plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from simple_day import NEW_YORK, NEWARK, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Replenishment
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

Dates = dict[tuple[str, str], tuple[str, str]]
NO_DATE = ("", "")
NODE = Node(node_id="n1", **NEWARK)


def june(day: int) -> date:
    """A day of June 2026; the 8th, when plans are made, is a Monday."""
    return date(2026, 6, day)


def order(order_id: str, **given: Any) -> Order:
    """An order to New York."""
    return Order(order_id=order_id, **{**NEW_YORK, **given})


def line(order_id: str, quantity: int, sku: str = "x", line_id: str = "1", **given: Any) -> OrderLine:
    """An order line."""
    return OrderLine(order_id=order_id, line_id=line_id, sku=sku, quantity=quantity, **given)


def inbound_day(
    orders: Sequence[Order],
    lines: Sequence[OrderLine],
    inbound: Mapping[tuple[str, str, int], int],
    *,
    nodes: Sequence[Node] = (NODE,),
    stock: Mapping[tuple[str, str], int] | None = None,
    **given: Any,
) -> Snapshot:
    """Build a checked day: one service of two delivery days, units of 400 g, at most 20 kg a shipment.

    Parameters
    ----------
    orders, lines, nodes
        Rows.
    inbound
        Units by (node_id, sku, day of June).
    stock
        Units on hand by (node_id, sku).
    given
        As in `simple_day`.
    """
    rows = [
        Replenishment(node_id=node_id, sku=sku, quantity=units, arrives_on=june(day))
        for (node_id, sku, day), units in inbound.items()
    ]
    return simple_day(orders=orders, lines=lines, nodes=nodes, stock=stock or {}, replenishment=rows, **given)


def dates(snapshot: Snapshot, policy: Policy | None = None) -> Dates:
    """Plan, and return the expected ship and delivery date by (order_id, line_id) of what is backordered."""
    backorders = qm.plan(snapshot, policy).backorders
    keys = zip(backorders["order_id"], backorders["line_id"], strict=True)
    days = zip(backorders["expected_ship_date"], backorders["expected_delivery_date"], strict=True)
    return dict(zip(keys, days, strict=True))
