"""Databases by their URL, transactions, and what happens when others are in the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from store_cases import START, Clock, everything, ordered, refused, stocked

from quartermaster.errors import StoreError
from quartermaster.store import database, open_store
from quartermaster.store.database import ATTEMPTS
from quartermaster.store.scopes import make_scope
from quartermaster.store.turns import Turns
from quartermaster.store.urls import parsed_url, shown_url


@pytest.mark.parametrize(
    "url",
    ["", "store.db", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "sqlite+aiosqlite:///x", "http://x", "://"],
)
def test_urls_of_other_databases_are_refused(url):
    with refused("store_url"):
        open_store(url)


def test_urls_are_shown_without_their_password():
    url = parsed_url("postgresql://user:secret@host/name")
    assert url.drivername == "postgresql+psycopg"
    assert "secret" not in shown_url(url)


def test_a_database_that_cannot_be_reached_says_so_without_its_password(tmp_path):
    with refused("store_unreachable") as caught:
        open_store("postgresql://user:secret@127.0.0.1:1/name")
    assert "secret" not in str(caught.value)
    (tmp_path / "file").write_text("")
    with refused("store_unreachable"):
        open_store(f"sqlite:///{tmp_path}/file/store.db")


def test_an_sqlite_file_is_for_its_owner_and_written_through(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/new/store.db")
    with store.write() as transaction:
        assert transaction.all(text("PRAGMA journal_mode")) == [("wal",)]
        assert transaction.all(text("PRAGMA synchronous")) == [(2,)]
        assert transaction.all(text("PRAGMA foreign_keys")) == [(1,)]
        transaction.run(text("CREATE TABLE t (a INTEGER)"))
    for name in os.listdir(tmp_path / "new"):
        assert stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    store.close()


def test_a_second_process_at_one_sqlite_file_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    (tmp_path / "link").symlink_to(tmp_path / "store.db")
    store = open_store(url)
    program = (
        "import sys\nfrom quartermaster.errors import StoreError\nfrom quartermaster.store import open_store\n"
        "try:\n    open_store(sys.argv[1])\n    print('open')\n"
        "except StoreError as error:\n    print(error.code)\n"
    )

    def second(own):
        command = [sys.executable, "-c", program, own]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    for own in (url, f"sqlite:///{tmp_path}/link"):
        assert second(own) == "store_in_use"
        with refused("store_in_use"):
            open_store(own)
    store.close()
    assert second(url) == "open"


def test_the_clock_is_that_of_the_database(store):
    with store.read() as first:
        pass
    with store.write() as second:
        pass
    assert second.now - first.now >= 0
    assert first.now > 1_700_000_000_000_000, "microseconds since 1970"
    store.clock = Clock()
    with store.read() as third:
        assert third.now == START


def test_what_raises_is_undone_and_what_ends_is_kept(store):
    before = everything(store)

    def work(transaction):
        make_scope(transaction, "south")
        raise KeyError("reason")

    with pytest.raises(KeyError):
        store.transact(work)
    assert everything(store) == before
    assert store.transact(lambda transaction: make_scope(transaction, "south")) is True


def test_a_reader_sees_one_state_and_writes_nothing(store):
    with store.read() as transaction:
        before = transaction.all(text("SELECT stock_version FROM scopes"))
        stocked(store, {("boston", "A"): 1})
        assert transaction.all(text("SELECT stock_version FROM scopes")) == before == [(0,)]
    if store.url.get_backend_name() == "postgresql":
        with pytest.raises(Exception, match="read-only"), store.read() as transaction:
            make_scope(transaction, "south")


def test_a_transaction_that_others_were_in_the_way_of_is_tried_again(postgresql_schema):
    """Two take the same two rows in turned order: the database ends one of them, and it wins when it tries again."""
    store = open_store(postgresql_schema())
    gate, tries, done = threading.Barrier(2, timeout=20), [], []
    for scope in ("a", "b"):
        store.transact(lambda transaction, scope=scope: make_scope(transaction, scope))

    def work(first, second):
        def run(transaction):
            tries.append(first)
            lock = text("UPDATE scopes SET feed_as_of = COALESCE(feed_as_of, 0) + 1 WHERE scope_id = :scope")
            transaction.run(lock, {"scope": first})
            if len(tries) < 3:
                gate.wait()
            transaction.run(lock, {"scope": second})

        store.transact(run)
        done.append(first)

    threads = [threading.Thread(target=work, args=names) for names in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["a", "b"]
    assert 3 <= len(tries) <= 2 * ATTEMPTS  # one was ended, and then perhaps the other
    with store.read() as transaction:
        assert transaction.all(text("SELECT feed_as_of FROM scopes WHERE scope_id <> 'north'")) == [(2,), (2,)]
    store.close()


def test_trying_ends_with_a_clear_word(store, monkeypatch):
    tries = []

    def work(transaction):
        tries.append(1)
        transaction.run(text("SELECT no_such_column FROM scopes"))

    monkeypatch.setattr(database, "_in_the_way", lambda error: True)
    if store.url.get_backend_name() == "sqlite":
        with refused("store_busy"):
            store.transact(work)
        assert len(tries) == ATTEMPTS
    else:
        with pytest.raises(Exception, match="no_such_column"):
            store.transact(work)
        assert len(tries) == 1


def test_a_row_that_is_there_already_is_an_error_in_the_end(store):
    insert = text("INSERT INTO scopes (scope_id, created_at) VALUES ('north', 0)")
    with pytest.raises(IntegrityError):
        store.transact(lambda transaction: transaction.run(insert))


@pytest.mark.parametrize("what", ["scope", "order"])
def test_of_many_that_write_the_same_thing_first_one_makes_it(store, what):
    gate, told = threading.Barrier(6), []

    def make():
        gate.wait()
        if what == "scope":
            told.append(store.transact(lambda transaction: make_scope(transaction, "south")))
        else:
            told.append(ordered(store, "o1", {"1": ("A", 1)}))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) == sorted(
        ["True"] + ["False"] * 5 if what == "scope" else ["created"] + ["known"] * 5
    )
    assert len(everything(store)["orders" if what == "order" else "scopes"]) == (1 if what == "order" else 2)


def test_turns_are_had_in_the_order_they_were_asked_for():
    turns, order, threads = Turns(), [], []

    def have(number):
        with turns.turn(20):
            order.append(number)

    with turns.turn(20):
        for number in range(8):
            threads.append(threading.Thread(target=have, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_turn_that_does_not_come_is_refused_and_the_next_one_comes():
    turns = Turns()
    with turns.turn(20), pytest.raises(StoreError) as caught, turns.turn(0.001):
        pass
    assert caught.value.code == "store_busy"
    with turns.turn(0.001):
        assert list(turns._waiting) == []


def test_without_its_driver_postgresql_is_told_to_be_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"quartermaster\[postgresql\]"):
        open_store("postgresql://nobody@127.0.0.1:1/none")


def test_a_file_that_is_in_use_is_not_touched(tmp_path, monkeypatch):
    """To close a file gives up every lock that the process has on it, SQLite's among them."""
    store, opened, open_file = open_store(f"sqlite:///{tmp_path}/store.db"), [], os.open
    monkeypatch.setattr(os, "open", lambda path, *more: opened.append(str(path)) or open_file(path, *more))
    with refused("store_in_use"):
        open_store(f"sqlite:///{tmp_path}/store.db")
    assert opened == [f"{tmp_path}/store.db.lock"]
    store.close()
