"""On PostgreSQL nobody holds a lock for ever, and nobody waits for one for ever."""

from __future__ import annotations

import os
import signal
import time

from sqlalchemy import make_url, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from store_cases import SCOPE, refused

from quartermaster.store import Store, fail_points, open_store, postgresql
from quartermaster.store.database import LONG_ATTEMPTS
from quartermaster.store.events import emit, events_after
from quartermaster.store.plans import queue_plan
from quartermaster.store.scopes import scope_state


def said(url):
    """What PostgreSQL says of the settings of a connection, and what the driver says of its keepalives."""
    store = open_store(url)
    with store.read() as transaction:
        names = ("idle_in_transaction_session_timeout", "lock_timeout", "search_path")
        settings = [transaction.all(text(f"SHOW {name}"))[0][0] for name in names]
        driver = transaction.connection.connection.dbapi_connection.info.get_parameters()
    store.close()
    return settings, {name: driver[name] for name in ("keepalives_idle", "tcp_user_timeout")}


def with_more(url, options, **more):
    """A URL that has more options."""
    parsed = make_url(url)
    given = {"options": f"{parsed.query['options']} {options}", **more}
    return parsed.update_query_dict(given).render_as_string(hide_password=False)


def test_connections_are_told_how_long_to_wait_and_the_url_goes_before(postgresql_schema, monkeypatch):
    url = postgresql_schema()
    schema = make_url(url).query["options"].removeprefix("-csearch_path=")
    alive = {"keepalives_idle": "30", "tcp_user_timeout": "60000"}
    assert said(url) == (["1min", "30s", schema], alive)
    own = with_more(url, "-c lock_timeout=7s", tcp_user_timeout="5000")
    assert said(own) == (["1min", "7s", schema], {**alive, "tcp_user_timeout": "5000"})
    monkeypatch.setenv("PGOPTIONS", "-c search_path=of_environment -c lock_timeout=9s")
    bare = make_url(url).difference_update_query(["options"]).render_as_string(hide_password=False)
    assert said(bare) == (["1min", "9s", "of_environment"], alive)


def test_what_a_stopped_process_has_locked_is_had_by_another(postgresql_schema, monkeypatch):
    """It is stopped where it has locked the scope; when it goes on, it does again what it did not finish."""
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.3)
    url = postgresql_schema()
    child = os.fork()
    if not child:
        try:
            store = open_store(url)
            fail_points.set_hook(lambda name: os.kill(os.getpid(), signal.SIGSTOP) if name == "plan queued" else None)
            store.transact(lambda transaction: queue_plan(transaction, SCOPE, "stopped", 9))
        finally:
            os._exit(0)
    try:
        os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOWAIT)
        store = open_store(with_more(url, "-c lock_timeout=20s"))
        store.transact(lambda transaction: queue_plan(transaction, SCOPE, "other", 9))
        with store.read() as transaction:
            assert transaction.all(text("SELECT policy FROM plans")) == [("other",)]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    store.close()


def test_a_lock_that_does_not_come_is_told_of_as_busy(postgresql_schema, monkeypatch):
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.05)
    store, tries = open_store(postgresql_schema()), []

    def work(transaction):
        tries.append(1)
        scope_state(transaction, SCOPE, lock=True)

    with store.write() as other:
        scope_state(other, SCOPE, lock=True)
        with refused("store_busy"):
            store.transact(work)
    assert len(tries) == LONG_ATTEMPTS == 2
    store.transact(work)
    store.close()


def test_a_transaction_that_was_ended_for_doing_nothing_is_done_again(postgresql_schema, monkeypatch):
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.05)
    url, tries = postgresql_schema(), []
    store, other = open_store(url), open_store(url)
    there = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")

    def work(transaction):
        tries.append(transaction.first(text("SELECT pg_backend_pid()"))[0])
        deadline = time.monotonic() + 60
        while len(tries) == 1:  # until the database has ended it
            with other.read() as looking:
                if not looking.first(there, {"pid": tries[0]})[0]:
                    break
            assert time.monotonic() < deadline
        return queue_plan(transaction, SCOPE, "kept", 9)

    assert store.transact(work).policy == "kept"
    assert len(set(tries)) == 2
    with store.read() as transaction:
        assert transaction.all(text("SELECT policy FROM plans")) == [("kept",)]
    store.close()
    other.close()


def test_a_connection_that_does_not_come_is_asked_for_twice(store, monkeypatch):
    tries = []

    def never(_):
        tries.append(1)
        raise PoolTimeout

    monkeypatch.setattr(Store, "write", never)
    with refused("store_busy"):
        store.transact(lambda transaction: None)
    assert len(tries) == LONG_ATTEMPTS


def test_who_reads_events_that_have_numbers_waits_for_nobody(postgresql_schema, monkeypatch):
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 1.0)
    store = open_store(postgresql_schema())
    store.transact(lambda transaction: emit(transaction, SCOPE, "kind", "one", {}))

    def read():
        return [event.subject for event in store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 9))]

    assert read() == ["one"]
    with store.write() as other:
        scope_state(other, SCOPE, lock=True)
        assert read() == ["one"]
    store.close()
