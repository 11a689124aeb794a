"""Limits of the service, each once, with its unit and its default."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

MIB = 2**20
"""Bytes in one MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What one instance of the service accepts and spends.

    Parameters
    ----------
    max_body_bytes
        Largest request body, bytes: of a snapshot, a stock feed, and what is planned or evaluated as a whole.
    max_order_body_bytes
        Largest body of all other requests, bytes; never more than `max_body_bytes`.
    max_unpacked_bytes
        Most bytes of all files of a snapshot that comes as a zip, unpacked.
    uploads
        Snapshots that come as files, received at the same time; one more is answered 503.
    body_timeout_seconds
        Longest time a body may take to arrive, seconds.
    max_rows
        Most rows of one table of a document.
    max_order_lines
        Most order lines of a document.
    workers
        Requests worked on at the same time, each in a thread.
    waiting
        Requests that may wait for a worker; one more is answered 503.
    retry_after_seconds
        What a 503 tells the caller to wait, seconds.
    min_time_limit_seconds, max_time_limit_seconds
        Range of the policy's ``solver.time_limit_seconds``. A policy that does not state one gets its default, or the
        maximum where that is less.
    max_threads
        Most solver processes side by side (``solver.threads``) that a policy may ask for.
    threads
        Requests to the store worked on at the same time.
    requests_per_second
        What one key may ask for, on the average.
    crowd
        Requests to the store in the house at a time, those that wait for a thread with them; one more is answered 503.
    arriving
        Bodies of one key that are arriving at the same time; one more is answered 429.
    key_seconds
        How long a key that was found good is not looked up again, seconds; 0 = it always is.
    wrong_keys_per_second
        Wrong keys that may come from one address, on the average.
    most_reservations
        Reservations that one key may have open; 0 = without limit.
    most_queued
        Plans of one scope that may wait.
    max_reservation_seconds
        Longest lifetime of a reservation.
    max_plan_age_seconds
        Age after which a finished plan cannot be committed any more.

    Raises
    ------
    ValueError
        If a limit is not positive or the range of time limits is empty.
    """

    max_body_bytes: int = 64 * MIB
    max_order_body_bytes: int = 8 * MIB
    max_unpacked_bytes: int = 256 * MIB
    uploads: int = 4
    body_timeout_seconds: float = 30.0
    max_rows: int = 1_000_000
    max_order_lines: int = 100_000
    workers: int = 1
    waiting: int = 4
    retry_after_seconds: int = 10
    min_time_limit_seconds: Decimal = Decimal("0.05")
    max_time_limit_seconds: Decimal = Decimal(60)
    max_threads: int = 4
    threads: int = 8
    requests_per_second: float = 1000.0
    crowd: int = 32
    arriving: int = 16
    key_seconds: float = 2.0
    wrong_keys_per_second: float = 5.0
    most_reservations: int = 100_000
    most_queued: int = 10
    max_reservation_seconds: int = 7 * 86_400
    max_plan_age_seconds: int = 3_600

    def __post_init__(self) -> None:
        for name in (
            "max_body_bytes",
            "max_order_body_bytes",
            "max_unpacked_bytes",
            "uploads",
            "body_timeout_seconds",
            "max_rows",
            "workers",
            "max_threads",
            "threads",
            "requests_per_second",
            "crowd",
            "arriving",
            "wrong_keys_per_second",
            "most_queued",
            "max_reservation_seconds",
            "max_plan_age_seconds",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be > 0")
        for name in ("waiting", "key_seconds", "most_reservations"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be >= 0")
        if not 0 < self.min_time_limit_seconds <= self.max_time_limit_seconds:
            raise ValueError("max_time_limit_seconds must be at least min_time_limit_seconds, and both > 0")
