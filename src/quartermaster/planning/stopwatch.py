"""Time: the one deadline of a run, the seconds of its phases, and word of its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""Told the phase and the share of it that is done, 0 to 1."""


class Stopwatch:
    """Measures a run against its time limit.

    Parameters
    ----------
    clock
        Monotonic seconds; the only clock that planning sees.
    limit
        Seconds the run may take from now on.
    progress
        Told how far the run is; None = nobody listens.
    stop
        Asked whether the run is to end now, whatever is left of its limit; None = it never is.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        limit: float,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._begin = clock()
        self._progress = progress
        self._stop = stop
        self.seconds: dict[str, float] = {}

    def seconds_left(self) -> float:
        """Return the seconds left of the limit; negative when it has passed, at most 0 when the run is to stop."""
        left = self._limit - (self._clock() - self._begin)
        return min(left, 0.0) if self._stop is not None and self._stop() else left

    def after_share(self, share: float) -> Callable[[], bool]:
        """Return a question to ask: whether this share of the limit has passed.

        Parameters
        ----------
        share
            Of the limit, 0 to 1.
        """
        return lambda: self.seconds_left() <= self._limit * (1 - share)

    def part(self, share: float) -> Stopwatch:
        """Return a watch of the same run for a part of it, which ends when a share of the time left has passed.

        Parameters
        ----------
        share
            Of the time left now, 0 to 1. Phases of the part are phases of the run.
        """
        part = Stopwatch(self._clock, share * max(0.0, self.seconds_left()), self._progress, self._stop)
        part.seconds = self.seconds
        return part

    @contextmanager
    def phase(self, name: str) -> Iterator[Callable[[float], None]]:
        """Time a phase; gives what to call with the share of it that is done.

        Parameters
        ----------
        name
            Name of the phase; times of equal names add up.
        """
        begin = self._clock()

        def tell(share: float) -> None:
            if self._progress is not None:
                self._progress(name, share)

        tell(0.0)
        try:
            yield tell
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - begin
        tell(1.0)
