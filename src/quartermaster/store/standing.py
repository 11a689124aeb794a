"""What a scope stands on: its snapshot and its current plan, by one query, since every route asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.snapshots import Stored
from quartermaster.store.tables import PLANS, SCOPES, SNAPSHOTS


@dataclass(frozen=True, slots=True)
class Standing:
    """What a scope stands on.

    Parameters
    ----------
    stored
        Its last snapshot.
    plan_id
        The plan that was committed last; None before the first.
    fed_at
        The latest instant that feeds have shown stock of, microseconds: what was due by then has arrived.
    """

    stored: Stored
    plan_id: str | None
    fed_at: int


_CURRENT = select(PLANS.c.plan_id).where(PLANS.c.scope_id == bindparam("scope"), PLANS.c.is_current).scalar_subquery()
_FED = select(SCOPES.c.feed_as_of).where(SCOPES.c.scope_id == bindparam("scope")).scalar_subquery()
_STANDING = (
    select(SNAPSHOTS, _CURRENT.label("plan_id"), _FED.label("fed_at"))
    .where(SNAPSHOTS.c.scope_id == bindparam("scope"))
    .order_by(SNAPSHOTS.c.stock_version.desc())
    .limit(1)
)


def standing(transaction: Transaction, scope_id: str) -> Standing:
    """Return what a scope stands on.

    Parameters
    ----------
    transaction, scope_id
        Where.

    Raises
    ------
    StoreError
        ``no_snapshot`` before the first.
    """
    row = transaction.first(_STANDING, {"scope": scope_id})
    if row is None:
        raise StoreError("no_snapshot", "put a snapshot into the scope first")
    stored = Stored(row.scope_id, row.version, row.sha256, row.as_of, row.stock_version, row.nodes, row.skus)
    return Standing(stored, row.plan_id, max(row.as_of, row.fed_at or row.as_of))
