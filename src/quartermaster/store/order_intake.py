"""Orders that come in, or come again: many at a time, each by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.chunks import in_chunks
from quartermaster.store.code_points import by_code_points
from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.order_states import ALLOCATED, CANCELLED, OPEN, REJECTED, note_all
from quartermaster.store.orders import NewOrder
from quartermaster.store.reserved_orders import settle_reserved
from quartermaster.store.tables import ORDER_LINES, ORDERS

_CHANGE = (
    update(ORDERS)
    .where(ORDERS.c.scope_id == bindparam("scope"), ORDERS.c.order_id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "reason", "document", "sha256", "updated_at")})
)
_FORGET_LINES = delete(ORDER_LINES).where(
    ORDER_LINES.c.scope_id == bindparam("scope"), ORDER_LINES.c.order_id == bindparam("which")
)


def put_order(transaction: Transaction, scope_id: str, order: NewOrder) -> str:
    """Take one order in; return what became of it: created, updated or known.

    Parameters
    ----------
    transaction, scope_id, order
        As for `put_orders`.

    Raises
    ------
    StoreError
        What `put_orders` returns.
    """
    (told,) = put_orders(transaction, scope_id, [order])
    if isinstance(told, StoreError):
        raise told
    return told


def put_orders(transaction: Transaction, scope_id: str, orders: Sequence[NewOrder]) -> list[str | StoreError]:
    """Take orders in, each by itself, those of one id in the order in which they come.

    What was committed for an order before, by reservations, is its own at once. Orders are locked by id, so that two
    requests never wait for each other.

    Parameters
    ----------
    transaction, scope_id
        Where.
    orders
        The orders.

    Returns
    -------
    list of str or StoreError
        What became of each: created, updated or known; or ``order_state`` of one that is there with other content, and
        is allocated in part or cancelled.
    """
    told: list[str | StoreError] = [""] * len(orders)
    for places in _waves(orders):
        for place, result in zip(places, _put(transaction, scope_id, [orders[at] for at in places]), strict=True):
            told[place] = result
    return told


def _waves(orders: Sequence[NewOrder]) -> Iterator[list[int]]:
    """Put orders by id, those that come first of their id; then those that come second, and so on."""
    times: dict[str, int] = {}
    waves: list[list[int]] = []
    for place, order in enumerate(orders):
        wave = times[order.order_id] = times.get(order.order_id, -1) + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(place)
    for places in waves:
        yield sorted(places, key=lambda place: orders[place].order_id)


def _put(transaction: Transaction, scope_id: str, orders: Sequence[NewOrder]) -> list[str | StoreError]:
    """Take orders in that are sorted by id, each id once."""
    known = _known(transaction, scope_id, [order.order_id for order in orders])
    given = _allocated(transaction, scope_id, list(known))
    digests = [hashlib.sha256(order.document.encode()).hexdigest() for order in orders]
    told = [
        _judged(order, digest, known.get(order.order_id), order.order_id in given)
        for order, digest in zip(orders, digests, strict=True)
    ]
    written = [
        (order, digest, result)
        for order, digest, result in zip(orders, digests, told, strict=True)
        if result in ("created", "updated")
    ]
    if written:
        _write_orders(transaction, scope_id, written)
        _write_lines(transaction, scope_id, [order for order, _, _ in written])
        history = ((order.order_id, str(result), _stands(order)) for order, _, result in written)
        note_all(transaction, scope_id, history)
        fail_point("order lines written")
        settle_reserved(transaction, scope_id, [order.order_id for order, _, _ in written if not order.rejected])
    return told


def _known(transaction: Transaction, scope_id: str, order_ids: Sequence[str]) -> dict[str, Any]:
    """Lock the orders that are there, by id as they come, and return them."""
    query = select(ORDERS.c.order_id, ORDERS.c.state, ORDERS.c.sha256).where(ORDERS.c.scope_id == scope_id)
    query = query.order_by(*by_code_points(transaction, ORDERS.c.order_id)).with_for_update()
    return {
        row.order_id: row
        for chunk in in_chunks(order_ids)
        for row in transaction.all(query.where(ORDERS.c.order_id.in_(chunk)))
    }


def _allocated(transaction: Transaction, scope_id: str, order_ids: Sequence[str]) -> set[str]:
    """Return the orders of which units are allocated."""
    line = ORDER_LINES.c
    query = select(line.order_id).where(line.scope_id == scope_id, line.allocated > 0).distinct()
    return {
        row.order_id for chunk in in_chunks(order_ids) for row in transaction.all(query.where(line.order_id.in_(chunk)))
    }


def _judged(order: NewOrder, digest: str, known: Any | None, allocated: bool) -> str | StoreError:
    """Say what becomes of an order."""
    if known is None:
        return "created"
    if known.sha256 == digest and not (known.state == REJECTED and not order.rejected):
        return "known"
    if known.state in (ALLOCATED, CANCELLED) or allocated:
        return StoreError("order_state", f"the order is {known.state} and cannot be changed", state=known.state)
    return "updated"


def _write_orders(
    transaction: Transaction, scope_id: str, rows: Sequence[tuple[NewOrder, str, str | StoreError]]
) -> None:
    made, changed = [], []
    for order, digest, result in rows:
        values = {
            **_stands(order),
            "document": order.document,
            "sha256": digest,
            "updated_at": transaction.now,
        }
        if result == "created":
            made.append({"scope_id": scope_id, "order_id": order.order_id, "created_at": transaction.now, **values})
        else:
            named = {f"new_{name}": value for name, value in values.items()}
            changed.append({"scope": scope_id, "which": order.order_id, **named})
    if made:
        transaction.run(insert(ORDERS), made)
    if changed:
        transaction.run(_FORGET_LINES, [{"scope": scope_id, "which": row["which"]} for row in changed])
        transaction.run(_CHANGE, changed)
    fail_point("order written")


def _write_lines(transaction: Transaction, scope_id: str, orders: Sequence[NewOrder]) -> None:
    rows: list[Mapping[str, Any]] = [
        {
            "scope_id": scope_id,
            "order_id": order.order_id,
            "line_id": line.line_id,
            "sku": line.sku,
            "ordered": line.quantity,
            "open": 0 if order.rejected else line.quantity,
            "rejected": line.quantity if order.rejected else 0,
        }
        for order in orders
        for line in order.lines
    ]
    if rows:
        transaction.run(insert(ORDER_LINES), rows)


def _stands(order: NewOrder) -> dict[str, str]:
    """Say how an order stands that has just come in."""
    return {"state": REJECTED if order.rejected else OPEN, "reason": order.rejected}
