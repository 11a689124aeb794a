"""Bodies that are still arriving: each key has only so many, and files are held on disk for a few requests at a time.

Nobody else waits for a body that comes slowly; it ends after `body_timeout_seconds`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

from fastapi import Request

from quartermaster.service.body import JSON_TYPE, check_headers, read_body
from quartermaster.service.contracts import CONTRACTS
from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.upload import FORM_TYPE, ZIP_TYPE, Upload, received
from quartermaster.store.keys import Key


class Arriving:
    """Receives the bodies of one service.

    Parameters
    ----------
    settings
        Limits.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._small = replace(settings, max_body_bytes=min(settings.max_order_body_bytes, settings.max_body_bytes))
        self._by_key: Counter[str] = Counter()
        self._uploads = 0

    @asynccontextmanager
    async def content(self, request: Request, key: Key, *, files: bool = False) -> AsyncIterator[bytes | Upload]:
        """Receive a body; files are held on disk until the block ends.

        Parameters
        ----------
        request
            The request.
        key
            Whose it is.
        files
            True when files may come in place of JSON.

        Raises
        ------
        RequestRefused
            429 where so many bodies of the key are arriving already; 503 where other files are; what reading it raises.
        """
        limits = self._settings if CONTRACTS[request.scope["route"].operation_id].batch else self._small
        media = check_headers(request, limits, (JSON_TYPE, ZIP_TYPE, FORM_TYPE) if files else (JSON_TYPE,))
        if media == JSON_TYPE:
            with self._arriving(key):
                body = await read_body(request, limits)
            yield body
            return
        if self._uploads >= self._settings.uploads:
            wait = {"Retry-After": str(self._settings.retry_after_seconds)}
            raise RequestRefused("busy", "other snapshots are being received; try again later", wait)
        self._uploads += 1
        try:
            with self._arriving(key):
                upload = await received(request, limits, media)
            try:
                yield upload
            finally:
                upload.close()
        finally:
            self._uploads -= 1

    @contextmanager
    def _arriving(self, key: Key) -> Iterator[None]:
        if self._by_key[key.key_id] >= self._settings.arriving:
            detail = f"{self._settings.arriving} bodies of this key are arriving already"
            raise RequestRefused("rate", detail, {"Retry-After": "1"})
        self._by_key[key.key_id] += 1
        try:
            yield
        finally:
            self._by_key[key.key_id] -= 1
            if not self._by_key[key.key_id]:
                del self._by_key[key.key_id]
