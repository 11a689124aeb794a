"""Who asks: keys that were found good lately are known, and wrong ones cannot be tried without end.

A key is looked up again after a moment, so that one that was revoked or has expired is refused from then on. When keys
were used is noted apart from the requests: none waits for a writer because of that.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.rates import Rates
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import Store
from quartermaster.store.keys import Key, note_uses, verified

MOST_KNOWN = 10_000
"""Keys that are known at a time."""
BURST_SECONDS = 4.0
"""Seconds' worth of wrong keys that may come from one address at once."""


class Keyring:
    """Keys of one store, as one process knows them.

    Parameters
    ----------
    store
        The database.
    settings
        How long a key is known, and how many wrong ones may come.
    clock
        Seconds; for tests.
    """

    def __init__(self, store: Store, settings: ServiceSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._seconds, self._clock = store, settings.key_seconds, clock
        self._known: OrderedDict[bytes, tuple[Key, float]] = OrderedDict()
        self._wrong = Rates(settings.wrong_keys_per_second, clock, BURST_SECONDS)
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def known(self, presented: str) -> Key | None:
        """Return a key that was found good a moment ago; None where it must be looked up. Nobody waits for this.

        Parameters
        ----------
        presented
            The text of a key.
        """
        name = _digest(presented)
        with self._lock:
            found = self._known.get(name)
            if found is None or self._clock() - found[1] >= self._seconds:
                return None
            return found[0]

    def looked_up(self, presented: str, peer: str) -> Key:
        """Return a key.

        Parameters
        ----------
        presented
            Its text.
        peer
            Address that it comes from.

        Raises
        ------
        RequestRefused
            401 where there is no such key that is good; 429 where too many such came from there.
        """
        name = _digest(presented)
        with self._lock:
            stranger = name not in self._known  # who was known stays so, whoever else comes from there
        wait = self._wrong.due(peer) if stranger else 0
        if wait:
            detail = "too many wrong keys came from this address"
            raise RequestRefused("rate", detail, {"Retry-After": str(wait)})
        looked_at = self._clock()
        with self._store.read() as transaction:
            key, now = verified(transaction, presented), transaction.now
        if key is None:
            self._wrong.wait(peer)
            with self._lock:
                self._known.pop(name, None)
            detail = "give a key: Authorization: Bearer KEY"
            raise RequestRefused("unauthorized", detail, {"WWW-Authenticate": "Bearer"})
        with self._lock:
            self._used[key.key_id] = now
            self._known[name] = key, looked_at
            self._known.move_to_end(name)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return key

    def write_uses(self) -> None:
        """Note in the store when keys were used; what cannot be written now is written with the next."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            self._store.transact(lambda transaction: note_uses(transaction, used))
        except Exception:
            with self._lock:
                self._used = {**used, **self._used}
            raise


def _digest(presented: str) -> bytes:
    return hashlib.sha256(presented.encode("utf-8", "surrogatepass")).digest()
