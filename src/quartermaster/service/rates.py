"""How often somebody may do something: a bucket of tokens for each, in this process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

BURST_SECONDS = 2.0
"""Seconds' worth of requests that may come at once."""
MOST_KEPT = 10_000
"""Buckets held; beyond, the one that was asked for longest ago is forgotten."""


class Rates:
    """Buckets by name.

    Parameters
    ----------
    per_second
        Tokens that a bucket gains each second.
    clock
        Seconds; for tests.
    burst_seconds
        Seconds' worth of tokens that a bucket holds.
    """

    def __init__(
        self, per_second: float, clock: Callable[[], float] = time.monotonic, burst_seconds: float = BURST_SECONDS
    ) -> None:
        self._per_second, self._clock = per_second, clock
        self._room = max(1.0, burst_seconds * per_second)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """Take one token; return the whole seconds to wait where there is none, else 0.

        Parameters
        ----------
        name
            Whose.
        """
        with self._lock:
            held, now = self._held(name)
            taken = 1.0 if held >= 1.0 else 0.0
            self._buckets[name] = (held - taken, now)
            self._buckets.move_to_end(name)
            while len(self._buckets) > MOST_KEPT:
                self._buckets.popitem(last=False)
        return 0 if taken else self._seconds(held)

    def due(self, name: str) -> int:
        """Return the whole seconds to wait until there is a token, 0 where there is one; none is taken.

        Parameters
        ----------
        name
            Whose.
        """
        with self._lock:
            held, _ = self._held(name)
        return 0 if held >= 1.0 else self._seconds(held)

    def _held(self, name: str) -> tuple[float, float]:
        now = self._clock()
        held, then = self._buckets.get(name, (self._room, now))
        return min(self._room, held + (now - then) * self._per_second), now

    def _seconds(self, held: float) -> int:
        return max(1, math.ceil((1.0 - held) / self._per_second))
