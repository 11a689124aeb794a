"""The ledger of stock: appended to, never changed; replayed from its first entry it gives the units reserved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import LEDGER, RESERVATION_LINES

_ENTER = insert(LEDGER)


@dataclass(frozen=True, slots=True, order=True)
class StockLine:
    """Units of a pair.

    Parameters
    ----------
    node_id, sku
        The pair.
    quantity
        Units > 0.
    """

    node_id: str
    sku: str
    quantity: int


def enter_all(
    transaction: Transaction, scope_id: str, happened: str, lines: Iterable[tuple[str, StockLine]], sign: int
) -> None:
    """Append to the ledger.

    Parameters
    ----------
    transaction, scope_id
        Where.
    happened
        held, committed, released, expired or deducted.
    lines
        Units of reservations, by the id of each.
    sign
        What one of the units adds to those reserved of its pair: +1, 0 or -1.
    """
    rows = [
        {
            "scope_id": scope_id,
            "reservation_id": reservation_id,
            "event": happened,
            "node_id": line.node_id,
            "sku": line.sku,
            "quantity": sign * line.quantity,
            "at": transaction.now,
        }
        for reservation_id, line in lines
    ]
    transaction.run(_ENTER, rows)


def lines_of(transaction: Transaction, reservation_id: str) -> list[StockLine]:
    """Return the lines of a reservation.

    Parameters
    ----------
    transaction, reservation_id
        Which.
    """
    table = RESERVATION_LINES
    rows = transaction.all(
        select(table.c.node_id, table.c.sku, table.c.quantity)
        .where(table.c.reservation_id == reservation_id)
        .order_by(table.c.number)
    )
    return [StockLine(row.node_id, row.sku, row.quantity) for row in rows]
