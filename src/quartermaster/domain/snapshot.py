"""A snapshot: all open orders and the network as they are at one instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Fixed, Forecast, Replenishment
from quartermaster.domain.table import Table
from quartermaster.errors import Problem

ROW_TYPES: dict[str, type] = {
    "orders": Order,
    "order_lines": OrderLine,
    "products": Product,
    "nodes": Node,
    "inventory": Inventory,
    "services": Service,
    "zones": Zone,
    "rates": Rate,
    "transit": Transit,
    "holidays": Holiday,
    "forecast": Forecast,
    "replenishment": Replenishment,
    "fixed": Fixed,
}
"""Row class of each table, by the table's name; the name is also the stem of its file."""

REQUIRED_TABLES = ("orders", "order_lines", "products", "nodes", "inventory")
"""Tables a snapshot must have; the others may be absent."""

OUTLOOK_TABLES = ("forecast", "replenishment", "fixed")
"""Tables that say what is to come or settled; without rows they are not written and leave no mark on the content."""

KEYS: dict[str, tuple[str, ...]] = {
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_id"),
    "products": ("sku",),
    "nodes": ("node_id",),
    "inventory": ("node_id", "sku"),
    "services": ("carrier", "service"),
    "zones": ("carrier", "zone", "origin_prefix", "destination_prefix", "max_distance_km"),
    "rates": ("carrier", "service", "zone", "max_weight_g"),
    "transit": ("carrier", "service", "zone"),
    "holidays": ("date", "node_id", "carrier"),
    "forecast": ("sku", "destination_prefix"),
    "replenishment": ("node_id", "sku", "arrives_on"),
    "fixed": ("order_id", "line_id", "node_id", "shipment_id"),
}
"""Columns that identify a row, and the canonical sort order of each table (text by code point)."""


def _empty(name: str) -> Any:
    return field(default_factory=lambda: Table.from_rows(ROW_TYPES[name], ()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """All open orders, the stock picture, the network and the carriers at one instant.

    Built by `quartermaster.read_snapshot`, `snapshot_from_frames` or `snapshot_from_document`, or from row
    objects: each table may be given as a `Table` or as any iterable of its row class.

    Parameters
    ----------
    as_of
        Instant of the stock picture, aware; the planner's only "now".
    currency
        ISO 4217 code of every amount in it.
    version
        Free text of whoever made it.
    orders, order_lines, products, nodes, inventory, services, zones, rates, transit, holidays
        The tables of interface.md section 2.
    forecast, replenishment, fixed
        Expected demand, inbound supply, and allocations that stand already.
    checked
        True once `quartermaster.io` has checked every rule, resolved postal codes into coordinates and sorted each
        table canonically (by `KEYS`). Planning and evaluation see checked snapshots only.
    warnings
        What reading found suspect but legal; reported in run.json and by ``validate``.
    """

    as_of: datetime
    currency: str
    version: str = ""
    orders: Table[Order] = _empty("orders")
    order_lines: Table[OrderLine] = _empty("order_lines")
    products: Table[Product] = _empty("products")
    nodes: Table[Node] = _empty("nodes")
    inventory: Table[Inventory] = _empty("inventory")
    services: Table[Service] = _empty("services")
    zones: Table[Zone] = _empty("zones")
    rates: Table[Rate] = _empty("rates")
    transit: Table[Transit] = _empty("transit")
    holidays: Table[Holiday] = _empty("holidays")
    forecast: Table[Forecast] = _empty("forecast")
    replenishment: Table[Replenishment] = _empty("replenishment")
    fixed: Table[Fixed] = _empty("fixed")
    checked: bool = False
    warnings: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for name, row_type in ROW_TYPES.items():
            given: Table[Any] | Iterable[Any] = getattr(self, name)
            if not isinstance(given, Table):
                object.__setattr__(self, name, Table.from_rows(row_type, given))

    def table(self, name: str) -> Table[Any]:
        """Return a table by its name.

        Parameters
        ----------
        name
            A key of `ROW_TYPES`.
        """
        table: Table[Any] = getattr(self, name)
        return table

    def tables(self) -> dict[str, Table[Any]]:
        """Return every table by name, in the order of `ROW_TYPES`."""
        return {table.name: getattr(self, table.name) for table in fields(self) if table.name in ROW_TYPES}
