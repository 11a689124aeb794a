"""Orders, plans, routing, promises and events: what each call does in its transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from quartermaster.errors import InputError, StoreError
from quartermaster.io.findings import shown
from quartermaster.service.asked import Answered, Asked
from quartermaster.service.order_reading import new_orders
from quartermaster.service.pages import Cursors, limit_of
from quartermaster.service.query import one_of, whole
from quartermaster.service.references import References
from quartermaster.service.requests import OrdersBody, read_as
from quartermaster.service.stock_calls import instant
from quartermaster.store import Store
from quartermaster.store.database import Transaction
from quartermaster.store.events import Event, events_after
from quartermaster.store.order_intake import put_orders
from quartermaster.store.order_list import orders_after
from quartermaster.store.order_states import STATES
from quartermaster.store.orders import NewOrder, StoredOrder, cancel_order, stored_order

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
    read = new_orders(reference, body.orders)
    return [_told(given, one) for given, one in zip(body.orders, read, strict=True)]


def orders_call(transaction: Transaction, asked: Asked) -> Answered:
    """Take orders in, each by itself: bad ones are held as rejected with their reasons.

    Parameters
    ----------
    transaction, asked
        As for every call; it is asked what `read_orders` returns.
    """
    orders = _without_conflicts(asked.document)
    taken = [order for order in orders if isinstance(order, NewOrder)]
    results = iter(put_orders(transaction, asked.scope_id, taken))
    return Answered({"orders": [_taken(one, next(results)) if isinstance(one, NewOrder) else one for one in orders]})


def _without_conflicts(orders: Sequence[NewOrder | Mapping[str, Any]]) -> list[NewOrder | Mapping[str, Any]]:
    """Refuse each order that stands in the request twice with different content: neither is more right."""
    contents: dict[str, set[str]] = {}
    for order in orders:
        if isinstance(order, NewOrder):
            contents.setdefault(order.order_id, set()).add(order.document)
    reason = "order_conflict: the request has it twice with different content"
    return [
        {"order_id": order.order_id, "result": "refused", "reason": reason}
        if isinstance(order, NewOrder) and len(contents[order.order_id]) > 1
        else order
        for order in orders
    ]


def _told(given: Any, read: NewOrder | InputError) -> NewOrder | Mapping[str, Any]:
    """Answer an order that cannot be stored."""
    if isinstance(read, NewOrder):
        return read
    order_id = given.get("order_id") if isinstance(given, Mapping) else None
    named = order_id if isinstance(order_id, str) else shown(order_id)
    first = read.problems[0]
    return {"order_id": named, "result": "refused", "reason": f"{first.code} at {first.pointer or '/'}"}


def _taken(order: NewOrder, result: str | StoreError) -> Mapping[str, Any]:
    """Answer an order that was to be stored."""
    if isinstance(result, StoreError):
        return {"order_id": order.order_id, "result": "refused", "reason": f"{result.code}: {result.detail}"}
    return {"order_id": order.order_id, "result": "rejected" if order.rejected else result, "reason": order.rejected}


def order_list_call(transaction: Transaction, asked: Asked, cursors: Cursors) -> Answered:
    """Read a page of orders.

    Parameters
    ----------
    transaction, asked
        As for every call; the query may name a ``state``, and have ``limit`` and ``cursor``.
    cursors
        Of lists.
    """
    (after,), limit = cursors.read(asked) or [""], limit_of(asked)
    found = orders_after(transaction, asked.scope_id, after, limit + 1, one_of(asked, "state", STATES))
    rows = [
        {
            "order_id": one.order_id,
            "state": one.state,
            "reason": one.reason,
            "created_at": instant(one.created_at),
            "updated_at": instant(one.updated_at),
        }
        for one in found[:limit]
    ]
    following = cursors.written(asked, [found[limit - 1].order_id]) if len(found) > limit else None
    return Answered({"rows": rows, "cursor": following})


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
    limit = limit_of(asked, 100, MOST_EVENTS)
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
