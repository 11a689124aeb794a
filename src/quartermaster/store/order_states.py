"""States of orders, and their history.

open → allocated | backordered | rejected | cancelled        backordered → allocated | cancelled, when planned again
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert

from quartermaster.store.database import Transaction
from quartermaster.store.tables import ORDER_EVENTS

OPEN, ALLOCATED, BACKORDERED, REJECTED, CANCELLED = "open", "allocated", "backordered", "rejected", "cancelled"
STATES = (OPEN, ALLOCATED, BACKORDERED, REJECTED, CANCELLED)
PLANNABLE = (OPEN, BACKORDERED)
"""States in which an order is planned, and may still be changed."""


def note(transaction: Transaction, scope_id: str, order_id: str, happened: str, detail: Mapping[str, Any]) -> None:
    """Append to the history of an order.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.
    happened, detail
        What, and more of it as JSON values.
    """
    note_all(transaction, scope_id, [(order_id, happened, detail)])


def note_all(transaction: Transaction, scope_id: str, entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Append to the history of orders.

    Parameters
    ----------
    transaction, scope_id
        Where.
    entries
        Of which order, what happened, and more of it as JSON values; at least one.
    """
    rows = [
        {
            "scope_id": scope_id,
            "order_id": order_id,
            "at": transaction.now,
            "event": happened,
            "detail": json.dumps(detail, sort_keys=True, ensure_ascii=False),
        }
        for order_id, happened, detail in entries
    ]
    transaction.run(insert(ORDER_EVENTS), rows)
