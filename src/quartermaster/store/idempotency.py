"""One effect for each key: what was answered is written in the transaction of the effect, and answered again.

It is kept for a while; a key that comes again after that has another effect.

A copy that comes while the first is still running is told so on PostgreSQL (an advisory lock per key); on SQLite, whose
writers take turns, it waits and gets the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, delete, func, insert, select

from quartermaster.errors import StoreError
from quartermaster.store.database import Store, Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.tables import IDEMPOTENCY

_OWN = and_(IDEMPOTENCY.c.key_id == bindparam("of_key"), IDEMPOTENCY.c.key == bindparam("named"))
_ANSWER = (IDEMPOTENCY.c.request_sha256, IDEMPOTENCY.c.status, IDEMPOTENCY.c.body)
_FIND = select(*_ANSWER).where(_OWN)
_LOCKED = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger)).label("mine")).subquery()
_LOCK_AND_FIND = select(_LOCKED.c.mine, *_ANSWER).select_from(_LOCKED.outerjoin(IDEMPOTENCY, _OWN))
_NOTE = insert(IDEMPOTENCY)
_FORGET = delete(IDEMPOTENCY).where(_OWN)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller is answered.

    Parameters
    ----------
    status
        A number that the service understands.
    body
        Bytes.
    """

    status: int
    body: bytes


def once(store: Store, key_id: str, key: str, request: bytes, effect: Callable[[Transaction], Reply]) -> Reply:
    """Have an effect, unless the key had it already; answer the same either way.

    Parameters
    ----------
    store
        The database.
    key_id, key
        Whose key, and the key.
    request
        What was asked for: the same key with another request is refused.
    effect
        Has the effect and answers; what it raises undoes it, and leaves the key unused.

    Raises
    ------
    StoreError
        ``idempotency_key_reused``; ``idempotency_in_progress``; what the effect raises.
    """
    digest = hashlib.sha256(request).hexdigest()

    def run(transaction: Transaction) -> Reply:
        known = _known(transaction, key_id, key)
        if known is not None:
            return _again(known, digest)
        reply = effect(transaction)
        fail_point("before key")
        transaction.run(
            _NOTE,
            {
                "key_id": key_id,
                "key": key,
                "request_sha256": digest,
                "status": reply.status,
                "body": reply.body,
                "created_at": transaction.now,
            },
        )
        fail_point("after key")
        return reply

    return store.transact(run)


def replied(store: Store, key_id: str, key: str, request: bytes) -> Reply | None:
    """Return what was answered to a key, without waiting for anybody; None where nothing was yet.

    It spares the work before an effect that was had long ago, and what that work would say of the world of today. Only
    `once` knows that the key had no effect.

    Parameters
    ----------
    store, key_id, key, request
        As in `once`.

    Raises
    ------
    StoreError
        ``idempotency_key_reused``.
    """
    with store.read() as transaction:
        known = transaction.first(_FIND, {"of_key": key_id, "named": key})
    return None if known is None else _again(known, hashlib.sha256(request).hexdigest())


def _again(known: Any, digest: str) -> Reply:
    """Answer what was answered, to the same request."""
    if known.request_sha256 != digest:
        raise StoreError("idempotency_key_reused", "this key came with another request before")
    return Reply(known.status, bytes(known.body))


def _known(transaction: Transaction, key_id: str, key: str) -> Any | None:
    """Return what was answered to a key; on PostgreSQL lock the key with the same statement.

    A copy that ends between that statement's view of the table and its lock is not seen. Its note is: this one cannot
    be written beside it, and the transaction is tried again, see `Store.transact`.
    """
    own = {"of_key": key_id, "named": key}
    if not transaction.is_postgresql:
        return transaction.first(_FIND, own)
    number = int.from_bytes(hashlib.sha256(f"{len(key_id)}:{key_id}:{key}".encode()).digest()[:8], signed=True)
    row = transaction.connection.execute(_LOCK_AND_FIND, {**own, "number": number}).one()
    if not row.mine:
        raise StoreError("idempotency_in_progress", "a request with this key is still being worked on")
    return None if row.status is None else row


def forget_replies(transaction: Transaction, lifetime: int, most: int) -> int:
    """Forget what was answered long ago, the oldest first; return how many answers.

    Parameters
    ----------
    transaction
        The transaction.
    lifetime
        Microseconds for which an answer is kept.
    most
        Answers that are forgotten, at the most.
    """
    old = (
        select(IDEMPOTENCY.c.key_id, IDEMPOTENCY.c.key)
        .where(IDEMPOTENCY.c.created_at < transaction.now - lifetime)
        .order_by(IDEMPOTENCY.c.created_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = [{"of_key": row.key_id, "named": row.key} for row in transaction.all(old)]
    if rows:
        transaction.run(_FORGET, rows)
    return len(rows)
