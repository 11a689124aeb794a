"""One effect for each key: what was answered is written in the transaction of the effect, and answered again.

A copy that comes while the first is still running is told so on PostgreSQL (an advisory lock per key); on SQLite, whose
writers take turns, it waits and gets the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import insert, select, text

from quartermaster.errors import StoreError
from quartermaster.store.database import Store, Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.tables import IDEMPOTENCY


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
        if transaction.is_postgresql:
            _lock(transaction, key_id, key)
        known = transaction.first(select(IDEMPOTENCY).where(IDEMPOTENCY.c.key_id == key_id, IDEMPOTENCY.c.key == key))
        if known is not None:
            if known.request_sha256 != digest:
                raise StoreError("idempotency_key_reused", "this key came with another request before")
            return Reply(known.status, bytes(known.body))
        reply = effect(transaction)
        fail_point("before key")
        transaction.run(
            insert(IDEMPOTENCY).values(
                key_id=key_id,
                key=key,
                request_sha256=digest,
                status=reply.status,
                body=reply.body,
                created_at=transaction.now,
            )
        )
        fail_point("after key")
        return reply

    return store.transact(run)


def _lock(transaction: Transaction, key_id: str, key: str) -> None:
    number = int.from_bytes(hashlib.sha256(f"{len(key_id)}:{key_id}:{key}".encode()).digest()[:8], signed=True)
    statement = text("SELECT pg_try_advisory_xact_lock(:number)")
    if not transaction.connection.execute(statement, {"number": number}).scalar_one():
        raise StoreError("idempotency_in_progress", "a request with this key is still being worked on")
