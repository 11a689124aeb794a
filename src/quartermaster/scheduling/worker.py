"""Runs on many machines over PostgreSQL, as tasks of procrastinate; needs the extra ``postgresql``.

The queue only wakes workers: what is to be planned is in the store, so a task that is lost with its worker is made up
for by the next look, and a scope that two tasks are about is planned by the one that holds its lease.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from quartermaster.errors import InputError, Problem
from quartermaster.scheduling.run import run_all
from quartermaster.scheduling.scheduler import Timetable, ask_for_due, sweep_all, waiting_scopes
from quartermaster.scheduling.settings import RunSettings
from quartermaster.store import Store
from quartermaster.store.queue_schema import queue_conninfo

LOG = logging.getLogger("quartermaster.runs")
QUEUE = "quartermaster"
EVERY_MINUTE = "* * * * *"
LEAVE_SECONDS = 5.0
"""How long a worker that is to leave waits for its runs, before it leaves them to others."""


class _Aborted:
    """Whether the worker of a task is to leave, in the words of `run_all`."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def is_set(self) -> bool:
        """Tell it."""
        return bool(self._context.should_abort())


class RunQueue:
    """The queue of runs of a store.

    Parameters
    ----------
    store
        On PostgreSQL.
    settings
        Of runs that are made here.
    timetable
        False asks for no plan by itself.

    Raises
    ------
    InputError
        If the extra is not installed.
    StoreError
        If the store is not PostgreSQL.
    """

    def __init__(self, store: Store, settings: RunSettings, *, timetable: bool = True) -> None:
        try:
            import procrastinate
            import procrastinate.schema
        except ImportError:
            detail = "workers are an extra: pip install 'quartermaster[postgresql]'"
            raise InputError([Problem("service_missing", detail)]) from None
        self._known = procrastinate.exceptions.AlreadyEnqueued
        self._settings = settings
        conninfo = queue_conninfo(store, procrastinate.schema.SchemaManager.get_schema())
        connector = procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)
        self.app = procrastinate.App(connector=connector)
        times = Timetable(settings) if timetable else None

        def run_scope(context: Any, scope_id: str) -> None:
            run_all(store, scope_id, settings, _Aborted(context))

        def look(timestamp: int) -> None:
            if times is not None:
                ask_for_due(store, times)
            sweep_all(store, settings)
            for scope_id in waiting_scopes(store):
                self._ask(scope_id)

        self._run_scope = self.app.task(name="run_scope", queue=QUEUE, pass_context=True)(run_scope)
        look_task = self.app.task(name="look", queue=QUEUE, queueing_lock="look")(look)
        self.app.periodic(cron=EVERY_MINUTE)(look_task)

    def ask(self, scope_id: str) -> None:
        """Wake a worker for a scope in which a plan was queued; once is enough however often it is asked.

        Parameters
        ----------
        scope_id
            The scope.
        """
        with self.app.open():
            self._ask(scope_id)

    def _ask(self, scope_id: str) -> None:
        with suppress(self._known):
            self._run_scope.configure(queueing_lock=f"run {scope_id}").defer(scope_id=scope_id)

    def work(self, *, once: bool = False) -> None:
        """Make runs until the process is asked to end.

        Parameters
        ----------
        once
            True leaves when nothing is queued any more.
        """
        self.app.run_worker(
            queues=[QUEUE],
            concurrency=self._settings.planners,
            wait=not once,
            shutdown_graceful_timeout=LEAVE_SECONDS,
            delete_jobs="successful",
        )
