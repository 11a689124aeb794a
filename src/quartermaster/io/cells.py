"""One cell to one stored value: the single parser of each kind.

Every source ends here: the text of a CSV cell, the value of a JSON document, of a frame, of a Parquet column or of a
row object. Only *distinct* values are parsed (see `quartermaster.io.column_reader`), so these may be plain and careful.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from quartermaster.domain.columns import Kind
from quartermaster.io import instants
from quartermaster.io.cell_rules import CellRule
from quartermaster.io.iso import COUNTRIES, time_zones
from quartermaster.io.numbers import amount, decimal_number, degrees, whole
from quartermaster.io.texts import Refused, check_id, check_list, check_text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of the weekdays in files, Monday first."""

_RANGE = re.compile(r"([a-z]{3})-([a-z]{3})")


class Form(Enum):
    """What a cell looks like in its source."""

    FILE = "text of a CSV cell; empty = not given"
    FRAME = "value of a frame or Parquet column; text is read as in a file"
    DOCUMENT = "value of a JSON document, of strict type"
    OBJECT = "value of a row object"


def parse(rule: CellRule, form: Form, cell: Any) -> Any:
    """Turn one given cell into the scalar stored in the numpy column (dates and instants as integers).

    Parameters
    ----------
    rule
        Its column and codes.
    form
        What the cell looks like.
    cell
        The cell; None = not given.

    Raises
    ------
    Refused
        If it is not valid.
    """
    return _PARSERS[rule.column.kind](rule, form, cell)


def _identity(rule: CellRule, form: Form, cell: Any) -> str:
    return check_id(_text(form, cell))


def _text(form: Form, cell: Any) -> str:
    if not isinstance(cell, str):
        raise Refused("type", "must be text")
    return str(cell)


def _free_text(rule: CellRule, form: Form, cell: Any) -> str:
    text = check_text(_text(form, cell))
    column = rule.column
    if column.choices and text not in column.choices:
        raise Refused("choice", f"must be one of {', '.join(column.choices)}")
    if column.name == "country" and text not in COUNTRIES:
        hint = "GB" if text.upper() == "UK" else text.upper() if text.upper() in COUNTRIES else "US"
        raise Refused("country_code", f"use ISO 3166-1 alpha-2, e.g. {hint}")
    if column.name == "timezone" and text not in time_zones():
        raise Refused("timezone", "must be an IANA name, such as America/New_York")
    return text


def _texts(rule: CellRule, form: Form, cell: Any) -> tuple[str, ...]:
    if isinstance(cell, str) and form in (Form.FILE, Form.FRAME):
        return check_list(tuple(cell.split(";")))
    if isinstance(cell, tuple | list) and all(isinstance(text, str) for text in cell):
        return check_list(tuple(cell))
    raise Refused("type", "must be a list of texts")


def _whole(rule: CellRule, form: Form, cell: Any) -> int:
    return whole(rule, cell, text_allowed=form is not Form.DOCUMENT)


def _flag(rule: CellRule, form: Form, cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    if cell in ("true", "false") and form is not Form.DOCUMENT:
        return bool(cell == "true")
    raise Refused("type", "must be true or false")


def _money(rule: CellRule, form: Form, cell: Any) -> int:
    return amount(cell)


def _decimal(rule: CellRule, form: Form, cell: Any) -> Decimal:
    return decimal_number(rule, cell)


def _degrees(rule: CellRule, form: Form, cell: Any) -> float:
    return degrees(rule, cell, text_allowed=form is not Form.DOCUMENT)


def _date(rule: CellRule, form: Form, cell: Any) -> int:
    if isinstance(cell, datetime):
        if cell.tzinfo is not None or cell.time() != time():
            raise Refused("time_format", "must be a date without a time, YYYY-MM-DD")
        cell = cell.date()
    return instants.day_number(cell if isinstance(cell, date) else instants.parse_date(cell))


def _instant(rule: CellRule, form: Form, cell: Any) -> int:
    return instants.microseconds(cell if isinstance(cell, datetime) else instants.parse_instant(cell))


def _clock(rule: CellRule, form: Form, cell: Any) -> int:
    return instants.minute_of_day(cell)


def _weekdays(rule: CellRule, form: Form, cell: Any) -> int:
    days: set[int] = set()
    if isinstance(cell, frozenset | set) and cell and cell <= set(range(7)):
        days = set(cell)
    else:
        parts = cell.split(";") if isinstance(cell, str) else cell
        if not isinstance(parts, list | tuple) or not parts:
            raise Refused("weekdays_format", "must be days such as mon-fri or mon;wed;fri")
        for part in parts:
            days |= _days_of(part)
    return sum(1 << int(day) for day in days)


def _days_of(part: Any) -> set[int]:
    if part in DAYS:
        return {DAYS.index(part)}
    match = _RANGE.fullmatch(part) if isinstance(part, str) else None
    if not match or match[1] not in DAYS or match[2] not in DAYS:
        raise Refused("weekdays_format", "must be days such as mon-fri or mon;wed;fri")
    first, last = DAYS.index(match[1]), DAYS.index(match[2])
    return {day % 7 for day in range(first, last + 1 if last >= first else last + 8)}


def utc(value: datetime | None) -> datetime | None:
    """Attach UTC to the naive instants that numpy gives back.

    Parameters
    ----------
    value
        Naive instant in UTC, or None.
    """
    return None if value is None else value.replace(tzinfo=UTC)


_PARSERS: dict[Kind, Callable[[CellRule, Form, Any], Any]] = {
    Kind.ID: _identity,
    Kind.TEXT: _free_text,
    Kind.TEXTS: _texts,
    Kind.WHOLE: _whole,
    Kind.FLAG: _flag,
    Kind.MONEY: _money,
    Kind.DECIMAL: _decimal,
    Kind.DEGREES: _degrees,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.CLOCK: _clock,
    Kind.WEEKDAYS: _weekdays,
}
