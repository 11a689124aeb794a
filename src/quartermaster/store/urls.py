"""URLs of databases: which there are, whether the way there is guarded, and how one is shown."""

from __future__ import annotations

import os
from contextlib import suppress
from ipaddress import ip_address

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from quartermaster.errors import StoreError

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def parsed_url(url: str) -> URL:
    """Read a database's URL.

    Parameters
    ----------
    url
        As in `open_store`.

    Raises
    ------
    StoreError
        If it is of neither database.
    """
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        raise StoreError("store_url", "must be sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    if parsed.drivername in (POSTGRESQL, "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != SQLITE or not parsed.database or parsed.database == ":memory:":
        raise StoreError("store_url", "must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    return parsed


def is_guarded(url: URL) -> bool:
    """Tell whether nobody on the way to a database can read along or pose as it.

    Parameters
    ----------
    url
        Of PostgreSQL.
    """
    host = str(url.query.get("host") or url.host or os.environ.get("PGHOST") or "")
    mode = url.query.get("sslmode") or os.environ.get("PGSSLMODE")
    if not host or host.startswith("/") or host == "localhost" or mode == "verify-full":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def shown_url(url: URL) -> str:
    """Write a URL without its password.

    Parameters
    ----------
    url
        The URL.
    """
    return url.render_as_string(hide_password=True)
