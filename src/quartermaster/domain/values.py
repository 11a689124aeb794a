"""Row values to numpy columns and back, by kind (see `quartermaster.domain.columns`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN, Column, Kind
from quartermaster.domain.money import from_micro, to_micro

DTYPES: dict[Kind, str] = {
    Kind.ID: "object",
    Kind.TEXT: "object",
    Kind.TEXTS: "object",
    Kind.WHOLE: "int64",
    Kind.FLAG: "bool",
    Kind.MONEY: "int64",
    Kind.DECIMAL: "object",
    Kind.DEGREES: "float64",
    Kind.DATE: "datetime64[D]",
    Kind.INSTANT: "datetime64[us]",
    Kind.CLOCK: "int64",
    Kind.WEEKDAYS: "int64",
}
"""Numpy dtype of each kind's column."""


def _instant_to_array(value: datetime) -> np.datetime64:
    if value.utcoffset() is None:
        raise TypeError(f"an instant with its offset is due, not {value!r}")  # never this machine's time zone
    return np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "us")


def _whole(value: Any) -> int:
    if isinstance(value, bool | np.bool_):
        raise TypeError("a whole number is due, not True or False")
    return index(value)  # int() would cut 2.5 to 2


def _flag(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"True or False is due, not {value!r}")
    return bool(value)


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(f"several texts are due, not the text {value!r}")  # tuple() would cut it into letters
    return tuple(value)


def _weekdays_to_bits(days: Iterable[int]) -> int:
    return sum(1 << day for day in days)


_TO_ARRAY: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXTS: _texts,
    Kind.WHOLE: _whole,
    Kind.FLAG: _flag,
    Kind.MONEY: to_micro,
    Kind.DEGREES: float,
    Kind.DATE: lambda value: np.datetime64(value, "D"),
    Kind.INSTANT: _instant_to_array,
    Kind.CLOCK: lambda value: value.hour * 60 + value.minute,
    Kind.WEEKDAYS: _weekdays_to_bits,
}

_MISSING: dict[Kind, Any] = {
    Kind.ID: "",
    Kind.TEXT: "",
    Kind.TEXTS: (),
    Kind.WHOLE: NOT_GIVEN,
    Kind.MONEY: NOT_GIVEN,
    Kind.DECIMAL: None,
    Kind.DEGREES: float("nan"),
    Kind.DATE: np.datetime64("NaT", "D"),
    Kind.INSTANT: np.datetime64("NaT", "us"),
    Kind.CLOCK: NOT_GIVEN,
    Kind.WEEKDAYS: NOT_GIVEN,
}


def stored(column: Column, value: Any) -> Any:
    """Turn one row value into the scalar that stands in the numpy column.

    Parameters
    ----------
    column
        The column it belongs to.
    value
        The value of a row object; None = not given.

    Raises
    ------
    TypeError
        If it is of another type than the column's.
    """
    if value is None:
        return _MISSING[column.kind]
    convert = _TO_ARRAY.get(column.kind)
    return value if convert is None else convert(value)


def array_of(column: Column, values: Iterable[Any]) -> NDArray[Any]:
    """Build a numpy column from row values.

    Parameters
    ----------
    column
        The column.
    values
        One value per row, as in row objects; None = not given.

    Returns
    -------
    ndarray, shape (n_rows,)
        Of the dtype in `DTYPES`.
    """
    converted = [stored(column, value) for value in values]
    array = np.empty(len(converted), dtype=DTYPES[column.kind])
    if converted:
        array[:] = converted if column.kind is not Kind.TEXTS else _boxed(converted)
    return array


def _boxed(values: list[Any]) -> NDArray[np.object_]:
    boxed = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        boxed[position] = value
    return boxed


def row_values(column: Column, cells: NDArray[Any]) -> list[Any]:
    """Turn cells of a numpy column into the values of row objects; None = not given.

    Parameters
    ----------
    column
        The column.
    cells
        (n,) stored scalars.
    """
    kind = column.kind
    if kind in (Kind.CLOCK, Kind.WEEKDAYS):
        return [row_value(column, cell) for cell in cells]
    values: list[Any] = cells.tolist()
    if kind is Kind.INSTANT:
        return [value and value.replace(tzinfo=UTC) for value in values]
    if kind is Kind.DEGREES:
        return [None if value != value else value for value in values]
    if kind in (Kind.WHOLE, Kind.MONEY):
        known = {value: from_micro(value) if kind is Kind.MONEY else value for value in set(values)}
        known[NOT_GIVEN] = None
        return [known[value] for value in values]
    return values  # texts, decimals, flags and dates come as they are, and a date that is not given as None


def row_value(column: Column, cell: Any) -> Any:
    """Turn one cell of a numpy column into the value of a row object; None = not given.

    Parameters
    ----------
    column
        The column.
    cell
        Its stored scalar.
    """
    kind = column.kind
    if kind in (Kind.ID, Kind.TEXT, Kind.TEXTS, Kind.DECIMAL):
        return cell
    if kind is Kind.FLAG:
        return bool(cell)
    if kind is Kind.DEGREES:
        return None if np.isnan(cell) else float(cell)
    if kind is Kind.DATE:
        return None if np.isnat(cell) else date.fromisoformat(str(cell))
    if kind is Kind.INSTANT:
        return None if np.isnat(cell) else cell.item().replace(tzinfo=UTC)
    if cell == NOT_GIVEN:
        return None
    if kind is Kind.MONEY:
        return from_micro(int(cell))
    if kind is Kind.CLOCK:
        return time(int(cell) // 60, int(cell) % 60)
    if kind is Kind.WEEKDAYS:
        return frozenset(day for day in range(7) if int(cell) >> day & 1)
    return int(cell)
