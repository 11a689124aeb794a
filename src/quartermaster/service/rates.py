"""How often a key may ask: a bucket of tokens for each, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

BURST_SECONDS = 2.0
"""Seconds' worth of requests that a key may make at once."""
MOST_KEYS = 10_000
"""Buckets held; beyond, full ones are forgotten."""


class Rates:
    """Buckets by key.

    Parameters
    ----------
    per_second
        Requests of one key each second, on the average.
    clock
        Seconds; for tests.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._clock = per_second, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, key_id: str) -> int:
        """Take one token; return the whole seconds to wait where there is none, else 0.

        Parameters
        ----------
        key_id
            Whose.
        """
        now, room = self._clock(), max(1.0, BURST_SECONDS * self._per_second)
        held, then = self._buckets.get(key_id, (room, now))
        held = min(room, held + (now - then) * self._per_second)
        if held < 1.0:
            self._buckets[key_id] = (held, now)
            return max(1, math.ceil((1.0 - held) / self._per_second))
        if len(self._buckets) >= MOST_KEYS:
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket[0] < room - 1}
        self._buckets[key_id] = (held - 1.0, now)
        return 0
