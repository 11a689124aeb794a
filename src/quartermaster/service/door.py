"""The door of a service that is to end: no request comes in any more, and those that are in are answered first."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from quartermaster.service.problem_body import refusal_body, send_problem

ALIVE = "/healthz"
"""Asks whether the process lives, not whether requests may be sent."""
RETRY_SECONDS = 5
"""What a caller who is sent away is told to wait: another process, or the next one, answers then."""


class Door:
    """Whether requests are taken, and how many are being answered; for one thread, that of the server."""

    def __init__(self) -> None:
        self.closed = False
        self.inside = 0
        self._then: Callable[[], None] | None = None

    def close(self, then: Callable[[], None]) -> None:
        """Take no request any more.

        Parameters
        ----------
        then
            Called once, when those that were taken are answered; at once, where there is none.
        """
        self.closed, self._then = True, then
        self._look()

    def enter(self) -> bool:
        """Tell whether a request is taken; one that is must leave."""
        self.inside += not self.closed
        return not self.closed

    def leave(self) -> None:
        """Note that a request that was taken is answered."""
        self.inside -= 1
        self._look()

    def _look(self) -> None:
        if self.closed and not self.inside and self._then is not None:
            then, self._then = self._then, None
            then()


class Doorkeeper:
    """ASGI middleware that sends requests away while the door is closed.

    Parameters
    ----------
    app
        The application.
    door
        The door.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are looked at."""
        if scope["type"] != "http" or scope["path"] == ALIVE:
            await self.app(scope, receive, send)
            return
        if not self._door.enter():
            headers = {"retry-after": str(RETRY_SECONDS), "connection": "close"}
            await send_problem(send, refusal_body("stopping", "send it again in a moment"), headers)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._door.leave()
