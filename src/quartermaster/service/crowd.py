"""How many requests to the store may be in the house: a rush may wait, a crowd that stays is not let in.

A request that is refused costs little and is told so at once; one that is let in is answered as soon as ever. Waiting
lines that never empty would make every answer late and help nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from quartermaster.service.problem_body import refusal_body, send_problem
from quartermaster.service.settings import ServiceSettings

PLACE = "/v1/scopes/"
"""What the addresses of requests to the store begin with."""
RUSH_SECONDS = 0.5
"""How long more may be in the house than are worked on, until only so many are let in."""


class Crowd:
    """ASGI middleware that counts who is in the house.

    Parameters
    ----------
    app
        The application.
    settings
        ``threads`` are worked on; ``crowd`` may be in, for a moment.
    clock
        Seconds; for tests.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._clock = app, clock
        self._worked_on, self._most = settings.threads, max(settings.crowd, settings.threads)
        self._inside = 0
        self._full_since: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only requests to the store are counted."""
        if scope["type"] != "http" or not scope["path"].startswith(PLACE):
            await self.app(scope, receive, send)
            return
        if not self._let_in():
            refusal = refusal_body("store_busy", "too many requests are being worked on")
            await send_problem(send, refusal, {"retry-after": "1"})
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._inside -= 1
            if self._inside <= self._worked_on // 2:
                self._full_since = None

    def _let_in(self) -> bool:
        """Count one more, unless there are too many: `crowd` for a moment, then only those that are worked on."""
        if self._inside >= self._worked_on:
            now = self._clock()
            if self._full_since is None:
                self._full_since = now
            if self._inside >= self._most or now - self._full_since >= RUSH_SECONDS:
                return False
        self._inside += 1
        return True
