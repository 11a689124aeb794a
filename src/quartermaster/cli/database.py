"""The database of commands that need one: which, and open while they work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from quartermaster.store import Store

DEFAULT_DATABASE = "sqlite:///quartermaster.db"
PASSWORD_FILE = "QUARTERMASTER_DATABASE_PASSWORD_FILE"  # noqa: S105 (the name of a variable)
"""Names the file with the password of the database, where it is not in the URL."""


def _with_password(context: typer.Context, parameter: typer.CallbackParam, url: str) -> str:
    """Put the password of its file into a URL; refuse one that every user of the machine can read in the command."""
    from urllib.parse import quote, urlsplit, urlunsplit

    try:
        parts = urlsplit(url)
        given = parts.password
    except ValueError:  # the store says what is wrong with it
        return url
    source = context.get_parameter_source(parameter.name or "")
    if given is not None and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter("a password belongs in the environment or in a file, not in the command")
    path = os.environ.get(PASSWORD_FILE, "")
    if not path or parts.scheme.startswith("sqlite"):
        return url
    from quartermaster.service.secret_files import read_secret

    place = parts.netloc.rpartition("@")[2]
    netloc = f"{parts.username or ''}:{quote(read_secret(Path(path)), safe='')}@{place}"
    return urlunsplit(parts._replace(netloc=netloc))


@contextmanager
def private_files() -> Iterator[None]:
    """Make what is written in the block, by this process and those it starts, its owner's only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="QUARTERMASTER_DATABASE_URL",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/DATABASE. A password belongs in the environment, or in the file "
        f"that {PASSWORD_FILE} names.",
        callback=_with_password,
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
    with private_files():
        store = open_store(url)
        try:
            if up_to_date:
                require_up_to_date(store)
            yield store
        finally:
            store.close()
