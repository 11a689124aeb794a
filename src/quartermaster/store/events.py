"""Events: written with what they tell of, read in an order that readers can resume from, at least once.

Transactions end in another order than they take entries. So an event gets its sequence number only when somebody
reads, under a lock, and a reader that asks for what comes after a number misses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, update

from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import EVENTS

_WRITE = insert(EVENTS)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Parameters
    ----------
    sequence
        Its number in the scope, rising.
    event_id
        Its id: the same however often it is told.
    type, subject
        What happened, to what.
    payload
        JSON values.
    created_at
        When, microseconds.
    """

    sequence: int
    event_id: str
    type: str
    subject: str
    payload: Mapping[str, Any]
    created_at: int


def emit(transaction: Transaction, scope_id: str, kind: str, subject: str, payload: Mapping[str, Any]) -> None:
    """Write an event in the transaction of what it tells of.

    Parameters
    ----------
    transaction, scope_id
        Where.
    kind, subject, payload
        What happened, to what, and more of it as JSON values.
    """
    emit_all(transaction, scope_id, kind, [(subject, payload)])


def emit_all(transaction: Transaction, scope_id: str, kind: str, told: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write events of one kind in the transaction of what they tell of.

    Parameters
    ----------
    transaction, scope_id, kind
        As for `emit`.
    told
        Subject and payload of each.
    """
    rows = [
        {
            "event_id": str(uuid4()),
            "scope_id": scope_id,
            "type": kind,
            "subject": subject,
            "payload": json.dumps(payload, sort_keys=True, ensure_ascii=False),
            "created_at": transaction.now,
        }
        for subject, payload in told
    ]
    if rows:
        transaction.run(_WRITE, rows)
        fail_point("event written")


def events_after(transaction: Transaction, scope_id: str, after: int, limit: int) -> list[Event]:
    """Read events in their order; the transaction must be one that may write.

    Parameters
    ----------
    transaction, scope_id
        Where.
    after
        Sequence number of the last event known; 0 = none.
    limit
        How many, at the most.
    """
    _number(transaction, scope_id)
    rows = transaction.all(
        select(EVENTS)
        .where(EVENTS.c.scope_id == scope_id, EVENTS.c.sequence > after)
        .order_by(EVENTS.c.sequence)
        .limit(limit)
    )
    return [
        Event(row.sequence, row.event_id, row.type, row.subject, json.loads(row.payload), row.created_at)
        for row in rows
    ]


def last_number(transaction: Transaction, scope_id: str) -> int:
    """Return the number of the last event of a scope, 0 before the first; the transaction must be one that may write.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    _number(transaction, scope_id)
    return _highest(transaction, scope_id)


def _highest(transaction: Transaction, scope_id: str) -> int:
    last = select(func.coalesce(func.max(EVENTS.c.sequence), 0)).where(EVENTS.c.scope_id == scope_id)
    return int(transaction.connection.execute(last).scalar_one())


def _number(transaction: Transaction, scope_id: str) -> None:
    """Number the events that have none, under the lock of the scope, for which others wait: where there are any."""
    own = EVENTS.c.scope_id == scope_id
    if transaction.first(select(EVENTS.c.entry).where(own, EVENTS.c.sequence.is_(None)).limit(1)) is None:
        scope_state(transaction, scope_id)
        return
    scope_state(transaction, scope_id, lock=True)
    known = _highest(transaction, scope_id)
    place = func.row_number().over(order_by=EVENTS.c.entry).label("place")
    new = select(EVENTS.c.entry, place).where(own, EVENTS.c.sequence.is_(None)).subquery()
    numbered = update(EVENTS).where(EVENTS.c.entry == new.c.entry).values(sequence=known + new.c.place)
    if transaction.run(numbered):
        fail_point("events numbered")
