"""Workers over PostgreSQL; and planners in processes of their own that are paused past their lease."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from run_days import QUICK, SCOPE, ask, faults, order_of, plan_here, put_day, put_orders
from scheduling.conftest import small_snapshot

from quartermaster.errors import StoreError
from quartermaster.scheduling import run_next
from quartermaster.scheduling.worker import RunQueue
from quartermaster.store.migrate import check
from quartermaster.store.plans import stored_plan

ROUNDS = int(os.environ.get("QUARTERMASTER_PAUSES", "2"))
"""Pauses of a planner past its lease; a long run sets more."""

PATHS = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
"""For planners in processes of their own."""


@pytest.fixture
def day(store):
    """The small day under the database's own clock, on PostgreSQL."""
    if not store.url.get_backend_name().startswith("postgresql"):
        pytest.skip("workers need PostgreSQL")
    put_orders(store, put_day(store, small_snapshot()))
    return store


def state(store, plan):
    with store.read() as transaction:
        return stored_plan(transaction, SCOPE, plan.plan_id).state


def test_workers_need_postgresql(store):
    if store.url.get_backend_name() == "sqlite":
        with pytest.raises(StoreError, match="worker_sqlite"):
            RunQueue(store, QUICK)


def test_a_worker_makes_what_was_asked_for(day):
    queue = RunQueue(day, QUICK, timetable=False)
    first = ask(day, commit=True)
    queue.ask(SCOPE)
    queue.ask(SCOPE)  # it waits already
    RunQueue(day, QUICK, timetable=False).work(once=True)
    assert (state(day, first), faults(day)) == ("committed", [])
    second = ask(day, commit=True)
    queue.ask(SCOPE)
    queue.work(once=True)
    assert state(day, second) == "committed"
    assert check(day) == []  # the queue has a schema of its own


def test_a_paused_planner_never_commits(day, tmp_path):
    """SIGSTOP a planner past its lease, let another one work, SIGCONT the first."""
    refused = 0
    for number in range(ROUNDS):
        day.clock = _clock(2 * number + 1)  # to which the lease of the paused one is over
        put_orders(day, [{**order, "order_id": f"p{number}"} for order in [_order()]])
        plan = ask(day, commit=True)
        folder = tmp_path / str(number)
        folder.mkdir()
        url = day.url.render_as_string(hide_password=False)
        planner = subprocess.Popen(
            [sys.executable, __file__, url, str(folder), str(2 * number)], stdout=subprocess.PIPE, text=True, env=PATHS
        )
        try:
            _until(lambda folder=folder: (folder / "planning").exists())
            planner.send_signal(signal.SIGSTOP)
            done = run_next(day, SCOPE, QUICK, planner=plan_here)
            assert (done.plan_id, done.state) == (plan.plan_id, "committed")
            (folder / "go").touch()
            planner.send_signal(signal.SIGCONT)
            told, _ = planner.communicate(timeout=300)
        finally:
            planner.kill()
        refused += told.strip() == "None"
        with day.read() as transaction:
            assert stored_plan(transaction, SCOPE, plan.plan_id).fence == done.fence
        order = order_of(day, f"p{number}")
        assert [one["quantity"] for one in order.allocations] == [1]
        assert faults(day) == []
    assert refused == ROUNDS


def _order():
    from simple_day import NEWARK

    return {**NEWARK, "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]}


def _until(holds):
    patience = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.02)


def _clock(leases):
    """The clock so many leases ahead."""
    return lambda: round((time.time() + leases * 2 * QUICK.lease_seconds) * 1_000_000)


def _plan_and_wait(url, folder, leases):
    """A planner that says when it plans, and goes on when it may."""
    from quartermaster.store import open_store

    def planner(content, policy, settings, ask):
        made = plan_here(content, policy, settings, lambda progress: None)
        (folder / "planning").touch()
        _until(lambda: (folder / "go").exists())
        return made

    print(run_next(open_store(url, _clock(leases)), SCOPE, QUICK, planner=planner))


if __name__ == "__main__":
    _plan_and_wait(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
