"""Reservations whose time is over: expired in the books, and their units given back, so many at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select, update

from quartermaster.store.chunks import in_chunks
from quartermaster.store.code_points import by_code_points
from quartermaster.store.database import Transaction
from quartermaster.store.events import emit_all
from quartermaster.store.fail_points import fail_point
from quartermaster.store.stock import StockLine, give_all_back
from quartermaster.store.stock_ledger import enter_all
from quartermaster.store.tables import RESERVATION_LINES, RESERVATIONS

HELD, EXPIRED = "held", "expired"
_EXPIRE = (
    update(RESERVATIONS)
    .where(RESERVATIONS.c.reservation_id == bindparam("which"), RESERVATIONS.c.state == HELD)
    .values(state=EXPIRED, resolved_at=bindparam("at"))
)


def sweep(transaction: Transaction, scope_id: str, most: int | None = None) -> int:
    """Expire reservations whose time is over and give their units back; return how many.

    Those that somebody else is resolving are left to him.

    Parameters
    ----------
    transaction, scope_id
        Where.
    most
        Reservations, at the most, those first whose time has been over for longest; None = all.
    """
    table = RESERVATIONS.c
    named = _over(transaction, scope_id).order_by(table.expires_at, table.reservation_id).limit(most)
    return _expire(transaction, scope_id, transaction.all(named.with_for_update(skip_locked=True)))


def sweep_for(transaction: Transaction, scope_id: str, pairs: Collection[tuple[str, str]]) -> int:
    """Expire the reservations of units of some pairs whose time is over, for somebody who lacks them; return how many.

    Those that somebody else is resolving are waited for: when this returns, the units are there. So the transaction
    must hold no stock yet, which comes after reservations; see `Again`.

    Parameters
    ----------
    transaction, scope_id
        Where.
    pairs
        Nodes and SKUs.
    """
    table, line = RESERVATIONS.c, RESERVATION_LINES.c
    over = _over(transaction, scope_id)
    of_all = over.join(RESERVATION_LINES, line.reservation_id == table.reservation_id)
    rows = transaction.all(of_all.with_only_columns(table.reservation_id, line.node_id, line.sku))
    names = {row.reservation_id for row in rows if (row.node_id, row.sku) in pairs}
    locked = over.order_by(*by_code_points(transaction, table.reservation_id)).with_for_update()
    expired = [
        row
        for chunk in in_chunks(sorted(names))
        for row in transaction.all(locked.where(table.reservation_id.in_(chunk)))
    ]
    return _expire(transaction, scope_id, expired)


def _over(transaction: Transaction, scope_id: str) -> Select[tuple[str, str | None]]:
    table = RESERVATIONS.c
    own = (table.scope_id == scope_id, table.state == HELD, table.expires_at <= transaction.now)
    return select(table.reservation_id, table.order_id).where(*own)


def _expire(transaction: Transaction, scope_id: str, expired: Sequence[Any]) -> int:
    """Expire reservations that are locked, and give their units back."""
    if not expired:
        return 0
    transaction.run(_EXPIRE, [{"which": row.reservation_id, "at": transaction.now} for row in expired])
    fail_point("reservation expired")
    lines = _lines(transaction, [row.reservation_id for row in expired])
    give_all_back(transaction, scope_id, (line for _, line in lines))
    fail_point("stock given back")
    enter_all(transaction, scope_id, EXPIRED, lines, -1)
    payloads = [{"reservation_id": row.reservation_id, "order_id": row.order_id} for row in expired]
    emit_all(transaction, scope_id, "reservation_expired", [(str(told["reservation_id"]), told) for told in payloads])
    return len(expired)


def _lines(transaction: Transaction, names: Sequence[str]) -> list[tuple[str, StockLine]]:
    line = RESERVATION_LINES.c
    query = select(line.reservation_id, line.node_id, line.sku, line.quantity).order_by(
        line.reservation_id, line.number
    )
    return [
        (row.reservation_id, StockLine(row.node_id, row.sku, row.quantity))
        for chunk in in_chunks(names)
        for row in transaction.all(query.where(line.reservation_id.in_(chunk)))
    ]
