"""Planning areas: a brand, a country; each with its own nodes, orders, plans and keys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.tables import SCOPES


@dataclass(frozen=True, slots=True)
class ScopeState:
    """The counters of a scope.

    Parameters
    ----------
    scope_id
        Its id.
    stock_version
        How many feeds it has taken.
    commit_sequence
        How many reservations were committed.
    feed_sequence
        Sequence number of the last delta feed; None before the first.
    feed_as_of
        Latest instant of a feed of either kind, microseconds; None before the first.
    picture_as_of
        Instant of the last full feed, microseconds; None before the first.
    """

    scope_id: str
    stock_version: int
    commit_sequence: int
    feed_sequence: int | None
    feed_as_of: int | None
    picture_as_of: int | None


def make_scope(transaction: Transaction, scope_id: str) -> bool:
    """Make a scope, unless it is there; tell whether it was made.

    Parameters
    ----------
    transaction
        The transaction.
    scope_id
        Its id.
    """
    if transaction.first(select(SCOPES.c.scope_id).where(SCOPES.c.scope_id == scope_id)) is not None:
        return False
    transaction.run(insert(SCOPES).values(scope_id=scope_id, created_at=transaction.now))
    return True


def scope_state(transaction: Transaction, scope_id: str, *, lock: bool = False) -> ScopeState:
    """Read the counters of a scope.

    Parameters
    ----------
    transaction
        The transaction.
    scope_id
        Its id.
    lock
        True keeps others from changing them until the transaction ends; rows that name the scope may still be written
        (FOR NO KEY UPDATE: a feed and a reservation would wait for each other otherwise). The transaction's instant is
        then that of having got the lock.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    query = select(SCOPES).where(SCOPES.c.scope_id == scope_id)
    row = transaction.first(query.with_for_update(key_share=True) if lock else query)
    if row is None:
        raise StoreError("not_found", "there is no such scope")
    if lock:
        transaction.look_at_clock()
    return ScopeState(
        row.scope_id, row.stock_version, row.commit_sequence, row.feed_sequence, row.feed_as_of, row.picture_as_of
    )


def count(transaction: Transaction, scope_id: str, **counters: int | None) -> None:
    """Set counters of a scope that was locked.

    Parameters
    ----------
    transaction
        The transaction.
    scope_id
        Its id.
    counters
        New values by name.
    """
    transaction.run(update(SCOPES).where(SCOPES.c.scope_id == scope_id).values(**counters))
