"""How many requests to the store may be in the house: a rush may wait, a crowd that stays is not let in.

A request that is refused costs little and is told so at once; one that is let in is answered as soon as ever. Waiting
lines that never empty would make every answer late and help nobody. In the house are requests that are worked on or
wait for a thread: one whose body is still arriving keeps nobody out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from quartermaster.service.problem_body import RequestRefused, refusal_body, send_problem
from quartermaster.service.settings import ServiceSettings

PLACE = "/v1/scopes/"
"""What the addresses of requests to the store begin with."""
RUSH_SECONDS = 0.5
"""How long more may be in the house than are worked on, until only so many are let in."""
_DETAIL = "too many requests are being worked on"
_COME_AGAIN = {"retry-after": "1"}


class Crowd:
    """Who is in the house.

    Parameters
    ----------
    settings
        ``threads`` are worked on; ``crowd`` may be in, for a moment.
    clock
        Seconds; for tests.
    """

    def __init__(self, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._worked_on, self._most = settings.threads, max(settings.crowd, settings.threads)
        self._inside = 0
        self._full_since: float | None = None

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Count one more while the block runs.

        Raises
        ------
        RequestRefused
            503 where there are too many.
        """
        if self.is_full():
            raise RequestRefused("store_busy", _DETAIL, _COME_AGAIN)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside <= self._worked_on // 2:
                self._full_since = None

    def is_full(self) -> bool:
        """Tell whether one more is too many: `crowd` may be in for a moment, then only those that are worked on."""
        if self._inside < self._worked_on:
            return False
        now = self._clock()
        if self._full_since is None:
            self._full_since = now
        return self._inside >= self._most or now - self._full_since >= RUSH_SECONDS


class Entrance:
    """ASGI middleware that refuses requests to the store while the house is full, before anything is done for them.

    Parameters
    ----------
    app
        The application.
    crowd
        Who is in.
    """

    def __init__(self, app: ASGIApp, crowd: Crowd) -> None:
        self.app, self._crowd = app, crowd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only requests to the store are looked at."""
        if scope["type"] == "http" and scope["path"].startswith(PLACE) and self._crowd.is_full():
            await send_problem(send, refusal_body("store_busy", _DETAIL), _COME_AGAIN)
        else:
            await self.app(scope, receive, send)
