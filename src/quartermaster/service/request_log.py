"""One line for each request, and the id that its line, other lines about it and its problem body share."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

LOG = logging.getLogger("quartermaster.requests")
NO_ROUTE = "none"
"""In place of the route, where none is met: addresses are anybody's text."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Logged:
    """ASGI middleware that logs requests when they are answered.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are logged."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        clear_contextvars()
        bind_contextvars(request_id=_new_urn())

        async def send_seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_seen)
        finally:
            told = {
                "method": scope["method"] if scope["method"] in METHODS else "other",
                "route": getattr(scope.get("route"), "path_format", NO_ROUTE),
                "status": status or None,
                "seconds": round(time.perf_counter() - began, 4),
            }
            LOG.info("request", extra=told)


def tell_who(key_id: str, scope_id: str | None) -> None:
    """Name, in every line about this request from now on, whose it is and where.

    Parameters
    ----------
    key_id
        The public part of the key.
    scope_id
        The scope; None = none.
    """
    bind_contextvars(key=key_id, **({} if scope_id is None else {"scope_id": scope_id}))


def request_urn() -> str:
    """Return the id of the request that is being answered; outside of one, a new id."""
    return str(get_contextvars().get("request_id") or _new_urn())


def _new_urn() -> str:
    """Make an identifier that sorts by time: 48 bits of milliseconds, 80 random bits, in base 32."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "urn:quartermaster:request:" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
