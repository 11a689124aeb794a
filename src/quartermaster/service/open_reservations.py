"""How many reservations one key may have open: counted now and then, and what this process makes in between."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from quartermaster.service.problem_body import RequestRefused
from quartermaster.store.database import Transaction
from quartermaster.store.reservations import open_of

COUNT_SECONDS = 5.0
"""Time after which they are counted anew: counting a hundred thousand for each request would be slow."""
MOST_KEPT = 10_000
"""Keys whose count is held."""


class OpenReservations:
    """Open reservations by key, about: other processes may add to them for `COUNT_SECONDS`.

    Parameters
    ----------
    most
        What one key may have open; 0 = without limit.
    clock
        Seconds; for tests.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._known: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, transaction: Transaction, key_id: str) -> None:
        """Count one more of a key.

        Parameters
        ----------
        transaction
            Where it is going to be made.
        key_id
            Whose.

        Raises
        ------
        RequestRefused
            ``reservations_open`` where there are too many.
        """
        if not self._most:
            return
        with self._lock:
            count, counted_at = self._known.get(key_id, (0, float("-inf")))
        if self._clock() - counted_at >= COUNT_SECONDS:
            count, counted_at = open_of(transaction, key_id), self._clock()
        if count >= self._most:
            detail = f"this key has {self._most} reservations open: commit or release some"
            raise RequestRefused("reservations_open", detail, {"Retry-After": str(round(COUNT_SECONDS))})
        with self._lock:
            self._known[key_id] = count + 1, counted_at
            self._known.move_to_end(key_id)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
