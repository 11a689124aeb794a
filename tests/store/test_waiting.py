"""What waits for a lock is judged by the instant at which it got it. On PostgreSQL: SQLite's waits before it begins."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select, text, update
from store.conftest import prepared, schema
from store_cases import HOUR, SCOPE, SECOND, START, Clock, adds_up, available, given, held, ordered, planned, stocked

from quartermaster.errors import StoreError
from quartermaster.store import database, open_store
from quartermaster.store.leases import acquire
from quartermaster.store.order_intake import put_orders
from quartermaster.store.orders import NewLine, NewOrder
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.reservations import commit, extend, release, reservation, reserve
from quartermaster.store.scopes import scope_state
from quartermaster.store.stock import StockLine, give_all_back, take
from quartermaster.store.tables import RESERVATIONS

A = ("boston", "A")


@pytest.fixture
def store(postgresql_schema):
    opened = open_store(postgresql_schema(), Clock())
    stocked(opened, {A: 10})
    yield opened
    opened.close()


def after_waiting(store, take_lock, work, passes, go_on=lambda _: None):
    """Do some work while another transaction holds a lock that it needs, and time passes; return what it returned.

    The other goes on with something when it is waited for.
    """
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
        go_on(first)
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


def of_expired(transaction):
    """What a sweeper does first."""
    transaction.all(select(RESERVATIONS).where(RESERVATIONS.c.state == "held").with_for_update(skip_locked=True))


@pytest.mark.parametrize("expires", [False, True])
def test_units_are_held_from_when_they_are_had(store, expires):
    if expires:
        held(store, {A: 8}, SECOND)  # what the other leaves is too little, but this is over by then

    def take_some(transaction):
        reserve(transaction, SCOPE, [StockLine(*A, 2)], HOUR)

    def work(transaction):
        return reserve(transaction, SCOPE, [StockLine(*A, 2)], HOUR)

    told = after_waiting(store, take_some, work, SECOND)
    assert (told.state, told.expires_at) == ("held", START + SECOND + HOUR)
    assert available(store) == {A: 6}
    with store.read() as transaction:
        query = select(RESERVATIONS.c.created_at).where(RESERVATIONS.c.reservation_id == told.reservation_id)
        assert transaction.first(query).created_at == START + SECOND
    adds_up(store)


@pytest.mark.parametrize("what", ["reserve", "commit_plan"])
def test_units_that_somebody_is_sweeping_are_waited_for(store, what):
    ordered(store, "o1", {"1": ("A", 4)})
    plan_id = planned(store)
    held(store, {A: 10}, SECOND)
    store.clock.now += SECOND

    def work(transaction):
        if what == "reserve":
            return reserve(transaction, SCOPE, [StockLine(*A, 4)], HOUR)
        return commit_plan(transaction, SCOPE, plan_id, [given("o1", "boston", 4)], [])

    told = after_waiting(store, of_expired, work, 0)
    assert told.state == {"reserve": "held", "commit_plan": "committed"}[what]
    assert available(store) == {A: 6}
    adds_up(store)


@pytest.mark.parametrize("what", ["reserve", "commit_plan"])
def test_whoever_lacks_units_that_have_expired_is_in_nobody_s_way(store, monkeypatch, what):
    """One has a and goes on to b; the other has b, lacks c, and what has expired of c is of a, too: nobody is ended."""
    a, b, c = (("boston", sku) for sku in "ABC")
    stocked(store, {a: 9, b: 9, c: 5}, 1)
    for number, sku in enumerate("BC"):
        ordered(store, f"o{number}", {"1": (sku, 1)})
    plan_id = planned(store)
    held(store, {a: 1, c: 5}, SECOND)
    store.clock.now += SECOND
    ended = []
    monkeypatch.setattr(database, "_in_the_way", lambda error: ended.append(error) or True)

    def work(transaction):
        if what == "reserve":
            return reserve(transaction, SCOPE, [StockLine(*b, 1), StockLine(*c, 1)], HOUR)
        rows = [given("o0", "boston", 1, sku="B"), given("o1", "boston", 1, sku="C")]
        return commit_plan(transaction, SCOPE, plan_id, rows, [])

    def take_a(transaction):
        assert take(transaction, SCOPE, *a, 1)

    def take_b(transaction):
        assert take(transaction, SCOPE, *b, 1)
        for pair in (a, b):
            give_all_back(transaction, SCOPE, [StockLine(*pair, 1)])

    told = after_waiting(store, take_a, work, 0, take_b)
    assert told.state == {"reserve": "held", "commit_plan": "committed"}[what]
    assert ended == []
    assert available(store) == {a: 9, b: 8, c: 4}
    adds_up(store)


@pytest.mark.parametrize("what", ["put_orders", "commit_plan"])
def test_orders_are_locked_by_code_points_whatever_the_database_sorts_by(what):
    """Dictionaries have a before B, code points B before a: who waits for B has not locked a."""
    with schema() as url:
        prepared(url)
        store = open_store(url, Clock())
        by_dictionary = 'ALTER TABLE orders ALTER COLUMN order_id TYPE text COLLATE "en-x-icu"'
        store.transact(lambda transaction: transaction.run(text(by_dictionary)))
        stocked(store, {A: 10})
        for name in ("a", "B"):
            ordered(store, name, {"1": ("A", 1)})
        plan_id = planned(store)

        def lock(transaction, name):
            named = text("SELECT order_id FROM orders WHERE order_id = :name FOR UPDATE NOWAIT")
            assert transaction.first(named, {"name": name}) is not None

        def work(transaction):
            if what == "commit_plan":
                return commit_plan(transaction, SCOPE, plan_id, [given(name, "boston", 1) for name in "Ba"], []).state
            orders = [NewOrder(name, "another", [NewLine("1", "A", 2)]) for name in "Ba"]
            return put_orders(transaction, SCOPE, orders)

        told = after_waiting(store, lambda first: lock(first, "B"), work, 0, lambda first: lock(first, "a"))
        assert told == ("committed" if what == "commit_plan" else ["updated", "updated"])
        store.close()
