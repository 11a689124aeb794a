"""A schema of its own for the queue of runs, beside that of the tables, so that neither is taken for the other's."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text
from sqlalchemy.schema import CreateSchema

from quartermaster.errors import StoreError
from quartermaster.store.database import Store, Transaction
from quartermaster.store.urls import SQLITE

SUFFIX = "_queue"
"""What the name of the schema of the tables gets."""
LOCK_NUMBER = 0x517A57E3
"""Advisory lock under which the schema is made: one process at a time."""
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,55}")


def queue_conninfo(store: Store, tables: str) -> str:
    """Make the schema of the queue with its tables, where it is missing; return how to connect to it.

    Parameters
    ----------
    store
        The store.
    tables
        Statements that make the tables.

    Returns
    -------
    str
        A connection string of PostgreSQL; it may hold a password.

    Raises
    ------
    StoreError
        ``worker_sqlite`` where the store is not PostgreSQL; ``store_url`` where its schema's name needs quotes.
    """
    if store.url.get_backend_name() == SQLITE:
        raise StoreError("worker_sqlite", "workers need PostgreSQL; SQLite serves one process, `quartermaster serve`")

    def make(transaction: Transaction) -> str:
        schema = f"{transaction.all(text('SELECT current_schema()'))[0][0]}{SUFFIX}"
        if not _NAME.fullmatch(schema):
            raise StoreError("store_url", "the schema of the tables must have a plain name of lower-case letters")
        transaction.run(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        found = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
        if transaction.first(found, {"schema": schema}) is None:
            driver: Any = transaction.connection.connection.driver_connection
            transaction.run(CreateSchema(schema))
            transaction.run(text("SELECT set_config('search_path', :schema, true)"), {"schema": schema})
            driver.execute(tables)  # many statements at once, which only the driver takes
        return schema

    schema = store.transact(make)
    given = store.url.query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -csearch_path={schema}".strip()
    plain = store.url.set(drivername="postgresql").update_query_dict({"options": options})
    address, mark, query = plain.render_as_string(hide_password=False).partition("?")
    return address + mark + query.replace("+", "%20")  # PostgreSQL's own reader of URLs takes a plus for a plus
