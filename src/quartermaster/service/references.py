"""The snapshots that scopes stand on, read once: what orders are checked against, and routers are built from."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quartermaster import io
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem, StoreError
from quartermaster.service.settings import ServiceSettings
from quartermaster.store.database import Transaction
from quartermaster.store.instants import time_of
from quartermaster.store.orders import NewLine, NewOrder
from quartermaster.store.snapshots import Stored, content_of, latest_snapshot

MOST_HELD = 4
"""Snapshots held in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A snapshot that a scope stands on.

    Parameters
    ----------
    stored
        Where it is held.
    snapshot
        Read and checked.
    document
        As a document; its products by SKU stand in `products`.
    products
        Rows of its products.
    now
        The instant at which orders are read, RFC 3339: they may be later than the snapshot.
    """

    stored: Stored
    snapshot: Snapshot
    document: Mapping[str, Any]
    products: Mapping[str, Mapping[str, Any]]
    now: str

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
        lines = document.get("lines") if isinstance(document, Mapping) else None
        named = [line.get("sku") for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []
        known = sorted({sku for sku in named if isinstance(sku, str) and sku in self.products})
        small = {
            "snapshot": {**self.document["snapshot"], "as_of": self.now},
            "orders": [document],
            "products": [self.products[sku] for sku in known],
            "nodes": self.document["nodes"],
            "inventory": [],
        }
        try:
            read = io.read_document(small).snapshot
        except InputError as error:
            own = [_within(problem) for problem in error.problems if problem.pointer.startswith("/orders")]
            raise InputError(own or error.problems) from None
        (order,) = read.orders
        return order, list(read.order_lines)


def new_order(reference: Reference, document: Any) -> NewOrder:
    """Read an order that comes in; one that is not valid is rejected with its reasons, if it has an id.

    Parameters
    ----------
    reference
        What it is checked against.
    document
        The order with its ``lines``.

    Raises
    ------
    InputError
        If it has no id that it could be stored under.
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=float)  # numbers have at most 15 digits
    try:
        order, lines = reference.order(document)
    except InputError as error:
        order_id = document.get("order_id") if isinstance(document, Mapping) else None
        broken = {"missing_field", "type", "id_format", "encoding", "text_not_allowed"}
        if not isinstance(order_id, str) or any(
            problem.pointer == "/order_id" and problem.code in broken for problem in error.problems
        ):
            raise
        reasons = "; ".join(f"{problem.code} at {problem.pointer or '/'}" for problem in error.problems[:10])
        return NewOrder(order_id, text, [], rejected=reasons)
    return NewOrder(order.order_id, text, [NewLine(line.line_id, line.sku, line.quantity) for line in lines])


class References:
    """Snapshots held in memory by their hash.

    Parameters
    ----------
    settings
        Limits of reading.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._limits = io.Limits(max_rows=settings.max_rows)
        self._held: OrderedDict[str, Reference] = OrderedDict()
        self._lock = threading.Lock()

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
        stored = latest_snapshot(transaction, scope_id)
        if stored is None:
            raise StoreError("no_snapshot", "put a snapshot into the scope first")
        now = time_of(transaction.now).isoformat()
        with self._lock:
            held = self._held.get(stored.sha256)
            if held is not None:
                self._held.move_to_end(stored.sha256)
                return replace(held, stored=stored, now=now)
        document = io.parse_document(content_of(transaction, stored.sha256))
        snapshot = io.read_document(document, limits=self._limits).snapshot
        products = {row["sku"]: row for row in _rows(document["products"])}
        reference = Reference(stored, snapshot, document, products, now)
        with self._lock:
            self._held[stored.sha256] = reference
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
        return reference


def _rows(table: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(table, Mapping):
        names = list(table)
        return [dict(zip(names, row, strict=True)) for row in zip(*table.values(), strict=True)]
    rows: Sequence[Mapping[str, Any]] = table
    return rows


def _within(problem: Problem) -> Problem:
    """Point into the order instead of into the list it was read in."""
    return replace(problem, pointer=problem.pointer.removeprefix("/orders/0").removeprefix("/orders"))
