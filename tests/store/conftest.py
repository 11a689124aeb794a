"""A fresh database of each kind for each test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from quartermaster.store import Store, open_store
from quartermaster.store.migrate import upgrade
from quartermaster.store.scopes import make_scope
from quartermaster.store.tables import METADATA

DEFAULT = "postgresql://postgres@127.0.0.1:5432/test"
"""Where PostgreSQL is tried when nothing is said."""


def postgresql_url() -> str | None:
    """Return where PostgreSQL is; None where it cannot be reached, which in CI is a failure."""
    url = os.environ.get("QUARTERMASTER_TEST_DATABASE_URL", DEFAULT)
    parsed = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    try:
        sqlalchemy.create_engine(parsed, connect_args={"connect_timeout": 5}).connect().close()
    except sqlalchemy.exc.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        return None
    return url


@contextmanager
def schema() -> Iterator[str]:
    """The URL of an empty schema of PostgreSQL."""
    found = postgresql_url()
    if found is None:
        pytest.skip("PostgreSQL cannot be reached")
    name = f"qm_{uuid.uuid4().hex}"
    parsed = sqlalchemy.make_url(found).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(parsed, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    yield parsed.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


def prepared(url: str) -> None:
    """Make all tables and one scope, "north"."""
    held = open_store(url)
    upgrade(held)
    held.transact(lambda transaction: make_scope(transaction, "north"))
    held.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    prepared(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_schema() -> Iterator[Callable[[], str]]:
    """Gives the URL of one schema, emptied each time."""
    with schema() as url:
        engine = sqlalchemy.create_engine(url)
        prepared(url)

        def emptied() -> str:
            with engine.begin() as connection:
                for table in reversed(METADATA.sorted_tables):
                    connection.execute(table.delete())
                connection.execute(METADATA.tables["scopes"].insert().values(scope_id="north", created_at=0))
            return url

        yield emptied
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path) -> Iterator[str]:
    """The URL of an empty database: a file, or a schema of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    with schema() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path) -> str:
    """The URL of a database with all tables and one scope, "north", that nobody has open."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    return request.getfixturevalue("postgresql_schema")()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open database with all tables and one scope, "north"."""
    held = open_store(store_url)
    yield held
    held.close()
