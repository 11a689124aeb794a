"""What the ledger says has changed: for those who keep count of stock beside the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import LEDGER


@dataclass(frozen=True, slots=True)
class Changed:
    """Pairs whose units have changed.

    Parameters
    ----------
    pairs
        Node and SKU of each.
    last
        The last entry that was looked at.
    """

    pairs: frozenset[tuple[str, str]]
    last: int


def changed_since(transaction: Transaction, scope_id: str, entry: int, most: int | None) -> Changed | None:
    """Return the pairs that entries after one are of.

    Parameters
    ----------
    transaction, scope_id
        Where.
    entry
        The last entry known.
    most
        Entries that are looked at; None where there are more. None = no pairs are named, only the last entry.
    """
    own = LEDGER.c.scope_id == scope_id
    if most is None:
        last = transaction.first(select(func.coalesce(func.max(LEDGER.c.entry), 0)).where(own))
        return Changed(frozenset(), int(last[0]) if last is not None else 0)
    rows = transaction.all(
        select(LEDGER.c.entry, LEDGER.c.node_id, LEDGER.c.sku)
        .where(own, LEDGER.c.entry > entry)
        .order_by(LEDGER.c.entry)
        .limit(most + 1)
    )
    if len(rows) > most:
        return None
    return Changed(frozenset((row.node_id, row.sku) for row in rows), rows[-1].entry if rows else entry)
