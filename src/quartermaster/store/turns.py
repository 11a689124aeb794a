"""Turns: threads that write one after another, first come first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from quartermaster.errors import StoreError


class Turns:
    """Lets one thread in at a time, in the order they came.

    A pool of one connection hands it to whoever asks at the right moment: a thread that writes again and again keeps
    the others out, for seconds.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for the turn, and have it.

        Parameters
        ----------
        seconds
            How long it is waited for, at the most.

        Raises
        ------
        StoreError
            ``store_busy``.
        """
        if not self._acquire(seconds):
            raise StoreError("store_busy", "others were writing all the time")
        try:
            yield
        finally:
            self._release()

    def _acquire(self, seconds: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        if gate.acquire(timeout=seconds):
            return True
        with self._guard:
            if gate in self._waiting:
                self._waiting.remove(gate)
                return False
        return True  # it was let in at the last moment

    def _release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
