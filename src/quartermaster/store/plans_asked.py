"""When plans were asked for, by whom: told from how the text of what they were asked for with begins."""

from __future__ import annotations

from sqlalchemy import select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import PLANS


def last_asked(transaction: Transaction, scope_id: str, begins: str) -> int | None:
    """Return when a plan was last asked for with a text that begins so, microseconds; None where none was.

    Parameters
    ----------
    transaction, scope_id
        Where.
    begins
        Of the text that `quartermaster.store.plans.queue_plan` was given.
    """
    own = (PLANS.c.scope_id == scope_id, PLANS.c.policy.startswith(begins, autoescape=True))
    newest = select(PLANS.c.created_at).where(*own).order_by(PLANS.c.created_at.desc()).limit(1)
    row = transaction.first(newest)
    return None if row is None else int(row.created_at)
