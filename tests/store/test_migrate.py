"""I16: upgrades that may be repeated and killed, the tables the program knows, and copies that open."""

from __future__ import annotations

import os
import signal
import stat

import pytest
from sqlalchemy import event, inspect, text
from store_cases import SCOPE, everything, given, held, number_of, ordered, planned, refused, stocked

from quartermaster.store import open_store
from quartermaster.store.migrate import backup, check, newest, require_up_to_date, revision, upgrade
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.tables import METADATA

KILLS = number_of("QUARTERMASTER_UPGRADE_KILLS", 4)


@pytest.fixture
def empty(url):
    held = open_store(url)
    yield held
    held.close()


def test_an_empty_database_is_told_from_one_that_is_up_to_date(empty):
    assert revision(empty) is None
    assert check(empty) == [
        f"the database is at revision None, this program needs {newest()}: run `quartermaster db upgrade`"
    ]
    with refused("store_revision"):
        require_up_to_date(empty)
    assert upgrade(empty) == newest() == revision(empty)
    require_up_to_date(empty)
    assert check(empty) == [], "its tables are those the program knows"
    before = everything(empty)
    assert upgrade(empty) == newest(), "again changes nothing"
    assert check(empty) == []
    assert everything(empty) == before
    with empty.read() as transaction:
        assert set(inspect(transaction.connection).get_table_names()) == {*METADATA.tables, "alembic_version"}


def at_revision(store, name):
    change = text("UPDATE alembic_version SET version_num = :name")
    store.transact(lambda transaction: transaction.run(change, {"name": name}))


@pytest.mark.parametrize("other", ["0001", "9999"])
def test_a_database_of_another_version_is_refused_as_it_is(store, other):
    at_revision(store, other)
    try:
        before = everything(store)
        for look in (upgrade, require_up_to_date):
            with refused("store_revision"):
                look(store)
        assert everything(store) == before
    finally:
        at_revision(store, newest())


def test_the_check_sees_tables_that_are_other_than_they_should_be(store):
    assert check(store) == []
    change = "DROP INDEX uq_plans_current"
    store.transact(lambda transaction: transaction.run(text(change)))
    try:
        assert any("uq_plans_current" in line for line in check(store))
    finally:
        index = next(index for index in METADATA.tables["plans"].indexes if index.name == "uq_plans_current")
        store.transact(lambda transaction: index.create(transaction.connection))


def test_the_check_names_the_scope_that_does_not_add_up(store):
    stocked(store, {("boston", "A"): 5})
    store.transact(lambda transaction: transaction.run(text("UPDATE stock SET reserved = 1")))
    assert check(store) == [
        "scope north: boston/A: 1 reserved, reservations hold 0",
        "scope north: boston/A: 1 reserved, the ledger says 0",
    ]


def test_an_upgrade_that_is_killed_leaves_nothing_and_may_be_repeated(url):
    """Killed after its first statements, after more of them, and just before the commit."""
    for number in range(KILLS):
        child = os.fork()
        if child == 0:
            own = open_store(url)
            seen = [0]

            def count(*_, seen=seen, last=1 + number * 30 // KILLS):
                seen[0] += 1
                if seen[0] > last:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(own.writer, "after_cursor_execute", count)
            upgrade(own)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        store = open_store(url)
        assert revision(store) is None
        with store.read() as transaction:
            assert inspect(transaction.connection).get_table_names() == []
        store.close()
    store = open_store(url)
    upgrade(store)
    assert check(store) == []
    store.close()


def test_a_copy_opens_and_holds_the_same(store, tmp_path):
    stocked(store, {("boston", "A"): 5})
    ordered(store, "o1", {"1": ("A", 2)})
    plan_id = planned(store)
    store.transact(lambda transaction: commit_plan(transaction, SCOPE, plan_id, [given("o1", "boston", 2)], []))
    path = tmp_path / "copy of #1?.db"
    if store.url.get_backend_name() == "postgresql":
        with refused("backup_postgresql"):
            backup(store, path)
        assert list(tmp_path.iterdir()) == []
        return
    before = everything(store)
    backup(store, path)
    held(store, {("boston", "A"): 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with refused("output"):
        backup(store, path)
    with refused("output"):
        backup(store, tmp_path / "nowhere" / "copy.db")
    plain = tmp_path / "copy.db"
    path.rename(plain)
    copy = open_store(f"sqlite:///{plain}")
    assert everything(copy) == before
    assert check(copy) == []
    held(copy, {("boston", "A"): 1})
    copy.close()


def test_a_file_of_any_name_is_copied(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/a %23 b.db")
    upgrade(store)
    backup(store, tmp_path / "copy.db")
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    assert check(copy) == []
    copy.close()
    store.close()
