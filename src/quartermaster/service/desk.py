"""What every stateful route does: who asks, may they, was it asked before; then one call and its answer.

A change runs in one transaction of the store, together with the note of its idempotency key, in a worker thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from quartermaster import io
from quartermaster.errors import StoreError
from quartermaster.service.body import JSON_TYPE, check_headers, read_body
from quartermaster.service.metrics import Metrics
from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.rates import Rates
from quartermaster.service.references import References
from quartermaster.service.request_log import tell_who
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import Store
from quartermaster.store.database import Transaction, answering
from quartermaster.store.idempotency import Reply, once
from quartermaster.store.keys import Key, note_use, verified
from quartermaster.store.migrate import require_up_to_date

Result = TypeVar("Result")

KEY_HEADER = "idempotency-key"
MAX_KEY = 255
"""Longest idempotency key, characters."""
MAX_SCOPE = 64
"""Longest scope id, characters."""
LOCAL = Key("local", "whoever reaches this machine's loopback address", (), ("admin",))
"""Who everybody is with ``--insecure-local``."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call answers.

    Parameters
    ----------
    document
        JSON values.
    status
        HTTP status.
    """

    document: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call is asked.

    Parameters
    ----------
    key
        Who asks.
    scope_id
        Where.
    document
        The body, parsed, or as the route reads it; None without one.
    parameters
        Of the query.
    """

    key: Key
    scope_id: str
    document: Any
    parameters: Mapping[str, str]


Call = Callable[[Transaction, Asked], Answered]
"""A call: it may read and write in its transaction, and does nothing else."""


class Desk:
    """Where stateful requests arrive.

    Parameters
    ----------
    store
        The database.
    settings
        Limits.
    insecure
        True asks nobody for a key.
    """

    def __init__(self, store: Store, settings: ServiceSettings, *, insecure: bool = False) -> None:
        self.store, self.settings, self.insecure = store, settings, insecure
        self.references = References(settings)
        self._rates = Rates(settings.requests_per_second)
        self._threads = CapacityLimiter(settings.threads)

    async def change(
        self,
        request: Request,
        action: str,
        scope_id: str,
        call: Call,
        *,
        body: bool = True,
        reading: Callable[[Asked], Any] | None = None,
    ) -> Response:
        """Answer a request that changes something, once for each idempotency key.

        Parameters
        ----------
        request
            The request.
        action
            What its key must be allowed to do.
        scope_id
            Where.
        call
            What it does.
        body
            True when it has a JSON body.
        reading
            Reads what is long to read before the transaction, for which others wait; the call is asked what it returns
            in place of the parsed body.
        """
        name = _idempotency_key(request)
        key = await self.admit(request, action, scope_id)
        content = await self._content(request) if body else b""
        work = partial(self._once, request, key, name, scope_id, content, call, reading)
        reply = await self._apart(work)
        return Response(reply.body, status_code=reply.status, media_type=JSON_TYPE)

    async def ask(
        self, request: Request, action: str, scope_id: str, call: Call, *, body: bool = False, writes: bool = False
    ) -> Response:
        """Answer a request that changes nothing.

        Parameters
        ----------
        request, action, scope_id, call, body
            As in `change`.
        writes
            True where the call keeps books of its own.
        """
        key = await self.admit(request, action, scope_id)
        content = await self._content(request) if body else b""

        def work() -> Answered:
            asked = _asked(key, scope_id, content, request)
            if writes:
                return self.store.transact(lambda transaction: call(transaction, asked))
            with self.store.read() as transaction:
                return call(transaction, asked)

        answered = await self._apart(work)
        return Response(_bytes(answered.document), status_code=answered.status, media_type=JSON_TYPE)

    async def ready(self) -> Response:
        """Answer whether the store can be reached, with the tables that this version needs."""
        try:
            await self._apart(partial(require_up_to_date, self.store))
        except StoreError as error:
            raise RequestRefused("store_unreachable", error.detail, {"Retry-After": "1"}) from None
        return Response(_bytes({"status": "ready"}), media_type=JSON_TYPE)

    async def watched(self, request: Request, metrics: Metrics) -> Response:
        """Answer the figures that are watched.

        Parameters
        ----------
        request
            The request.
        metrics
            The figures.
        """
        await self.admit(request, "read", None)
        content = await self._apart(metrics.text)
        return Response(content, media_type=CONTENT_TYPE_LATEST)

    async def admit(self, request: Request, action: str, scope_id: str | None) -> Key:
        """Find out who asks, and see that they may.

        Parameters
        ----------
        request, action, scope_id
            As in `change`.

        Raises
        ------
        RequestRefused
            401 without a key that is good; 404 for a scope that it does not see; 403 where it may not do this; 429
            where it asks too often.
        """
        if scope_id is not None and not 0 < len(scope_id) <= MAX_SCOPE:
            raise RequestRefused("not_found", "there is no such scope")
        key = LOCAL if self.insecure else await self._apart(partial(self._key, request))
        tell_who(key.key_id, scope_id if key.sees(scope_id) else None)
        wait = self._rates.wait(key.key_id)
        if wait:
            raise RequestRefused("rate", "this key asks too often", {"Retry-After": str(wait)})
        if not key.sees(scope_id):
            raise RequestRefused("not_found", "there is no such scope")
        if not key.may(action, scope_id):
            raise RequestRefused("forbidden", f"this key may not {action}")
        return key

    def _key(self, request: Request) -> Key:
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        with self.store.read() as transaction:
            key = verified(transaction, presented.strip() if scheme.lower() == "bearer" else "")
            now = transaction.now
        if key is None:
            detail = "give a key: Authorization: Bearer KEY"
            raise RequestRefused("unauthorized", detail, {"WWW-Authenticate": "Bearer"})
        if key.last_used_at is None or now - key.last_used_at > 2 * 60_000_000:
            self.store.transact(lambda transaction: note_use(transaction, key))
        return key

    async def _content(self, request: Request) -> bytes:
        check_headers(request, self.settings)
        return await read_body(request, self.settings)

    async def _apart(self, work: Callable[[], Result]) -> Result:
        """Do work with the store in a worker thread; tell where the store does not answer."""

        def told() -> Result:
            with answering():
                return work()

        return await to_thread.run_sync(told, limiter=self._threads)

    def _once(
        self,
        request: Request,
        key: Key,
        name: str,
        scope_id: str,
        content: bytes,
        call: Call,
        reading: Callable[[Asked], Any] | None,
    ) -> Reply:
        asked = _asked(key, scope_id, content, request)
        if reading is not None:
            asked = replace(asked, document=reading(asked))
        target = f"{request.method} {request.url.path}?{request.url.query}\n".encode()

        def effect(transaction: Transaction) -> Reply:
            answered = call(transaction, asked)
            return Reply(answered.status, _bytes(answered.document))

        return once(self.store, key.key_id, name, target + content, effect)


def refused(error: StoreError, settings: ServiceSettings) -> RequestRefused:
    """Answer what the store refuses.

    Parameters
    ----------
    error
        The refusal.
    settings
        How long a caller is told to wait.
    """
    waits = error.code in ("idempotency_in_progress", "queue_full", "store_busy", "store_unreachable")
    headers = {"Retry-After": str(1 if error.code != "queue_full" else settings.retry_after_seconds)} if waits else {}
    return RequestRefused(error.code, error.detail, headers, facts=error.facts)


def _asked(key: Key, scope_id: str, content: bytes, request: Request) -> Asked:
    document = io.parse_document(content) if content else None
    return Asked(key, scope_id, document, dict(request.query_params))


def _idempotency_key(request: Request) -> str:
    given = request.headers.getlist(KEY_HEADER)
    if len(given) != 1 or not given[0].strip():
        raise RequestRefused("idempotency_key_missing", "give one header Idempotency-Key: a text of your own, once")
    if len(given[0]) > MAX_KEY:
        raise RequestRefused("idempotency_key_format", f"Idempotency-Key must have at most {MAX_KEY} characters")
    return given[0]


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
