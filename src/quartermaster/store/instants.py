"""Instants as the store counts them, whole microseconds since 1970 (UTC), and as the rest of the world has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
"""Microseconds."""


def time_of(instant: int) -> datetime:
    """Return an instant of the store as an aware time.

    Parameters
    ----------
    instant
        Microseconds.
    """
    return EPOCH + timedelta(microseconds=instant)


def instant_of(time: datetime) -> int:
    """Return an aware time as an instant of the store, exactly: a float of seconds would lose the last microsecond.

    Parameters
    ----------
    time
        Aware.
    """
    return (time - EPOCH) // timedelta(microseconds=1)
