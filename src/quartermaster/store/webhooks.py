"""Webhooks: who is told of the events of a scope, and how far each was told.

A webhook has a cursor, the number of the last event that it was told of, which only its holder moves, after the event
was taken. Whoever dies between the two leaves the event to be told again, with the same id; none is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, insert, or_, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.events import Event, emit, events_after, last_number
from quartermaster.store.fail_points import fail_point
from quartermaster.store.tables import EVENTS, WEBHOOKS

ACTIVE, DISABLED = "active", "disabled"
MOST_FAILURE = 200
"""Longest reason that is kept, characters."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told of events.

    Parameters
    ----------
    scope_id, webhook_id
        Where, which.
    url
        Where events are sent.
    types
        Of which types; empty = of all.
    salt, secret_sha256
        From which its secret is derived, and the hash that the secret must have.
    after
        Number of the last event that it was told of.
    state
        ``active`` or ``disabled``.
    failures
        Attempts in a row that failed.
    failure
        Why the last one did; empty where it did not.
    failing_since
        When the first of them was, microseconds; None where the last attempt went well.
    next_at
        When it may be tried again, microseconds.
    fence
        Rises with each holder.
    """

    scope_id: str
    webhook_id: str
    url: str
    types: tuple[str, ...]
    salt: str
    secret_sha256: str
    after: int
    state: str
    failures: int
    failure: str
    failing_since: int | None
    next_at: int
    fence: int


def make_webhook(
    transaction: Transaction,
    scope_id: str,
    webhook_id: str,
    *,
    url: str,
    types: Sequence[str],
    salt: str,
    secret_sha256: str,
    from_start: bool = False,
) -> Webhook:
    """Make a webhook.

    Parameters
    ----------
    transaction, scope_id, webhook_id
        Where, and its id.
    url, types, salt, secret_sha256
        See `Webhook`.
    from_start
        True tells it of everything that ever happened, False of what happens from now on.

    Raises
    ------
    StoreError
        ``not_found`` where there is no such scope; ``webhook_exists``.
    """
    after = last_number(transaction, scope_id)
    if transaction.first(select(WEBHOOKS.c.webhook_id).where(*_own(scope_id, webhook_id))) is not None:
        raise StoreError("webhook_exists", f"there is a webhook {webhook_id} already")
    transaction.run(
        insert(WEBHOOKS).values(
            scope_id=scope_id,
            webhook_id=webhook_id,
            url=url,
            types=json.dumps(sorted(set(types))),
            salt=salt,
            secret_sha256=secret_sha256,
            after=0 if from_start else after,
            state=ACTIVE,
            next_at=transaction.now,
            created_at=transaction.now,
        )
    )
    return webhook(transaction, scope_id, webhook_id)


def webhook(transaction: Transaction, scope_id: str, webhook_id: str) -> Webhook:
    """Read a webhook.

    Parameters
    ----------
    transaction, scope_id, webhook_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    row = transaction.first(select(WEBHOOKS).where(*_own(scope_id, webhook_id)))
    if row is None:
        raise StoreError("not_found", "there is no such webhook")
    return _webhook(row)


def every_webhook(transaction: Transaction) -> list[Webhook]:
    """Return every webhook there is.

    Parameters
    ----------
    transaction
        The transaction.
    """
    order = (WEBHOOKS.c.scope_id, WEBHOOKS.c.webhook_id)
    return [_webhook(row) for row in transaction.all(select(WEBHOOKS).order_by(*order))]


def remove_webhook(transaction: Transaction, scope_id: str, webhook_id: str) -> None:
    """Remove a webhook, for good.

    Parameters
    ----------
    transaction, scope_id, webhook_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    if not transaction.run(delete(WEBHOOKS).where(*_own(scope_id, webhook_id))):
        raise StoreError("not_found", "there is no such webhook")


def resume_webhook(transaction: Transaction, scope_id: str, webhook_id: str) -> Webhook:
    """Try a webhook again now; it goes on after the last event that it was told of.

    Parameters
    ----------
    transaction, scope_id, webhook_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    values = {"state": ACTIVE, "failures": 0, "failure": "", "failing_since": None, "next_at": transaction.now}
    transaction.run(update(WEBHOOKS).where(*_own(scope_id, webhook_id)).values(**values))
    return webhook(transaction, scope_id, webhook_id)


def due_webhooks(transaction: Transaction) -> list[Webhook]:
    """Return the webhooks that may be tried now, for which there are events, and that nobody holds.

    Parameters
    ----------
    transaction
        The transaction.
    """
    column = WEBHOOKS.c
    newer = or_(EVENTS.c.sequence.is_(None), EVENTS.c.sequence > column.after)
    some = exists().where(EVENTS.c.scope_id == column.scope_id, newer)
    query = select(WEBHOOKS).where(*_may_be_held(transaction), some).order_by(column.next_at, column.webhook_id)
    return [_webhook(row) for row in transaction.all(query)]


def hold_webhook(transaction: Transaction, scope_id: str, webhook_id: str, lifetime: int) -> Webhook | None:
    """Take a webhook to send for it; None where somebody else has, or it is not to be tried now.

    Parameters
    ----------
    transaction, scope_id, webhook_id
        Which.
    lifetime
        Microseconds after which others may take it.
    """
    values = {"fence": WEBHOOKS.c.fence + 1, "held_until": transaction.now + lifetime}
    own = (*_own(scope_id, webhook_id), *_may_be_held(transaction))
    if not transaction.run(update(WEBHOOKS).where(*own).values(**values)):
        return None
    return webhook(transaction, scope_id, webhook_id)


def events_for(transaction: Transaction, held: Webhook, limit: int) -> list[Event]:
    """Return the next events of a webhook's scope, whatever their types; the transaction must be one that may write.

    Parameters
    ----------
    transaction
        The transaction.
    held
        The webhook.
    limit
        How many, at the most.
    """
    return events_after(transaction, held.scope_id, held.after, limit)


def told(transaction: Transaction, held: Webhook, sequence: int, lifetime: int) -> bool:
    """Move the cursor of a webhook that is held to an event that was taken; False where it is held no more.

    Parameters
    ----------
    transaction
        The transaction.
    held
        The webhook.
    sequence
        Number of the event.
    lifetime
        Microseconds for which it is held further.
    """
    fail_point("webhook sent")
    values = {
        "after": sequence,
        "failures": 0,
        "failure": "",
        "failing_since": None,
        "held_until": transaction.now + lifetime,
    }
    moved = bool(transaction.run(update(WEBHOOKS).where(*_held(held)).values(**values)))
    fail_point("webhook cursor moved")
    return moved


def let_go(transaction: Transaction, held: Webhook) -> None:
    """Let others take a webhook at once.

    Parameters
    ----------
    transaction
        The transaction.
    held
        The webhook.
    """
    transaction.run(update(WEBHOOKS).where(*_held(held)).values(held_until=0))


def put_off(
    transaction: Transaction, held: Webhook, failure: str, delay: Callable[[int], int], give_up: int
) -> Webhook | None:
    """Try a webhook again later, or disable it, and write an event that says so; None where it is held no more.

    Parameters
    ----------
    transaction
        The transaction.
    held
        The webhook.
    failure
        Why.
    delay
        Microseconds until it is tried again, by how many attempts in a row failed before.
    give_up
        Microseconds of failing after which it is disabled.
    """
    now = transaction.now
    row = transaction.first(select(WEBHOOKS).where(*_held(held)).with_for_update())
    if row is None:
        return None
    since = now if row.failing_since is None else row.failing_since
    over = now - since >= give_up
    values = {
        "failures": row.failures + 1,
        "failure": failure[:MOST_FAILURE],
        "failing_since": since,
        "next_at": now + delay(row.failures),
        "held_until": 0,
        "state": DISABLED if over else ACTIVE,
    }
    transaction.run(update(WEBHOOKS).where(*_held(held)).values(**values))
    if over:
        payload = {"webhook_id": held.webhook_id, "after": row.after, "failure": values["failure"]}
        emit(transaction, held.scope_id, "webhook_disabled", held.webhook_id, payload)
    return webhook(transaction, held.scope_id, held.webhook_id)


def waiting_events(transaction: Transaction) -> dict[tuple[str, str], int]:
    """Return by scope and webhook how many events are still to be told, of whatever types.

    Parameters
    ----------
    transaction
        The transaction.
    """
    newer = or_(EVENTS.c.sequence.is_(None), EVENTS.c.sequence > WEBHOOKS.c.after)
    own = EVENTS.c.scope_id == WEBHOOKS.c.scope_id
    counted = select(func.count()).select_from(EVENTS).where(own, newer).correlate(WEBHOOKS).scalar_subquery()
    query = select(WEBHOOKS.c.scope_id, WEBHOOKS.c.webhook_id, counted.label("waiting"))
    return {(row.scope_id, row.webhook_id): row.waiting for row in transaction.all(query)}


def _own(scope_id: str, webhook_id: str) -> tuple[Any, ...]:
    return WEBHOOKS.c.scope_id == scope_id, WEBHOOKS.c.webhook_id == webhook_id


def _held(held: Webhook) -> tuple[Any, ...]:
    return (*_own(held.scope_id, held.webhook_id), WEBHOOKS.c.fence == held.fence)


def _may_be_held(transaction: Transaction) -> tuple[Any, ...]:
    column, now = WEBHOOKS.c, transaction.now
    return column.state == ACTIVE, column.next_at <= now, column.held_until <= now


def _webhook(row: Any) -> Webhook:
    return Webhook(
        row.scope_id,
        row.webhook_id,
        row.url,
        tuple(json.loads(row.types)),
        row.salt,
        row.secret_sha256,
        row.after,
        row.state,
        row.failures,
        row.failure,
        row.failing_since,
        row.next_at,
        row.fence,
    )
