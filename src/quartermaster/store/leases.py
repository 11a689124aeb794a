"""Leases: one planner for each scope. A number that rises with each holder fences off one that woke too late."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import LEASES


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to plan a scope.

    Parameters
    ----------
    scope_id, holder
        Of what, by whom.
    fence
        Rises with each holder.
    expires_at
        Until when, microseconds.
    """

    scope_id: str
    holder: str
    fence: int
    expires_at: int


def acquire(transaction: Transaction, scope_id: str, holder: str, lifetime: int) -> Lease | None:
    """Take the lease of a scope, if nobody else holds it; None where somebody does.

    Parameters
    ----------
    transaction, scope_id
        Where.
    holder
        Who asks; who holds it already gets it again, with a new number.
    lifetime
        Microseconds from now.
    """
    scope_state(transaction, scope_id, lock=True)
    until = transaction.now + lifetime
    row = transaction.first(select(LEASES).where(LEASES.c.scope_id == scope_id))
    if row is None:
        transaction.run(insert(LEASES).values(scope_id=scope_id, holder=holder, fence=1, expires_at=until))
        return Lease(scope_id, holder, 1, until)
    if row.holder != holder and row.expires_at > transaction.now:
        return None
    values = {"holder": holder, "fence": row.fence + 1, "expires_at": until}
    transaction.run(update(LEASES).where(LEASES.c.scope_id == scope_id).values(**values))
    return Lease(scope_id, holder, row.fence + 1, until)


def renew(transaction: Transaction, lease: Lease, lifetime: int) -> Lease | None:
    """Hold a lease for so long from now; None where somebody else has taken it.

    Parameters
    ----------
    transaction
        The transaction.
    lease
        The lease.
    lifetime
        Microseconds from now.
    """
    until = transaction.now + lifetime
    own = (LEASES.c.scope_id == lease.scope_id, LEASES.c.fence == lease.fence)
    if not transaction.run(update(LEASES).where(*own).values(expires_at=until)):
        return None
    return Lease(lease.scope_id, lease.holder, lease.fence, until)


def check_fence(transaction: Transaction, scope_id: str, fence: int) -> None:
    """See, in the transaction of a commit, that nobody else has taken the lease; nobody can until it ends.

    Parameters
    ----------
    transaction, scope_id, fence
        Which lease.

    Raises
    ------
    StoreError
        ``lease_lost``.
    """
    own = (LEASES.c.scope_id == scope_id, LEASES.c.fence == fence)
    if transaction.first(select(LEASES.c.fence).where(*own).with_for_update()) is None:
        raise StoreError("lease_lost", "another planner has taken the scope over")


def give_up(transaction: Transaction, lease: Lease) -> None:
    """Let the next planner have a scope at once.

    Parameters
    ----------
    transaction
        The transaction.
    lease
        The lease.
    """
    own = (LEASES.c.scope_id == lease.scope_id, LEASES.c.fence == lease.fence)
    transaction.run(update(LEASES).where(*own).values(expires_at=transaction.now))
