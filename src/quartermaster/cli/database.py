"""The database of commands that need one: which, and open while they work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from quartermaster.store import Store

DEFAULT_DATABASE = "sqlite:///quartermaster.db"
Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="QUARTERMASTER_DATABASE_URL",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/DATABASE; a password belongs in the environment.",
    ),
]
"""The option ``--database`` of every command that needs one."""


@contextmanager
def opened(url: str, *, up_to_date: bool = True) -> Iterator[Store]:
    """Open a database while the block runs.

    Parameters
    ----------
    url
        Where it is.
    up_to_date
        True refuses one of another revision.

    Raises
    ------
    InputError
        If the extra with it is not installed.
    StoreError
        If it cannot be opened, or has another revision.
    """
    from quartermaster.errors import InputError, Problem

    try:
        from quartermaster.store import open_store
        from quartermaster.store.migrate import require_up_to_date
    except ImportError:
        detail = "the database is an extra: pip install 'quartermaster[service]'"
        raise InputError([Problem("service_missing", detail)]) from None
    store = open_store(url)
    try:
        if up_to_date:
            require_up_to_date(store)
        yield store
    finally:
        store.close()
