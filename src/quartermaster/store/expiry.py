"""Reservations whose time is over: expired in the books, and their units given back, so many at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, select, update

from quartermaster.store.chunks import in_chunks
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


def sweep(
    transaction: Transaction, scope_id: str, most: int | None = None, *, pair: tuple[str, str] | None = None
) -> int:
    """Expire reservations whose time is over and give their units back; return how many.

    Those that somebody else is resolving are left to him.

    Parameters
    ----------
    transaction, scope_id
        Where.
    most
        Reservations, at the most, those first whose time has been over for longest; None = all.
    pair
        Only those of units of this node and SKU; None = all.
    """
    table = RESERVATIONS.c
    named = (
        select(table.reservation_id, table.order_id)
        .where(table.scope_id == scope_id, table.state == HELD, table.expires_at <= transaction.now)
        .order_by(table.expires_at, table.reservation_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    if pair is not None:
        line = RESERVATION_LINES.c
        of_pair = and_(line.scope_id == scope_id, line.node_id == pair[0], line.sku == pair[1])
        named = named.where(table.reservation_id.in_(select(line.reservation_id).where(of_pair)))
    expired = transaction.all(named)
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
