"""What waits for a lock is judged by the instant at which it got it. On PostgreSQL: SQLite's waits before it begins."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text, update
from store_cases import HOUR, SCOPE, SECOND, START, Clock, adds_up, available, given, held, ordered, planned, stocked

from quartermaster.errors import StoreError
from quartermaster.store import open_store
from quartermaster.store.leases import acquire
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.reservations import commit, extend, release, reservation
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import RESERVATIONS

A = ("boston", "A")


@pytest.fixture
def store(postgresql_schema):
    opened = open_store(postgresql_schema(), Clock())
    stocked(opened, {A: 10})
    yield opened
    opened.close()


def after_waiting(store, take_lock, work, passes):
    """Do some work while another transaction holds a lock that it needs, and time passes; return what it returned."""
    found = []

    def run():
        try:
            found.append(store.transact(work))
        except StoreError as error:
            found.append(error.code)

    with store.write() as first:
        take_lock(first)
        own = first.first(text("SELECT pg_backend_pid()"))[0]
        thread = threading.Thread(target=run)
        thread.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :own = ANY(pg_blocking_pids(pid))")
        deadline = time.monotonic() + 60
        while not first.first(waits, {"own": own})[0]:
            assert time.monotonic() < deadline, "it does not wait"
            time.sleep(0.01)
        store.clock.now += passes
    thread.join()
    return found[0]


def of_scope(transaction):
    scope_state(transaction, SCOPE, lock=True)


def of_reservation(transaction):
    transaction.run(update(RESERVATIONS).values(order_id="somebody writes it"))


@pytest.mark.parametrize(
    ("function", "take_lock"),
    [(commit, of_scope), (commit, of_reservation), (release, of_reservation), (extend, of_reservation)],
)
@pytest.mark.parametrize("passes", [SECOND - 1, SECOND])
def test_a_reservation_that_ended_while_it_was_waited_for(store, function, take_lock, passes):
    found, more = held(store, {A: 4}, SECOND), ((HOUR,) if function is extend else ())
    call = (SCOPE, found.reservation_id, *more)
    told = after_waiting(store, take_lock, lambda transaction: function(transaction, *call), passes)
    if passes == SECOND:
        assert told == "reservation_expired"
        return
    assert told.state == {commit: "committed", release: "released", extend: "held"}[function]
    with store.read() as transaction:
        row = transaction.first(text("SELECT resolved_at, expires_at FROM reservations"))
        assert reservation(transaction, SCOPE, found.reservation_id).state == told.state
    assert row.resolved_at == (None if function is extend else START + passes), "it is resolved when it is, not before"
    assert row.expires_at == START + (passes + HOUR if function is extend else SECOND)


def test_a_plan_whose_commit_waited_takes_what_has_expired_meanwhile(store):
    ordered(store, "o1", {"1": ("A", 4)})
    plan_id = planned(store)
    held(store, {A: 10}, SECOND)
    call = (SCOPE, plan_id, [given("o1", "boston", 4)], [])
    done = after_waiting(store, of_scope, lambda transaction: commit_plan(transaction, *call), SECOND)
    assert (done.state, done.committed_at) == ("committed", START + SECOND)
    assert available(store) == {A: 6}
    adds_up(store)


def test_a_plan_whose_commit_waited_may_be_too_old(store):
    plan_id = planned(store)

    def work(transaction):
        return commit_plan(transaction, SCOPE, plan_id, [], [], most_age=SECOND)

    assert after_waiting(store, of_scope, work, SECOND + 1) == "plan_expired"


def test_a_lease_that_ended_while_its_scope_was_waited_for_is_free(store):
    store.transact(lambda transaction: acquire(transaction, SCOPE, "one", SECOND))
    lease = after_waiting(store, of_scope, lambda transaction: acquire(transaction, SCOPE, "two", SECOND), SECOND)
    assert (lease.holder, lease.fence, lease.expires_at) == ("two", 2, START + 2 * SECOND)
