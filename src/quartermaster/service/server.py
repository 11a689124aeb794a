"""Running the application with uvicorn: with a store and the schedule of its runs, or stateless."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from quartermaster.errors import InputError, Problem, StoreError
from quartermaster.service.settings import MIB, ServiceSettings

if TYPE_CHECKING:
    from pathlib import Path

    from quartermaster.service.webhooks.settings import WebhookSettings
    from quartermaster.store import Store

    Jobs = list[tuple[Callable[[], None], float]]

LOG = logging.getLogger("quartermaster.service")
LAST_SECONDS = 2
"""Seconds between the end of patience with requests under way and the end of their connections."""
SWITCH_SECONDS = 0.0005
"""How long a thread computes while others wait. A request waits for the store a dozen times, and after each time for
whoever computes: at Python's 5 ms, longer in sum than for anything else."""
_LOCAL = ("127.0.0.1", "::1", "localhost")


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    max_time_limit_seconds: float = 60.0,
    max_body_mib: int = 64,
    database: str | None = None,
    insecure_local: bool = False,
    every_minutes: float = 15.0,
    every_orders: int = 0,
    stop_seconds: float = 10.0,
    log_format: str = "auto",
    log_level: str = "info",
    webhooks: WebhookSettings | None = None,
    webhook_key: Path | None = None,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    host, port
        Address to listen on.
    workers
        Requests worked on at the same time, and scopes planned side by side.
    max_time_limit_seconds
        Longest time limit a caller may ask for, seconds.
    max_body_mib
        Largest body of a snapshot, a feed, and what is planned or evaluated as a whole, MiB.
    database
        URL of the database; None = stateless.
    insecure_local
        True asks nobody for a key; only on this machine's loopback address.
    every_minutes, every_orders
        Time between two runs of the schedule, 0 = none but those that are asked for; new orders for which a run does
        not wait, 0 = it always waits.
    stop_seconds
        Longest time that requests under way are given when the service is asked to end.
    log_format, log_level
        See `quartermaster.service.logs.configure_logs`.
    webhooks
        Where events may be sent; None = nowhere.
    webhook_key
        The file with the key from which the secrets of webhooks are derived.

    Raises
    ------
    InputError
        If a limit is not valid, the extra with the server is not installed, or the address needs keys that are not
        there.
    StoreError
        If the database cannot be opened.
    """
    try:
        import uvicorn

        from quartermaster.service.app import create_app
        from quartermaster.service.door import Door
        from quartermaster.service.logs import configure_logs
        from quartermaster.service.stopping import StoppingServer
    except ImportError:
        detail = "the server is an extra: pip install 'quartermaster[service]'"
        raise InputError([Problem("service_missing", detail)]) from None
    configure_logs(log_format, log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        settings = ServiceSettings(
            workers=workers,
            max_time_limit_seconds=Decimal(str(max_time_limit_seconds)),
            max_body_bytes=max_body_mib * MIB,
        )
    except (ValueError, ArithmeticError) as error:
        raise InputError([Problem("out_of_range", str(error), file="serve")]) from None
    if insecure_local and host not in _LOCAL:
        raise InputError([Problem("out_of_range", "--insecure-local is for loopback addresses", file="serve")])
    if database is None and host not in _LOCAL:
        detail = "--stateless has no login: on loopback addresses only; put a proxy before it that has one"
        raise InputError([Problem("out_of_range", detail, file="serve")])
    with (
        _opened(database, insecure=insecure_local) as store,
        _telling(store, webhooks, webhook_key) as beside,
        _scheduled(store, workers, every_minutes, every_orders, beside) as end,
    ):
        door = Door()
        config = uvicorn.Config(
            create_app(settings, store, insecure=insecure_local, door=door),
            host=host,
            port=port,
            server_header=False,
            log_config=None,  # ours, see `quartermaster.service.logs`
            access_log=False,
            timeout_graceful_shutdown=LAST_SECONDS,
            h11_max_incomplete_event_size=64 * 2**10,  # above our own caps, so that those answer
        )
        StoppingServer(config, door, stop_seconds, also=end).run()
    LOG.info("stopped")
    if threading.active_count() > 1:
        # A plan is still being made for a caller who is gone. It can be stopped by nothing but the end of the process.
        sys.stderr.flush()
        os._exit(0)


@contextmanager
def _opened(database: str | None, *, insecure: bool) -> Iterator[Store | None]:
    """Open the database, its tables up to date; see that there are keys where keys are asked for."""
    if database is None:
        yield None
        return
    from quartermaster.store import open_store
    from quartermaster.store.keys import every_key
    from quartermaster.store.migrate import require_up_to_date, upgrade

    store = open_store(database)
    try:
        if store.url.get_backend_name() == "sqlite":
            upgrade(store)
        require_up_to_date(store)
        with store.read() as transaction:
            keys = [key for key in every_key(transaction) if key.revoked_at is None]
        if not keys and not insecure:
            detail = "there is no key: make one with `quartermaster keys create`, or serve with --insecure-local"
            raise StoreError("no_keys", detail)
        yield store
    finally:
        store.close()


@contextmanager
def _telling(store: Store | None, settings: WebhookSettings | None, key: Path | None) -> Iterator[Jobs]:
    """Give what is to be done again and again, so that webhooks are told; nothing, where no host may be."""
    if store is None or settings is None or not settings.on:
        yield []
        return
    from quartermaster.service.webhooks.secrets import read_key
    from quartermaster.service.webhooks.sender import Sender

    if key is None:
        raise InputError([Problem("secret_file", "webhooks need --webhook-key-file", file="serve")])
    sender = Sender(store, settings, read_key(key))
    try:
        yield [(sender.look, settings.look_seconds)]
    finally:
        sender.stop()


@contextmanager
def _scheduled(
    store: Store | None, planners: int, every_minutes: float, every_orders: int, beside: Jobs
) -> Iterator[Callable[[], None]]:
    """Run the schedule while the server runs; gives what begins to end it."""
    if store is None:
        yield lambda: None
        return
    from quartermaster.scheduling.scheduler import Scheduler
    from quartermaster.scheduling.settings import RunSettings

    timed = every_minutes > 0
    runs = RunSettings(planners=planners, every_orders=every_orders)
    if timed:
        runs = replace(runs, every_minutes=every_minutes)
    scheduler = Scheduler(store, runs, timetable=timed, beside=beside)
    scheduler.start()
    try:
        yield scheduler.end
    finally:
        scheduler.stop()
