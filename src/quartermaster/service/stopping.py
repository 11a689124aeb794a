"""The server that ends as it should: asked to, it takes no more requests, ends those it has, and then itself."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from quartermaster.service.door import Door

LOG = logging.getLogger("quartermaster.service")


class StoppingServer(uvicorn.Server):
    """Ends in turn on SIGTERM or SIGINT, at once on a second one.

    uvicorn by itself closes its socket first, so that nobody can be told to come again, and then ends the process by
    the same signal, so that nothing after it is done.

    Parameters
    ----------
    config
        Of the server.
    door
        Of the application.
    seconds
        Longest time that requests under way are given.
    also
        What is to end at the same time; must not wait for it.
    """

    def __init__(
        self, config: uvicorn.Config, door: Door, seconds: float, also: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._door, self._seconds, self._also = door, seconds, also
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; called in the middle of anything, so it only asks the loop to."""
        if self._loop is None or self._door.closed:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._door.closed:
            return
        LOG.info("stopping", extra={"requests": self._door.inside})
        self._also()
        self._door.close(self._leave)
        if self._loop is not None:
            self._loop.call_later(self._seconds, self._leave)

    def _leave(self) -> None:
        self.should_exit = True
