"""One database from one URL: SQLite in one file, or PostgreSQL; transactions and the clock of both.

SQLite: WAL, synchronous=FULL, one writing connection whose transactions begin IMMEDIATE, and one process: a lock beside
the file keeps a second one out. PostgreSQL: READ COMMITTED; every rule is a guarded statement or a row lock.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from quartermaster.errors import StoreError
from quartermaster.store.fail_points import fail_point
from quartermaster.store.postgresql import postgresql_engine
from quartermaster.store.turns import Turns
from quartermaster.store.urls import POSTGRESQL, SQLITE, is_guarded, parsed_url, shown_url

LOG = logging.getLogger("quartermaster.store")

Result = TypeVar("Result")

BUSY_SECONDS = 30.0
"""How long a statement waits for SQLite's lock, and a transaction for the writing connection."""
ATTEMPTS = 5
"""How often a transaction is tried that others were in the way of."""
LONG_ATTEMPTS = 2
"""How often one is tried that waited for as long as it may each time."""
IN_THE_WAY = ("40P01", "40001")
"""What PostgreSQL calls a deadlock and a lost race."""
WAITED_LONG = ("55P03", "25P03")
"""What it calls a lock that it did not get in time, and a transaction that did nothing for too long."""
WRITTEN_BY_OTHERS = "23505"
"""What PostgreSQL calls a row that is there already: two wrote it at once, and the second finds it when it looks."""
READERS = 8
"""Connections that read, at the most."""
_NOW = {
    SQLITE: "SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000",
    POSTGRESQL: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
"""The database's own clock, microseconds."""


@dataclass(slots=True, eq=False)
class Transaction:
    """A transaction under way; all that a function of the store does happens in it, or not at all.

    Parameters
    ----------
    connection
        The connection.
    now
        The instant by the database's clock, microseconds: that it began, or that it last looked after waiting.
    clock
        Reads the clock.
    """

    connection: Connection
    now: int
    clock: Callable[[], int]

    @property
    def is_postgresql(self) -> bool:
        """Tell which database it is of."""
        return self.connection.dialect.name == POSTGRESQL

    def look_at_clock(self) -> None:
        """Read the clock again, after a lock was waited for: what is decided then is judged by that instant.

        SQLite's transactions have waited before they begin.
        """
        if self.is_postgresql:
            self.now = max(self.now, self.clock())

    def all(self, statement: Any, parameters: Any = None) -> list[Any]:
        """Run a statement and return its rows.

        Parameters
        ----------
        statement, parameters
            As SQLAlchemy takes them.
        """
        return list(self.connection.execute(statement, parameters).all())

    def first(self, statement: Any, parameters: Any = None) -> Any | None:
        """Run a statement and return its first row; None where there is none.

        Parameters
        ----------
        statement, parameters
            As SQLAlchemy takes them.
        """
        return self.connection.execute(statement, parameters).first()

    def run(self, statement: Any, parameters: Any = None) -> int:
        """Run a statement and return how many rows it touched.

        Parameters
        ----------
        statement, parameters
            As SQLAlchemy takes them.
        """
        if isinstance(parameters, list) and len(parameters) == 1:
            parameters = parameters[0]  # one statement, not a pipeline of one
        return self.connection.execute(statement, parameters).rowcount


class Again(StoreError):  # noqa: N818 - nothing is wrong yet
    """Something has to be done in a transaction of its own, holding no lock of this one, which is then tried again.

    Parameters
    ----------
    first
        What is done; its effects are kept whatever becomes of the other.
    """

    def __init__(self, first: Callable[[Transaction], object]) -> None:
        super().__init__("store_busy", "others have to be done with first")
        self.first = first


@dataclass(slots=True, eq=False)
class Store:
    """An open database.

    Parameters
    ----------
    url
        Where it is.
    writer, reader
        Engines; of one pool for PostgreSQL.
    clock
        The instant in microseconds in place of the database's clock; None = the database's clock. For tests.
    only_reads
        Whether the disk has failed once, so that nothing is written any more until the database is opened again. After
        a failed sync nobody knows what of the file is on the disk: the system may have thrown away what it could not
        write and say of the next sync that all is well (LWN, "PostgreSQL's fsync() surprise", 2018).
    """

    url: URL
    writer: Engine
    reader: Engine
    clock: Callable[[], int] | None = None
    _lock: int | None = field(default=None, repr=False)
    _turns: Turns = field(default_factory=Turns, repr=False)
    only_reads: bool = False

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Begin a transaction that may write; it is committed at the end, or rolled back where anything is raised.

        Raises
        ------
        StoreError
            ``store_read_only`` after the disk has failed once.
        """
        if self.only_reads:
            raise StoreError("store_read_only", "the disk has failed: nothing is written until the service starts anew")
        try:
            with self._turn(), self.writer.connect() as connection:
                fail_point("before begin")
                with connection.begin() as transaction:
                    fail_point("after begin")
                    yield self._begun(connection)
                    fail_point("before commit")
                    transaction.commit()
                fail_point("after commit")
        except OperationalError as error:
            if str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_IOERR"):
                self.only_reads = True
                LOG.critical("the disk has failed: nothing is written until the service starts anew")
            raise

    def transact(self, work: Callable[[Transaction], Result]) -> Result:
        """Do some work in a transaction that may write, again where another transaction was in its way.

        Parameters
        ----------
        work
            The work; its effects are all in the transaction. Where it raises `Again`, what that says is done first.

        Raises
        ------
        StoreError
            ``store_busy`` where it was in vain; what the work raises.
        """
        attempt = waits = 0
        while attempt < ATTEMPTS and waits < LONG_ATTEMPTS:
            attempt += 1
            try:
                with self.write() as transaction:
                    return work(transaction)
            except Again as again:
                self.transact(again.first)
            except IntegrityError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) != WRITTEN_BY_OTHERS:
                    raise
            except (OperationalError, InternalError, PoolTimeout) as error:
                if _waited_long(error):
                    waits += 1
                elif isinstance(error, PoolTimeout) or not _in_the_way(error):
                    raise
        raise StoreError("store_busy", "others were writing all the time")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Begin a transaction that sees one state of everything and writes nothing."""
        with self.reader.connect() as connection, connection.begin():
            yield self._begun(connection)

    def _begun(self, connection: Connection) -> Transaction:
        return Transaction(connection, self._now(connection), partial(self._now, connection))

    def _turn(self) -> AbstractContextManager[None]:
        return self._turns.turn(BUSY_SECONDS) if self.url.get_backend_name() == SQLITE else nullcontext()

    def _now(self, connection: Connection) -> int:
        if self.clock is not None:
            return self.clock()
        return int(connection.exec_driver_sql(_NOW[connection.dialect.name]).scalar_one())

    def close(self) -> None:
        """Close every connection and let another process have the file."""
        self.writer.dispose()
        self.reader.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextmanager
def answering() -> Iterator[None]:
    """Tell where a database does not answer what is asked of it in the block.

    Raises
    ------
    StoreError
        ``store_busy`` where every connection is in use; ``store_unreachable``.
    """
    try:
        yield
    except PoolTimeout:
        raise StoreError("store_busy", "every connection is in use") from None
    except (OperationalError, InterfaceError) as error:
        LOG.error("the database does not answer: %s", type(error.orig).__name__)  # its text may hold what was asked
        raise StoreError("store_unreachable", "the database does not answer") from None


def _waited_long(error: DBAPIError | PoolTimeout) -> bool:
    return isinstance(error, PoolTimeout) or getattr(error.orig, "sqlstate", None) in WAITED_LONG


def _in_the_way(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in IN_THE_WAY or "database is locked" in str(error.orig)


def open_store(url: str, clock: Callable[[], int] | None = None) -> Store:
    """Open a database; its tables must be there (see `quartermaster.store.migrate`).

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/DATABASE``.
    clock
        See `Store`.

    Raises
    ------
    StoreError
        If the URL is of neither, the database cannot be reached, or another process has the SQLite file open.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == SQLITE:
        return _sqlite(parsed, clock)
    if not is_guarded(parsed):
        LOG.warning("the way to PostgreSQL is not guarded: it is another machine, and sslmode is not verify-full")
    try:
        engine = postgresql_engine(parsed)
    except ImportError:
        detail = "PostgreSQL is an extra: pip install 'quartermaster[postgresql]'"
        raise StoreError("store_unreachable", detail) from None
    except SQLAlchemyError as error:
        raise StoreError(
            "store_unreachable", f"{shown_url(parsed)} cannot be reached: {type(error).__name__}"
        ) from None
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Store(parsed, engine, reader, clock)


def _sqlite(url: URL, clock: Callable[[], int] | None) -> Store:
    path = Path(str(url.database)).resolve()  # one lock, whatever link it is opened by
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError("store_unreachable", f"{path} cannot be opened: {error.strerror}") from None
    try:  # before the file is touched: to close it gives up what locks SQLite has on it in this process
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        detail = f"{path} is open in another process; SQLite serves one, PostgreSQL serves many"
        raise StoreError("store_in_use", detail) from None
    try:
        content = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        if os.fstat(content).st_mode & 0o077:  # SQLite gives what it writes beside the file the same mode
            os.fchmod(content, 0o600)
            LOG.warning("the database was open to others; it is its owner's only now")
        os.close(content)
    except OSError as error:
        os.close(lock)
        raise StoreError("store_unreachable", f"{path} cannot be opened: {error.strerror}") from None
    writer = sqlite_engine(url, "BEGIN IMMEDIATE", 1)
    return Store(url, writer, sqlite_engine(url, "BEGIN", READERS), clock, lock)


def sqlite_engine(url: URL, begin: str, connections: int) -> Engine:
    """Make an engine for an SQLite file.

    Parameters
    ----------
    url
        The file.
    begin
        How its transactions begin.
    connections
        How many it holds, at the most.
    """
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver is not to begin transactions by itself
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
