"""What a call takes of the processor: the least of a few tries, as a sweep of garbage may fall into any one of them."""

from __future__ import annotations

import time
from collections.abc import Callable


def least_cpu_seconds(call: Callable[[], object], tries: int = 5) -> float:
    """The least processor time, in seconds, of *tries* runs of *call*."""
    taken = []
    for _ in range(tries):
        started = time.process_time()
        call()
        taken.append(time.process_time() - started)
    return min(taken)
