"""The snapshots that scopes stand on, read once: what orders are checked against, and routers are built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from quartermaster import io
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.service.kept import Kept
from quartermaster.service.settings import ServiceSettings
from quartermaster.store.database import Transaction
from quartermaster.store.instants import time_of
from quartermaster.store.snapshots import Stored, content_of
from quartermaster.store.standing import standing

MOST_ROWS = 4_000_000
"""Rows of the snapshots held in memory: some 300 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A snapshot that a scope stands on.

    Parameters
    ----------
    stored
        Where it is held.
    snapshot
        Read and checked.
    reader
        Reads orders that are plainly good.
    frame
        What a snapshot document of some of its orders begins with: ``snapshot`` and ``nodes``.
    products
        Rows of its products by SKU.
    now
        The instant at which orders are read: they may be later than the snapshot.
    """

    stored: Stored
    snapshot: Snapshot
    reader: io.OrderReader
    frame: Mapping[str, Any]
    products: Mapping[str, Mapping[str, Any]]
    now: datetime

    def order(self, document: Any) -> tuple[Order, list[OrderLine]]:
        """Read one order as it would be read in a snapshot.

        Parameters
        ----------
        document
            The order with its ``lines``.

        Raises
        ------
        InputError
            If it is not valid; carries every problem, with pointers into the order.
        """
        found = self.reader.read(document, self.now)
        if found is not None:
            return found
        try:
            read = io.read_document(self.with_orders([document])).snapshot
        except InputError as error:
            raise InputError(_alone(error.problems) or error.problems) from None
        (order,) = read.orders
        return order, list(read.order_lines)

    def with_orders(self, orders: Sequence[Any]) -> dict[str, Any]:
        """Write the snapshot document in which orders are read: with every node, and the products that they name.

        Parameters
        ----------
        orders
            The orders, whatever they are.
        """
        named = {sku for order in orders for sku in _skus(order)}
        products = [self.products[sku] for sku in sorted(named & self.products.keys())]
        heading = {**self.frame["snapshot"], "as_of": self.now.isoformat()}
        return {**self.frame, "snapshot": heading, "orders": list(orders), "products": products, "inventory": []}


def of_order(problems: Iterable[Problem], position: int) -> list[Problem]:
    """Return the problems of one of the orders of a document, pointing into the order.

    Parameters
    ----------
    problems
        Of the whole document.
    position
        Of the order.
    """
    place = f"/orders/{position}"
    own = (one for one in problems if one.pointer == place or one.pointer.startswith(f"{place}/"))
    return [replace(one, pointer=one.pointer.removeprefix(place)) for one in own]


def _alone(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems of the only order of a document, those of all orders with them."""
    own = (one for one in problems if one.pointer.startswith("/orders"))
    return [replace(one, pointer=one.pointer.removeprefix("/orders/0").removeprefix("/orders")) for one in own]


def _skus(order: Any) -> Iterator[str]:
    lines = order.get("lines") if isinstance(order, Mapping) else None
    for line in lines if isinstance(lines, list) else ():
        sku = line.get("sku") if isinstance(line, Mapping) else None
        if isinstance(sku, str):
            yield sku


class References:
    """Snapshots held in memory by their hash.

    Parameters
    ----------
    settings
        Limits of reading.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._limits = io.Limits(max_rows=settings.max_rows)
        self._held: Kept[str, Reference] = Kept(MOST_ROWS, lambda reference: rows_of(reference.snapshot))

    def of(self, transaction: Transaction, scope_id: str) -> Reference:
        """Return what a scope stands on.

        Parameters
        ----------
        transaction, scope_id
            Where.

        Raises
        ------
        StoreError
            ``no_snapshot`` before the first.
        """
        return self.of_stored(transaction, standing(transaction, scope_id).stored)

    def of_stored(self, transaction: Transaction, stored: Stored) -> Reference:
        """Return a snapshot, read at most once.

        Parameters
        ----------
        transaction, stored
            Where it is held.
        """
        now = time_of(transaction.now)
        held = self._held.of(stored.sha256, lambda: self._read(transaction, stored, now))
        return replace(held, stored=stored, now=now)

    def _read(self, transaction: Transaction, stored: Stored, now: datetime) -> Reference:
        document = io.parse_document(content_of(transaction, stored.sha256))
        snapshot = io.read_document(document, limits=self._limits).snapshot
        products = {row["sku"]: row for row in _rows(document["products"])}
        frame = {"snapshot": document["snapshot"], "nodes": document["nodes"]}
        return Reference(stored, snapshot, io.OrderReader.of(snapshot), frame, products, now)


def rows_of(snapshot: Snapshot) -> int:
    """Count the rows of a snapshot that weigh most.

    Parameters
    ----------
    snapshot
        The snapshot.
    """
    return len(snapshot.inventory) + len(snapshot.products) + len(snapshot.nodes) + len(snapshot.rates)


def _rows(table: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(table, Mapping):
        names = list(table)
        return [dict(zip(names, row, strict=True)) for row in zip(*table.values(), strict=True)]
    rows: Sequence[Mapping[str, Any]] = table
    return rows
