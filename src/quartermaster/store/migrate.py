"""Bringing a database up to date, seeing that it is, and backing it up."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from quartermaster.errors import StoreError
from quartermaster.store.audit import audit
from quartermaster.store.database import Store, Transaction
from quartermaster.store.tables import METADATA, SCOPES
from quartermaster.store.urls import SQLITE

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK_NUMBER = 0x517A57E2
"""Advisory lock under which PostgreSQL is migrated: one process at a time."""


def upgrade(store: Store) -> str:
    """Bring a database up to date, in one transaction; return the revision it is at.

    Parameters
    ----------
    store
        The database.

    Raises
    ------
    StoreError
        ``store_revision`` where another version of this program made it, whose revision this one does not know.
    """

    def run(transaction: Transaction) -> None:
        if transaction.is_postgresql:
            transaction.run(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        found = MigrationContext.configure(transaction.connection).get_current_revision()
        config = _config()
        if found not in (None, *(script.revision for script in ScriptDirectory.from_config(config).walk_revisions())):
            detail = f"the database is at revision {found}, which this version of the program does not know"
            raise StoreError("store_revision", detail)
        config.attributes["connection"] = transaction.connection
        command.upgrade(config, "head")

    store.transact(run)
    return newest()


def newest() -> str:
    """Return the newest revision that there is."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def revision(store: Store) -> str | None:
    """Return the revision that a database is at; None where it has no tables.

    Parameters
    ----------
    store
        The database.
    """
    with store.read() as transaction:
        return MigrationContext.configure(transaction.connection).get_current_revision()


def check(store: Store) -> list[str]:
    """Return what is wrong with a database, in words; nothing, where nothing is.

    Its revision, its tables, SQLite's own check of the file, and the audit of every scope.

    Parameters
    ----------
    store
        The database.
    """
    found = revision(store)
    if found != newest():
        return [f"the database is at revision {found}, this program needs {newest()}: run `quartermaster db upgrade`"]
    with store.read() as transaction:
        context = MigrationContext.configure(transaction.connection)
        wrong = [f"tables: {change}" for change in compare_metadata(context, METADATA)]
        if not transaction.is_postgresql:
            told = [row[0] for row in transaction.all(text("PRAGMA integrity_check"))]
            told += [f"foreign key of {row[0]}" for row in transaction.all(text("PRAGMA foreign_key_check"))]
            wrong += [f"file: {line}" for line in told if line != "ok"]
        for scope in transaction.all(select(SCOPES.c.scope_id)):
            wrong += [f"scope {scope.scope_id}: {line}" for line in audit(transaction, scope.scope_id)]
    return wrong


def require_up_to_date(store: Store) -> None:
    """See that a database is at the revision this program needs.

    Parameters
    ----------
    store
        The database.

    Raises
    ------
    StoreError
        ``store_revision``.
    """
    found = revision(store)
    if found != newest():
        detail = f"the database is at revision {found}, this program needs {newest()}: run `quartermaster db upgrade`"
        raise StoreError("store_revision", detail)


def backup(store: Store, path: Path) -> None:
    """Write a copy of an SQLite database as it is now, whole on disk before it gets its name.

    Parameters
    ----------
    store
        The database.
    path
        Where to; must not be there yet.

    Raises
    ------
    StoreError
        ``backup_postgresql`` where it is not SQLite; ``output`` where the path is taken or cannot be written.
    """
    if store.url.get_backend_name() != SQLITE:
        raise StoreError("backup_postgresql", "PostgreSQL is backed up by pg_dump")
    if path.exists():
        raise StoreError("output", f"{path} is there already")
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        source = sqlite3.connect(f"{Path(str(store.url.database)).resolve().as_uri()}?mode=ro", uri=True)
        copy = sqlite3.connect(unfinished)
        with copy:
            source.backup(copy)
        copy.close()
        source.close()
        descriptor = os.open(unfinished, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        os.replace(unfinished, path)
    except (OSError, sqlite3.Error) as error:
        raise StoreError("output", f"{path} cannot be written: {error}") from None
