"""Things that are costly to make and used again and again: each made once, those used last kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, as many as there is room for.

    Parameters
    ----------
    room
        What all values together may weigh; the one used last is kept whatever it weighs.
    weigh
        Says what a value weighs.
    """

    def __init__(self, room: int, weigh: Callable[[V], int]) -> None:
        self._room, self._weigh = room, weigh
        self._values: OrderedDict[K, V] = OrderedDict()
        self._making: dict[K, threading.Lock] = {}
        self._lock = threading.Lock()

    def known(self, key: K) -> V | None:
        """Return a value that is kept; None where it is not.

        Parameters
        ----------
        key
            Which.
        """
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def of(self, key: K, make: Callable[[], V]) -> V:
        """Return a value, made where it is not kept; who asks for the same one meanwhile waits for it.

        Parameters
        ----------
        key
            Which.
        make
            Makes it.
        """
        value = self.known(key)
        if value is not None:
            return value
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            value = self.known(key)
            if value is None:
                try:
                    value = make()
                finally:
                    with self._lock:
                        self._making.pop(key, None)
                self._keep(key, value)
        return value

    def _keep(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            weight = sum(map(self._weigh, self._values.values()))
            while weight > self._room and len(self._values) > 1:
                _, gone = self._values.popitem(last=False)
                weight -= self._weigh(gone)
