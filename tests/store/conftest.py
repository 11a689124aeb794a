"""A fresh database of each kind for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy

from quartermaster.store import Store, open_store
from quartermaster.store.migrate import upgrade
from quartermaster.store.scopes import make_scope

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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path) -> Iterator[str]:
    """The URL of an empty database: a file, or a schema of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    found = postgresql_url()
    if found is None:
        pytest.skip("PostgreSQL cannot be reached")
    schema = f"qm_{uuid.uuid4().hex}"
    parsed = sqlalchemy.make_url(found).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(parsed, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield parsed.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open database with all tables and one scope, "north"."""
    held = open_store(url)
    upgrade(held)
    held.transact(lambda transaction: make_scope(transaction, "north"))
    yield held
    held.close()
