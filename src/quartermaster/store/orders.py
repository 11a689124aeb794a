"""Orders: what they want, what became of it, and where each ordered unit is.

A line's units are open, allocated, backordered, rejected or cancelled; the database keeps the sum. An order is
allocated when every unit of it is, backordered when a plan left some waiting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.events import emit
from quartermaster.store.fail_points import fail_point
from quartermaster.store.order_states import ALLOCATED, CANCELLED, PLANNABLE, note
from quartermaster.store.reserved_orders import held_for_orders
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import ALLOCATIONS, ORDER_EVENTS, ORDER_LINES, ORDERS, RESERVATIONS


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of an order that comes in.

    Parameters
    ----------
    line_id, sku
        Which, of what.
    quantity
        Units > 0.
    """

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order that comes in.

    Parameters
    ----------
    order_id
        Its id.
    document
        All of it, as JSON text in canonical form.
    lines
        Its lines.
    rejected
        Why it cannot be planned; empty where it can.
    """

    order_id: str
    document: str
    lines: Sequence[NewLine]
    rejected: str = ""


@dataclass(frozen=True, slots=True)
class StoredLine:
    """Where the units of a line are.

    Parameters
    ----------
    line_id, sku
        Which, of what.
    ordered, open, allocated, backordered, rejected, cancelled
        Units; the first is the sum of the others.
    """

    line_id: str
    sku: str
    ordered: int
    open: int
    allocated: int
    backordered: int
    rejected: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order as it is.

    Parameters
    ----------
    order_id, state, reason
        Which, how it stands, why (empty where its state says it all).
    document
        As it came.
    lines
        Its lines.
    history
        What happened to it: instant (microseconds), event, more of it as JSON values.
    allocations
        What plans and reservations gave it, in the order in which they were committed, as JSON values; of what a
        reservation gave there is no plan and no shipment.
    """

    order_id: str
    state: str
    reason: str
    document: str
    lines: tuple[StoredLine, ...]
    history: tuple[tuple[int, str, Mapping[str, Any]], ...]
    allocations: tuple[Mapping[str, Any], ...]


def cancel_order(transaction: Transaction, scope_id: str, order_id: str) -> StoredOrder:
    """Cancel what is not allocated of an order; one that is cancelled stays as it is.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``; ``order_state`` where every unit of it is allocated.
    """
    own = (ORDERS.c.scope_id == scope_id, ORDERS.c.order_id == order_id)
    row = transaction.first(select(ORDERS).where(*own).with_for_update())
    if row is None:
        raise StoreError("not_found", "there is no such order")
    if row.state == ALLOCATED:
        raise StoreError("order_state", "every unit of the order is allocated", state=row.state)
    if row.state != CANCELLED:
        line = ORDER_LINES.c
        transaction.run(
            update(ORDER_LINES)
            .where(*_lines(scope_id, order_id))
            .values(
                cancelled=line.cancelled + line.open + line.backordered + line.rejected,
                open=0,
                backordered=0,
                rejected=0,
            )
        )
        transaction.run(update(ORDERS).where(*own).values(state=CANCELLED, reason="", updated_at=transaction.now))
        fail_point("order cancelled")
        note(transaction, scope_id, order_id, CANCELLED, {})
        emit(transaction, scope_id, "order_cancelled", order_id, {"order_id": order_id})
    return stored_order(transaction, scope_id, order_id)


def stored_order(transaction: Transaction, scope_id: str, order_id: str) -> StoredOrder:
    """Read an order, its history and what it was given.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    row = transaction.first(select(ORDERS).where(ORDERS.c.scope_id == scope_id, ORDERS.c.order_id == order_id))
    if row is None:
        raise StoreError("not_found", "there is no such order")
    lines = transaction.all(select(ORDER_LINES).where(*_lines(scope_id, order_id)).order_by(ORDER_LINES.c.line_id))
    history = transaction.all(
        select(ORDER_EVENTS)
        .where(ORDER_EVENTS.c.scope_id == scope_id, ORDER_EVENTS.c.order_id == order_id)
        .order_by(ORDER_EVENTS.c.entry)
    )
    given = transaction.all(
        select(ALLOCATIONS)
        .join(RESERVATIONS, RESERVATIONS.c.reservation_id == ALLOCATIONS.c.reservation_id)
        .where(ALLOCATIONS.c.scope_id == scope_id, ALLOCATIONS.c.order_id == order_id)
        .order_by(RESERVATIONS.c.commit_sequence, ALLOCATIONS.c.number)
    )
    return StoredOrder(
        order_id,
        row.state,
        row.reason,
        row.document,
        tuple(
            StoredLine(
                line.line_id,
                line.sku,
                line.ordered,
                line.open,
                line.allocated,
                line.backordered,
                line.rejected,
                line.cancelled,
            )
            for line in lines
        ),
        tuple((entry.at, entry.event, json.loads(entry.detail)) for entry in history),
        tuple(
            {
                "plan_id": one.plan_id,
                "line_id": one.line_id,
                "sku": one.sku,
                "node_id": one.node_id,
                "quantity": one.quantity,
                "shipment_id": one.shipment_id,
                "reservation_id": one.reservation_id,
            }
            for one in given
        ),
    )


def plannable(transaction: Transaction, scope_id: str) -> list[tuple[str, dict[str, int]]]:
    """Return what is to be planned: documents of orders, and the units of each of their lines that wait.

    Orders that a reservation is held for are not.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    scope_state(transaction, scope_id)
    waiting: dict[str, dict[str, int]] = {}
    line = ORDER_LINES.c
    units = (line.open + line.backordered).label("units")
    for row in transaction.all(
        select(line.order_id, line.line_id, units)
        .join(ORDERS, (ORDERS.c.scope_id == line.scope_id) & (ORDERS.c.order_id == line.order_id))
        .where(line.scope_id == scope_id, ORDERS.c.state.in_(PLANNABLE), line.open + line.backordered > 0)
        .order_by(line.order_id, line.line_id)
    ):
        waiting.setdefault(row.order_id, {})[row.line_id] = int(row.units)
    documents = transaction.all(
        select(ORDERS.c.order_id, ORDERS.c.document)
        .where(
            ORDERS.c.scope_id == scope_id,
            ORDERS.c.state.in_(PLANNABLE),
            ORDERS.c.order_id.not_in(held_for_orders(scope_id, transaction.now)),
        )
        .order_by(ORDERS.c.order_id)
    )
    return [(row.document, waiting[row.order_id]) for row in documents if row.order_id in waiting]


def _lines(scope_id: str, order_id: str) -> tuple[Any, Any]:
    return ORDER_LINES.c.scope_id == scope_id, ORDER_LINES.c.order_id == order_id
