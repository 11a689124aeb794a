"""Limits on the request line and headers, headers on every answer, no fault without a body; before all that answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quartermaster.service.addresses import routed_path
from quartermaster.service.problem_body import refusal_body, send_problem

log = logging.getLogger("quartermaster.service")

MAX_TARGET_BYTES = 8 * 2**10
"""Longest path and query, bytes."""
MAX_HEADER_BYTES = 16 * 2**10
"""All header names and values together, bytes."""
SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Headers of every answer."""
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Header of every answer that goes by TLS, also where a proxy before the service ends it."""
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Guard:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are looked at."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                only_tls = [_HSTS] if scope.get("scheme") == "https" else []
                message["headers"] = [*message.get("headers", []), *_RAW_HEADERS, *only_tls]
            await send(message)

        refusal = _refusal(scope) or _addressed(scope)
        if refusal is not None:
            await send_problem(send_guarded, refusal_body(*refusal))
            return
        try:
            await self.app(scope, receive, send_guarded)
        except asyncio.CancelledError:
            return  # the server stops; there is nobody to answer and nothing to report
        except Exception:
            log.exception("internal error")  # which request it was, its line and its id tell
            if started:
                raise
            await send_problem(send_guarded, refusal_body("internal", "this is our fault, not the request's"))


def _addressed(scope: Scope) -> tuple[str, str] | None:
    """Set the path by which the route is found; code and detail of what is wrong with it, None where nothing is."""
    try:
        scope["path"] = routed_path(scope)
    except UnicodeDecodeError:
        return "not_found", "addresses are UTF-8"
    return ("not_found", "no address holds NUL") if "\x00" in scope["path"] else None  # PostgreSQL takes no NUL


def _refusal(scope: Scope) -> tuple[str, str] | None:
    """Return code and detail of what is wrong with the request line or headers; None where nothing is."""
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > MAX_TARGET_BYTES:
        return "uri_too_long", f"path and query must be at most {MAX_TARGET_BYTES} bytes"
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return "headers_too_large", f"headers must be at most {MAX_HEADER_BYTES} bytes"
    names = [name.lower() for name, _ in headers]
    # Two framings of one body are how requests are smuggled past a proxy.
    if names.count(b"content-length") + names.count(b"transfer-encoding") > 1:
        return "framing", "give either Content-Length or Transfer-Encoding, once"
    return None
