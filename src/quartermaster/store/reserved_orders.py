"""Orders that units are reserved for: what reservations give them no plan gives again.

While a reservation for an order is held, the order waits: no plan is made of it, and none that gives it units is
committed. When the reservation is committed, its units are the order's, and fewer wait. Where the order came in later
than that, it gets them then. A reservation whose order never comes in is stock that is gone, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, insert, select, update

from quartermaster.store.chunks import in_chunks
from quartermaster.store.database import Transaction
from quartermaster.store.events import emit
from quartermaster.store.fail_points import fail_point
from quartermaster.store.order_states import ALLOCATED, PLANNABLE, note
from quartermaster.store.stock_ledger import StockLine, lines_of
from quartermaster.store.tables import ALLOCATIONS, ORDER_LINES, ORDERS, RESERVATIONS


@dataclass(frozen=True, slots=True)
class Settled:
    """Units of a committed reservation that its order was given.

    Parameters
    ----------
    order_id, reservation_id
        Which.
    quantity
        Units > 0.
    """

    order_id: str
    reservation_id: str
    quantity: int


def held_for_orders(scope_id: str, now: int) -> Select[tuple[str]]:
    """Return a query of the orders for which a reservation is held.

    Parameters
    ----------
    scope_id
        Where.
    now
        Instant, microseconds.
    """
    own = RESERVATIONS.c
    return select(own.order_id).where(
        own.scope_id == scope_id, own.state == "held", own.expires_at > now, own.order_id.is_not(None)
    )


def orders_held(transaction: Transaction, scope_id: str, order_ids: Sequence[str]) -> set[str]:
    """Return which of some orders a reservation is held for.

    Parameters
    ----------
    transaction, scope_id
        Where.
    order_ids
        The orders.
    """
    query = held_for_orders(scope_id, transaction.now)
    return {
        row.order_id
        for chunk in in_chunks(order_ids)
        for row in transaction.all(query.where(RESERVATIONS.c.order_id.in_(chunk)))
    }


def state_of(transaction: Transaction, scope_id: str, order_id: str) -> str | None:
    """Return the state of an order; None where it has not come in.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.
    """
    query = select(ORDERS.c.state).where(ORDERS.c.scope_id == scope_id, ORDERS.c.order_id == order_id)
    row = transaction.first(query)
    return None if row is None else str(row.state)


def settle_reserved(transaction: Transaction, scope_id: str, order_ids: Sequence[str] | None = None) -> list[Settled]:
    """Give orders that wait the units of reservations that were committed for them, once.

    Parameters
    ----------
    transaction, scope_id
        Where.
    order_ids
        The orders; None = all that wait.
    """
    there = exists().where(_unsettled(scope_id), RESERVATIONS.c.order_id == ORDERS.c.order_id)
    query = select(ORDERS.c.order_id).where(ORDERS.c.scope_id == scope_id, there)  # from orders, not from all commits
    if order_ids is None:
        rows = transaction.all(query.where(ORDERS.c.state.in_(PLANNABLE)))
    else:
        parts = (query.where(ORDERS.c.order_id.in_(chunk)) for chunk in in_chunks(order_ids))
        rows = [row for part in parts for row in transaction.all(part)]
    return [
        one for order_id in sorted(row.order_id for row in rows) for one in _settle(transaction, scope_id, order_id)
    ]


def _unsettled(scope_id: str) -> ColumnElement[bool]:
    own = RESERVATIONS.c
    settled = exists().where(ALLOCATIONS.c.reservation_id == own.reservation_id)
    return and_(own.scope_id == scope_id, own.state == "committed", own.order_id.is_not(None), ~settled)


def _settle(transaction: Transaction, scope_id: str, order_id: str) -> list[Settled]:
    """Give one order its units, under its lock: others may be about to."""
    own = (ORDERS.c.scope_id == scope_id, ORDERS.c.order_id == order_id)
    row = transaction.first(select(ORDERS.c.state).where(*own).with_for_update(key_share=True))
    if row is None or row.state not in PLANNABLE:
        return []
    waiting = _waiting(transaction, scope_id, order_id)
    query = select(RESERVATIONS.c.reservation_id).where(_unsettled(scope_id), RESERVATIONS.c.order_id == order_id)
    settled = []
    for found in transaction.all(query.order_by(RESERVATIONS.c.commit_sequence)):
        given = _shared_out(lines_of(transaction, found.reservation_id), waiting)
        if not given:
            continue
        _write(transaction, scope_id, order_id, found.reservation_id, given)
        settled.append(Settled(order_id, found.reservation_id, sum(line.quantity for _, line in given)))
    whole = bool(settled) and not any(units for _, _, units in waiting)
    if whole:
        transaction.run(update(ORDERS).where(*own).values(state=ALLOCATED, reason="", updated_at=transaction.now))
    for one in settled:
        told = {"reservation_id": one.reservation_id, "units": one.quantity}
        note(transaction, scope_id, order_id, ALLOCATED if whole else "reserved", told)
        payload = {"order_id": order_id, "reservation_id": one.reservation_id}
        emit(transaction, scope_id, "allocation", order_id, payload)
    return settled


def _waiting(transaction: Transaction, scope_id: str, order_id: str) -> list[list[Any]]:
    """Return line, SKU and the units that wait of each line of an order, by line."""
    line = ORDER_LINES.c
    own = (line.scope_id == scope_id, line.order_id == order_id)
    rows = transaction.all(select(ORDER_LINES).where(*own).order_by(line.line_id))
    return [[row.line_id, row.sku, row.open + row.backordered] for row in rows]


def _shared_out(lines: Sequence[StockLine], waiting: list[list[Any]]) -> list[tuple[str, StockLine]]:
    """Share units out over the order lines that wait for their SKU, in their order; lower what waits."""
    given = []
    for line in lines:
        left = line.quantity
        for place in waiting:
            units = min(left, place[2]) if place[1] == line.sku else 0
            if units:
                given.append((place[0], StockLine(line.node_id, line.sku, units)))
                place[2], left = place[2] - units, left - units
    return given


def _write(
    transaction: Transaction, scope_id: str, order_id: str, reservation_id: str, given: Sequence[tuple[str, StockLine]]
) -> None:
    """Move units of order lines, those that are open first, and write who has them."""
    line = ORDER_LINES.c
    for line_id, part in given:
        row = (line.scope_id == scope_id, line.order_id == order_id, line.line_id == line_id)
        opened = case((line.open < part.quantity, line.open), else_=part.quantity)
        values = {
            "open": line.open - opened,
            "backordered": line.backordered - (part.quantity - opened),
            "allocated": line.allocated + part.quantity,
        }
        transaction.run(update(ORDER_LINES).where(*row).values(**values))
    rows = [
        {
            "reservation_id": reservation_id,
            "number": number,
            "scope_id": scope_id,
            "order_id": order_id,
            "line_id": line_id,
            "sku": part.sku,
            "node_id": part.node_id,
            "quantity": part.quantity,
        }
        for number, (line_id, part) in enumerate(given)
    ]
    transaction.run(insert(ALLOCATIONS), rows)
    fail_point("reserved units given")
