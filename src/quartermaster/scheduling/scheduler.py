"""Runs of every scope in one process: every so many minutes or orders, and before cut-offs (APScheduler).

What is to be done is in the store, not here: a look asks for the plans that are due and has the scopes planned in which
one waits, by threads of which each follows one planning process. A process that is killed loses nothing; several of
them may do this at once over PostgreSQL, since the lease of a scope is held by one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from quartermaster.errors import InputError, StoreError
from quartermaster.scheduling.cutoffs import Cutoffs, next_run
from quartermaster.scheduling.request import SCHEDULED, PlanRequest, request_text, text_begins
from quartermaster.scheduling.run import Ended, run_all
from quartermaster.scheduling.settings import RunSettings
from quartermaster.store import Store
from quartermaster.store.database import Transaction
from quartermaster.store.expiry import sweep
from quartermaster.store.idempotency import forget_replies
from quartermaster.store.instants import instant_of, time_of
from quartermaster.store.plans import queue_plan
from quartermaster.store.plans_asked import last_asked
from quartermaster.store.run_facts import every_scope, orders_since, orders_waiting, scopes_to_run
from quartermaster.store.snapshots import content_of, latest_snapshot

LOG = logging.getLogger("quartermaster.runs")
LOOK_SECONDS = 2.0
"""Time between two looks for work."""
SWEEP_SECONDS = 60.0
"""Time between two sweeps of what is over."""
PORTION = 1_000
"""Reservations, or answers, that are swept in one transaction."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Cut-offs of a snapshot."""

    sha256: str
    cutoffs: Cutoffs


class Timetable:
    """Decides when a run of a scope is due, from what the store says.

    Parameters
    ----------
    settings
        How often.
    """

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._known: dict[str, _Known] = {}

    def due(self, transaction: Transaction, scope_id: str) -> bool:
        """Tell whether a run is due now.

        Parameters
        ----------
        transaction, scope_id
            Where; the transaction's instant is now.
        """
        if latest_snapshot(transaction, scope_id) is None or not orders_waiting(transaction, scope_id):
            return False
        last = self._last(transaction, scope_id)
        if last is None:
            return True
        now = time_of(transaction.now)
        if now >= self.next(transaction, scope_id, last):
            return True
        orders = self._settings.every_orders
        early = last + timedelta(seconds=self._settings.gap_seconds)
        return bool(orders) and now >= early and orders_since(transaction, scope_id, instant_of(last)) >= orders

    def next(self, transaction: Transaction, scope_id: str, last: datetime) -> datetime:
        """Return when the run after one is due.

        Parameters
        ----------
        transaction, scope_id
            Where.
        last
            When the last one was asked for, aware.
        """
        settings, policy = self._settings, self._settings.policy
        limit = float(policy.solver.time_limit_seconds)
        planning = limit + max(settings.grace_seconds, 0.1 * limit) + settings.stop_seconds
        return next_run(
            last,
            self._cutoffs(transaction, scope_id),
            every=timedelta(minutes=settings.every_minutes),
            lead=timedelta(seconds=settings.lead_seconds + planning),
            gap=timedelta(seconds=settings.gap_seconds),
        )

    def queue_due(self, transaction: Transaction, scope_id: str) -> bool:
        """Ask for a plan where one is due and none waits; tell whether one was asked for.

        Parameters
        ----------
        transaction, scope_id
            Where; the transaction must be one that may write.
        """
        if scope_id in scopes_to_run(transaction) or not self.due(transaction, scope_id):
            return False
        request = PlanRequest(policy=self._settings.policy, commit=True, report=False, asked_by=SCHEDULED)
        queue_plan(transaction, scope_id, request_text(request), self._settings.most_waiting)
        return True

    def _last(self, transaction: Transaction, scope_id: str) -> datetime | None:
        last = last_asked(transaction, scope_id, text_begins(SCHEDULED))
        return None if last is None else time_of(last)

    def _cutoffs(self, transaction: Transaction, scope_id: str) -> Cutoffs:
        latest = latest_snapshot(transaction, scope_id)
        if latest is None:
            return Cutoffs((), {})
        known = self._known.get(scope_id)
        if known is None or known.sha256 != latest.sha256:
            known = _Known(latest.sha256, cutoffs_in(content_of(transaction, latest.sha256)))
            self._known[scope_id] = known
        return known.cutoffs


def cutoffs_in(content: bytes) -> Cutoffs:
    """Read the cut-offs from a snapshot document; none where it cannot be read.

    Parameters
    ----------
    content
        The document.
    """
    from quartermaster.io import parse_document, read_document

    try:
        document = {**parse_document(content), "orders": [], "inventory": []}
        for name in ("order_lines", "forecast", "replenishment", "fixed"):
            document.pop(name, None)
        snapshot = read_document(document).snapshot
    except InputError:
        LOG.warning("the cut-offs of a snapshot cannot be read", exc_info=True)
        return Cutoffs((), {})
    return Cutoffs.of(snapshot.nodes, snapshot.holidays)


def ask_for_due(store: Store, timetable: Timetable) -> None:
    """Ask for the plans that are due, scope by scope; a scope in trouble keeps no other waiting.

    Parameters
    ----------
    store, timetable
        Where, and what is due there.
    """
    for scope_id in _scopes(store):
        try:
            with store.read() as transaction:
                if not timetable.due(transaction, scope_id):
                    continue
            if store.transact(partial(timetable.queue_due, scope_id=scope_id)):
                LOG.info("run asked for", extra={"scope_id": scope_id})
        except StoreError as refused:
            LOG.warning("a run could not be asked for", extra={"scope_id": scope_id, "code": refused.code})
        except Exception:
            LOG.warning("a run could not be asked for", extra={"scope_id": scope_id}, exc_info=True)


def sweep_all(store: Store, settings: RunSettings, clock: Callable[[], float] = time.monotonic) -> None:
    """Expire reservations whose time is over, scope by scope, and forget answers to idempotency keys of long ago.

    Each transaction does a portion, so that others have their turn; portions follow each other until nothing is left,
    or the time for it is over.

    Parameters
    ----------
    store
        Where.
    settings
        How long answers are kept.
    clock
        Seconds; for tests.
    """
    until = clock() + SWEEP_SECONDS / 2
    scopes = _scopes(store)
    for scope_id in scopes:
        _in_portions(store, partial(sweep, scope_id=scope_id, most=PORTION), until, clock, scope_id)
    _in_portions(store, partial(forget_replies, lifetime=settings.kept, most=PORTION), until, clock, "")


def _in_portions(
    store: Store, work: Callable[[Transaction], int], until: float, clock: Callable[[], float], scope_id: str
) -> None:
    swept = 0
    try:
        while True:
            done = store.transact(work)
            swept += done
            if done < PORTION or clock() >= until:
                break
    except Exception:
        LOG.warning("what is over could not be swept", extra={"scope_id": scope_id}, exc_info=True)
    if swept:
        LOG.info("swept", extra={"scope_id": scope_id, "rows": swept})


def waiting_scopes(store: Store) -> list[str]:
    """Return the scopes in which there is a plan to make.

    Parameters
    ----------
    store
        Where.
    """
    with store.read() as transaction:
        return scopes_to_run(transaction)


def _scopes(store: Store) -> list[str]:
    with store.read() as transaction:
        return every_scope(transaction)


class Scheduler:
    """Plans every scope of a store while it is started.

    Parameters
    ----------
    store
        The store.
    settings
        How often, how many at once.
    timetable
        False never asks for a plan itself, but has those made that others ask for.
    run
        Runs a scope until nothing waits there.
    beside
        What else is to be done again and again, and the seconds between.
    """

    def __init__(
        self,
        store: Store,
        settings: RunSettings,
        *,
        timetable: bool = True,
        run: Callable[[Store, str, RunSettings, Ended], int] = run_all,
        beside: Iterable[tuple[Callable[[], None], float]] = (),
    ) -> None:
        self._store, self._settings, self._run = store, settings, run
        self._timetable = Timetable(settings) if timetable else None
        self._pool = ThreadPoolExecutor(settings.planners, thread_name_prefix="quartermaster-run")
        self._ended = threading.Event()
        self._busy: set[str] = set()
        self._guard = threading.Lock()
        self._clock = BackgroundScheduler(timezone="UTC")
        jobs = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._clock.add_job(self.look, "interval", seconds=LOOK_SECONDS, id="look", **jobs)
        self._clock.add_job(sweep_all, "interval", args=(store, settings), seconds=SWEEP_SECONDS, id="sweep", **jobs)
        for work, seconds in beside:
            self._clock.add_job(work, "interval", seconds=seconds, **jobs)

    def start(self) -> None:
        """Begin to look for work."""
        self._clock.start()
        LOG.info("scheduler started", extra={"planners": self._settings.planners, "timed": self._timetable is not None})

    def end(self) -> None:
        """Begin to end: planning processes are ended, their plans queued again, and no other is begun."""
        self._ended.set()

    def stop(self, wait: bool = True) -> None:
        """End: planning processes are ended, and their plans queued for whoever comes next.

        Parameters
        ----------
        wait
            True waits until they are.
        """
        self._ended.set()
        if self._clock.running:
            self._clock.shutdown(wait=wait)
        self._pool.shutdown(wait=wait, cancel_futures=True)
        LOG.info("scheduler stopped")

    def wake(self) -> None:
        """Look for work now, as after a plan was asked for; does not wait for it."""
        if self._clock.running and not self._ended.is_set():
            self._clock.modify_job("look", next_run_time=datetime.now(UTC))

    def look(self) -> None:
        """Ask for the plans that are due, and have every scope planned in which one waits."""
        if self._timetable is not None:
            ask_for_due(self._store, self._timetable)
        for scope_id in waiting_scopes(self._store):
            with self._guard:
                if scope_id in self._busy or self._ended.is_set():
                    continue
                self._busy.add(scope_id)
            self._pool.submit(self._work, scope_id)

    def _work(self, scope_id: str) -> None:
        try:
            self._run(self._store, scope_id, self._settings, self._ended)
        except Exception:
            LOG.warning("a run ended in a fault", extra={"scope_id": scope_id}, exc_info=True)
        finally:
            with self._guard:
                self._busy.discard(scope_id)
