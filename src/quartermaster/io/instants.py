"""Dates, instants and clock times as ISO 8601 writes them; an instant always has an offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from quartermaster.io.texts import Refused

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years a date may lie in."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0{0,3})?)?"
    r"([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_date(cell: Any) -> date:
    """Read ``YYYY-MM-DD``.

    Parameters
    ----------
    cell
        The text.

    Raises
    ------
    Refused
        If it is not such a date.
    """
    if isinstance(cell, str) and _DATE.fullmatch(cell):
        if cell.startswith("0000"):
            raise Refused("time_range", f"must lie in {FIRST_YEAR}-{LAST_YEAR}")
        try:
            return date.fromisoformat(cell)
        except ValueError:
            pass
    raise Refused("time_format", "must be a date of the calendar, YYYY-MM-DD")


def day_number(day: date) -> int:
    """Return days since 1970-01-01.

    Parameters
    ----------
    day
        The date.

    Raises
    ------
    Refused
        If it lies outside 2000-2100.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused("time_range", f"must lie in {FIRST_YEAR}-{LAST_YEAR}")
    return day.toordinal() - _EPOCH.toordinal()


def parse_instant(cell: Any) -> datetime:
    """Read an ISO 8601 instant with offset.

    Parameters
    ----------
    cell
        The text.

    Raises
    ------
    Refused
        If it is not one, or has no offset.
    """
    match = _INSTANT.fullmatch(cell) if isinstance(cell, str) else None
    if match is None or cell.startswith("0000"):
        raise Refused("time_format", "must be an ISO 8601 instant such as 2026-11-02T08:00:00+01:00")
    if match[3] is None:
        raise Refused("time_no_offset", "time needs an offset, such as +02:00")
    try:
        return datetime.fromisoformat(cell.upper())
    except ValueError:
        raise Refused("time_format", "must be an instant of the calendar and the 24-hour clock") from None


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00Z.

    Parameters
    ----------
    instant
        An aware instant.

    Raises
    ------
    Refused
        If it has no offset or lies outside 2000-2100.
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise Refused("time_no_offset", "time needs an offset, such as +02:00")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise Refused("time_range", f"must lie in {FIRST_YEAR}-{LAST_YEAR}")
    return (instant - _EPOCH) // timedelta(microseconds=1)


def minute_of_day(cell: Any) -> int:
    """Read ``HH:MM`` as minutes since midnight.

    Parameters
    ----------
    cell
        Text, or `datetime.time` of whole minutes.

    Raises
    ------
    Refused
        If it is not one.
    """
    if isinstance(cell, time) and cell == cell.replace(second=0, microsecond=0, tzinfo=None):
        return cell.hour * 60 + cell.minute
    match = _CLOCK.fullmatch(cell) if isinstance(cell, str) else None
    if match is None:
        raise Refused("time_format", "must be a local time HH:MM from 00:00 to 23:59")
    return int(match[1]) * 60 + int(match[2])
