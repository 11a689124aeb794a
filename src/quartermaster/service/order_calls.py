"""Orders, plans, routing, promises and events: what each call does in its transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quartermaster.errors import InputError, StoreError
from quartermaster.io.findings import shown
from quartermaster.service.desk import Answered, Asked
from quartermaster.service.query import whole
from quartermaster.service.references import Reference, References, new_order
from quartermaster.service.requests import OrdersBody, read_as
from quartermaster.service.stock_calls import instant
from quartermaster.store import Store
from quartermaster.store.database import Transaction
from quartermaster.store.events import Event, events_after
from quartermaster.store.orders import NewOrder, StoredOrder, cancel_order, put_order, stored_order

MOST_EVENTS = 1_000
"""Events in one answer, at the most."""


def read_orders(asked: Asked, store: Store, references: References) -> list[NewOrder | Mapping[str, Any]]:
    """Read orders, each by itself; what is answered stands in the place of one that cannot be stored.

    Parameters
    ----------
    asked
        Its body is an `OrdersBody`.
    store, references
        What they are checked against.

    Raises
    ------
    InputError
        If the body is not an `OrdersBody`.
    StoreError
        ``no_snapshot``.
    """
    body = read_as(OrdersBody, asked.document)
    with store.read() as transaction:
        reference = references.of(transaction, asked.scope_id)
    return [_read(reference, one) for one in body.orders]


def orders_call(transaction: Transaction, asked: Asked) -> Answered:
    """Take orders in, each by itself: bad ones are held as rejected with their reasons.

    Parameters
    ----------
    transaction, asked
        As for every call; it is asked what `read_orders` returns.
    """
    orders: list[NewOrder | Mapping[str, Any]] = asked.document
    told: list[Mapping[str, Any]] = [{}] * len(orders)
    # by id, so that two requests never wait for each other; those of one id in the order in which they came
    for at in sorted(range(len(orders)), key=lambda at: _order_id(orders[at])):
        order = orders[at]
        told[at] = _taken(transaction, asked.scope_id, order) if isinstance(order, NewOrder) else order
    return Answered({"orders": told})


def _order_id(order: NewOrder | Mapping[str, Any]) -> str:
    return order.order_id if isinstance(order, NewOrder) else ""


def _read(reference: Reference, document: Any) -> NewOrder | Mapping[str, Any]:
    try:
        return new_order(reference, document)
    except InputError as error:
        given = document.get("order_id") if isinstance(document, Mapping) else None
        first = error.problems[0]
        named = given if isinstance(given, str) else shown(given)
        return {"order_id": named, "result": "refused", "reason": f"{first.code} at {first.pointer or '/'}"}


def _taken(transaction: Transaction, scope_id: str, order: NewOrder) -> Mapping[str, Any]:
    try:
        result = put_order(transaction, scope_id, order)
    except StoreError as error:
        return {"order_id": order.order_id, "result": "refused", "reason": f"{error.code}: {error.detail}"}
    return {"order_id": order.order_id, "result": "rejected" if order.rejected else result, "reason": order.rejected}


def order_call(transaction: Transaction, asked: Asked, order_id: str) -> Answered:
    """Read an order.

    Parameters
    ----------
    transaction, asked, order_id
        As for every call, and which.
    """
    return Answered(order_document(stored_order(transaction, asked.scope_id, order_id)))


def cancel_call(transaction: Transaction, asked: Asked, order_id: str) -> Answered:
    """Cancel what is not allocated of an order.

    Parameters
    ----------
    transaction, asked, order_id
        As for every call, and which.
    """
    return Answered(order_document(cancel_order(transaction, asked.scope_id, order_id)))


def order_document(order: StoredOrder) -> Mapping[str, Any]:
    """Write an order: its state, its lines, its history and what plans gave it.

    Parameters
    ----------
    order
        The order.
    """
    return {
        "order_id": order.order_id,
        "state": order.state,
        "reason": order.reason,
        "order": json.loads(order.document),
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "ordered": line.ordered,
                "open": line.open,
                "allocated": line.allocated,
                "backordered": line.backordered,
                "rejected": line.rejected,
                "cancelled": line.cancelled,
            }
            for line in order.lines
        ],
        "history": [{"at": instant(at), "event": event, "detail": detail} for at, event, detail in order.history],
        "allocations": list(order.allocations),
    }


def events_call(transaction: Transaction, asked: Asked) -> Answered:
    """Read events after a number.

    Parameters
    ----------
    transaction, asked
        As for every call; the query may have ``after`` and ``limit``.
    """
    after = whole(asked, "after", 0, 10**18)
    limit = whole(asked, "limit", 100, MOST_EVENTS, least=1)
    found = events_after(transaction, asked.scope_id, after, limit)
    return Answered(
        {
            "events": [event_entry(one) for one in found],
            "after": found[-1].sequence if found else after,
        }
    )


def event_entry(event: Event) -> dict[str, Any]:
    """Write an event as those who ask for it, or are told of it, get it.

    Parameters
    ----------
    event
        The event.
    """
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "type": event.type,
        "subject": event.subject,
        "payload": event.payload,
        "created_at": instant(event.created_at),
    }
