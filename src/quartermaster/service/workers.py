"""Work off the event loop: a fixed number of threads, a short queue, and a refusal when both are full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.settings import ServiceSettings

Result = TypeVar("Result")


class Workers:
    """Threads that plan and evaluate.

    Threads, not processes: the solver and numpy let the interpreter go while they work, and a body of many
    megabytes need not be copied into another process.

    Parameters
    ----------
    settings
        Number of threads and of places in the queue.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="quartermaster-worker")
        self.places = settings.workers + settings.waiting
        self._retry_after = settings.retry_after_seconds
        self.taken = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one place, from before the body is read, so that memory is bounded by the places.

        Raises
        ------
        RequestRefused
            503 with Retry-After when every place is taken.
        """
        if self.taken >= self.places:
            detail = "every worker and every waiting place is taken; try again later"
            raise RequestRefused("busy", detail, {"Retry-After": str(self._retry_after)})
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def run(self, call: Callable[[], Result]) -> Result:
        """Run a call in a worker thread and wait for it.

        Parameters
        ----------
        call
            What to run; whatever it raises is raised here.
        """
        # Shielded: when the caller goes away the thread still works, so its place must stay taken until it ends.
        work = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise

    def close(self) -> None:
        """Let no further call start."""
        self._pool.shutdown(wait=False, cancel_futures=True)
