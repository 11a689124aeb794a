"""Connections to PostgreSQL: none holds a lock for ever, or waits for one, and none is used that is dead."""

from __future__ import annotations

import os
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

CONNECTIONS = 16
"""Connections of one process, at the most."""
UNUSED_SECONDS = 1.0
"""Time after which a connection is tried before it is used."""
IDLE_SECONDS = 60.0
"""How long a transaction may do nothing: that of a process that was stopped would hold its locks for ever."""
LOCK_SECONDS = 30.0
"""How long a statement waits for a lock."""
_ALIVE = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "60000"}
"""When a machine that does not answer counts as gone, as libpq takes it: seconds, but for the last: milliseconds."""


def postgresql_engine(url: URL) -> Engine:
    """Make an engine for PostgreSQL, and see that it can be reached.

    Parameters
    ----------
    url
        Where it is; what its query says goes before what is said here.

    Raises
    ------
    ImportError
        If the driver is not there.
    SQLAlchemyError
        If the database cannot be reached.
    """
    engine = create_engine(url, pool_size=CONNECTIONS, max_overflow=0, connect_args=_arguments(url))
    event.listen(engine, "checkin", _returned)
    event.listen(engine, "checkout", partial(_alive, engine))
    engine.connect().close()
    return engine


def _arguments(url: URL) -> dict[str, str]:
    """Return what connections are made with beyond their URL; of settings given twice PostgreSQL takes the last."""
    settings = {"idle_in_transaction_session_timeout": IDLE_SECONDS, "lock_timeout": LOCK_SECONDS}
    own = [f"-c {name}={round(seconds * 1000)}" for name, seconds in settings.items()]
    said = url.normalized_query.get("options") or (os.environ.get("PGOPTIONS", ""),)
    alive = {name: value for name, value in _ALIVE.items() if name not in url.query}
    return {**alive, "options": " ".join((*own, *said)).strip()}


def _returned(_: Any, record: Any) -> None:
    record.info["returned"] = monotonic()


def _alive(engine: Engine, connection: Any, record: Any, _: Any) -> None:
    """See that a connection that was long unused is still one, before it is used: asking each time would be slow."""
    if monotonic() - record.info.get("returned", monotonic()) > UNUSED_SECONDS:
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise DisconnectionError from None  # the pool tries another
