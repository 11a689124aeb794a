"""What every stateful route does: who asks, may they, was it asked before; then one call and its answer.

A change runs in one transaction of the store, together with the note of its idempotency key, in a worker thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from quartermaster import io
from quartermaster.errors import InputError, StoreError
from quartermaster.service.arriving import Arriving
from quartermaster.service.asked import Answered, Asked, Call, ReadAgain, Reading
from quartermaster.service.body import JSON_TYPE
from quartermaster.service.contracts import QUERY
from quartermaster.service.crowd import Crowd
from quartermaster.service.keyring import Keyring
from quartermaster.service.metrics import Metrics
from quartermaster.service.pages import Cursors
from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.query import check_known
from quartermaster.service.rates import Rates
from quartermaster.service.references import References
from quartermaster.service.request_log import tell_who
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.upload import Upload, unpacked
from quartermaster.store import Store
from quartermaster.store.database import Transaction, answering
from quartermaster.store.idempotency import Reply, once, replied
from quartermaster.store.keys import Key
from quartermaster.store.migrate import require_up_to_date

LOG = logging.getLogger("quartermaster.service")

Result = TypeVar("Result")

KEY_HEADER = "idempotency-key"
MAX_KEY = 255
"""Longest idempotency key, characters."""
NOTE_SECONDS = 30.0
"""Time between two notes of when keys were used."""
READINGS = 3
"""How often a request is read because what was read is out of date."""
COME_AGAIN = ("idempotency_in_progress", "queue_full", "store_busy", "store_read_only", "store_unreachable")
"""Refusals after which a caller is told when to come again."""
MAX_SCOPE = 64
"""Longest scope id, characters."""
LOCAL = Key("local", "whoever reaches this machine's loopback address", (), ("admin",))
"""Who everybody is with ``--insecure-local``."""


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
        self.keyring = Keyring(store, settings)
        self._rates = Rates(settings.requests_per_second)
        self._threads = CapacityLimiter(settings.threads)
        self.crowd = Crowd(settings)
        self._arriving = Arriving(settings)
        self.cursors = Cursors(store)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep the books of keys while the block runs: their use is noted now and then, and at the end."""

        async def noting() -> None:
            while True:
                await asyncio.sleep(NOTE_SECONDS)
                await self._note_uses()

        try:
            await self._apart(self.cursors.load)  # here, so that no request that reads waits to write it
        except StoreError as refused:
            LOG.warning("the key of cursors could not be made yet", extra={"code": refused.code})
        task = asyncio.create_task(noting())
        try:
            yield
        finally:
            task.cancel()
            await self._note_uses()

    async def _note_uses(self) -> None:
        try:
            await self._apart(self.keyring.write_uses)
        except Exception:
            LOG.warning("when keys were used could not be noted; it is tried again", exc_info=True)

    async def change(
        self,
        request: Request,
        action: str,
        scope_id: str,
        call: Call,
        *,
        body: bool = True,
        files: bool = False,
        reading: Reading | None = None,
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
        files
            True when files may come in its place: a zip, or a form; the call is asked their folder.
        reading
            Reads what is long to read before the transaction, for which others wait; the call is asked what it returns
            in place of the parsed body.
        """
        name = _idempotency_key(request)
        key = await self.admit(request, scope_id, action)

        def work(content: bytes | Upload) -> Reply:
            with self._opened(content) as (document, kept):
                given = _asked(key, scope_id, document, request)
                return self._once(given, name, _wanted(request, kept), call, reading)

        async with self._content(request, key, body, files) as content:
            reply = await self._work(partial(work, content))
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
        key = await self.admit(request, scope_id, action)

        def work(content: bytes | Upload) -> Answered:
            with self._opened(content) as (document, _):
                asked = _asked(key, scope_id, document, request)
            self.cursors.load()
            if writes:
                return self.store.transact(lambda transaction: call(transaction, asked))
            with self.store.read() as transaction:
                return call(transaction, asked)

        async with self._content(request, key, body) as content:
            answered = await self._work(partial(work, content))
        return Response(_bytes(answered.document), status_code=answered.status, media_type=JSON_TYPE)

    async def ask_or_change(
        self,
        request: Request,
        action: str,
        scope_id: str,
        call: Call,
        *,
        reading: Reading,
        changes: Callable[[Any], bool],
        ask: Callable[[Asked], Answered],
    ) -> Response:
        """Answer a request whose body says whether it changes something: only then it needs an idempotency key.

        A key that may neither read nor change is refused before the body is read.

        Parameters
        ----------
        request, action, scope_id, call, reading
            As in `change`.
        changes
            Tells of a body whether it changes something.
        ask
            Answers one that does not.
        """
        key = await self.admit(request, scope_id, "read", action)

        def work(content: bytes | Upload) -> Reply:
            with self._opened(content) as (document, kept):
                given = _asked(key, scope_id, document, request)
                if changes(document):
                    _require(key, scope_id, action)
                    return self._once(given, _idempotency_key(request), _wanted(request, kept), call, reading)
                _require(key, scope_id, "read")
                return _written(ask(given))

        async with self._content(request, key, body=True) as content:
            reply = await self._work(partial(work, content))
        return Response(reply.body, status_code=reply.status, media_type=JSON_TYPE)

    async def ready(self) -> Response:
        """Answer whether the store can be reached and written, with the tables that this version needs."""
        try:
            await self._apart(partial(require_up_to_date, self.store))
        except StoreError as error:
            raise RequestRefused("store_unreachable", error.detail, {"Retry-After": "1"}) from None
        if self.store.only_reads:
            raise RequestRefused("store_read_only", "the disk has failed: start the service anew", {"Retry-After": "1"})
        return Response(_bytes({"status": "ready"}), media_type=JSON_TYPE)

    async def watched(self, request: Request, metrics: Metrics) -> Response:
        """Answer the figures that are watched, of the scopes that the key sees.

        Parameters
        ----------
        request
            The request.
        metrics
            The figures.
        """
        key = await self.admit(request, None, "read")
        content = await self._apart(partial(metrics.text, key))
        return Response(content, media_type=CONTENT_TYPE_LATEST)

    async def admit(self, request: Request, scope_id: str | None, *actions: str) -> Key:
        """Find out who asks, and see that they may.

        Parameters
        ----------
        request
            The request.
        scope_id
            Where; None = in no scope, and keys of some scopes may do it too.
        actions
            One of which its key must be allowed to do.

        Raises
        ------
        RequestRefused
            401 without a key that is good; 404 for a scope that it does not see; 403 where it may not do this; 429
            where it asks too often.
        """
        if scope_id is not None and not 0 < len(scope_id) <= MAX_SCOPE:
            raise RequestRefused("not_found", "there is no such scope")
        key = LOCAL if self.insecure else await self._key(request, scope_id)
        tell_who(key.key_id, scope_id if key.sees(scope_id) else None)
        wait = self._rates.wait(key.key_id)
        if wait:
            raise RequestRefused("rate", "this key asks too often", {"Retry-After": str(wait)})
        if not key.sees(scope_id):
            raise RequestRefused("not_found", "there is no such scope")
        _require(key, scope_id, *actions)
        return key

    async def _key(self, request: Request, scope_id: str | None) -> Key:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        presented = given.strip() if scheme.lower() == "bearer" else ""
        peer = request.client.host if request.client else ""
        known = self.keyring.known(presented)
        if known is not None:
            return known
        looked_up = partial(self.keyring.looked_up, presented, peer)
        return await (self._apart(looked_up) if scope_id is None else self._work(looked_up))

    def _content(
        self, request: Request, key: Key, body: bool, files: bool = False
    ) -> AbstractAsyncContextManager[bytes | Upload]:
        return self._arriving.content(request, key, files=files) if body else nullcontext(b"")

    async def _work(self, work: Callable[[], Result]) -> Result:
        """Do the work of a request, which is in the house from here on."""
        with self.crowd.inside():
            return await self._apart(work)

    async def _apart(self, work: Callable[[], Result]) -> Result:
        """Do work with the store in a worker thread; tell where the store does not answer."""

        def told() -> Result:
            with answering():
                return work()

        return await to_thread.run_sync(told, limiter=self._threads)

    def _once(self, given: Asked, name: str, wanted: bytes, call: Call, reading: Reading | None) -> Reply:
        key_id = given.key.key_id
        if reading is not None and (known := replied(self.store, key_id, name, wanted)) is not None:
            return known  # what it read then may not be what it would read now
        told = ""
        for _ in range(READINGS):
            try:
                return once(self.store, key_id, name, wanted, _effect(call, given, reading))
            except ReadAgain as again:
                told = again.detail
        raise StoreError("store_busy", told)

    @contextmanager
    def _opened(self, content: bytes | Upload) -> Iterator[tuple[Any, bytes]]:
        """Open what has arrived, and say what of it the idempotency key stands for: of files, names and contents."""
        if isinstance(content, Upload):
            with unpacked(content, self.settings) as opened:
                yield opened
        else:
            yield _parsed(content), content


def _effect(call: Call, given: Asked, reading: Reading | None) -> Callable[[Transaction], Reply]:
    """Read what a call is asked; what cannot be read is told if the idempotency key had no effect meanwhile."""
    try:
        asked = given if reading is None else replace(given, document=reading(given))
    except (InputError, StoreError) as error:
        return partial(_raised, error)
    return partial(_reply, call, asked)


def _raised(error: Exception, _: Transaction) -> Reply:
    raise error


def _reply(call: Call, asked: Asked, transaction: Transaction) -> Reply:
    return _written(call(transaction, asked))


def _written(answered: Answered) -> Reply:
    return Reply(answered.status, _bytes(answered.document))


def refused(error: StoreError, settings: ServiceSettings) -> RequestRefused:
    """Answer what the store refuses.

    Parameters
    ----------
    error
        The refusal.
    settings
        How long a caller is told to wait.
    """
    seconds = settings.retry_after_seconds if error.code == "queue_full" else 1
    headers = {"Retry-After": str(seconds)} if error.code in COME_AGAIN else {}
    return RequestRefused(error.code, error.detail, headers, facts=error.facts)


def _require(key: Key, scope_id: str | None, *actions: str) -> None:
    """Refuse a key that may do none of these."""
    if not any(key.may(action, scope_id) for action in actions):
        raise RequestRefused("forbidden", f"this key may not {' or '.join(actions)}")


def _wanted(request: Request, kept: bytes) -> bytes:
    """Return what an idempotency key stands for."""
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode() + kept


def _parsed(content: bytes) -> Any:
    return io.parse_document(content) if content else None


def _asked(key: Key, scope_id: str, document: Any, request: Request) -> Asked:
    asked = Asked(key, scope_id, document, dict(request.query_params), request.url.path)
    check_known(asked, [one["name"] for one in QUERY.get(request.scope["route"].operation_id, ())])
    return asked


def _idempotency_key(request: Request) -> str:
    given = request.headers.getlist(KEY_HEADER)
    if len(given) != 1 or not given[0].strip():
        raise RequestRefused("idempotency_key_missing", "give one header Idempotency-Key: a text of your own, once")
    if len(given[0]) > MAX_KEY:
        raise RequestRefused("idempotency_key_format", f"Idempotency-Key must have at most {MAX_KEY} characters")
    return given[0]


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
