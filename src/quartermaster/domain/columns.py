"""What a column holds: the one place that knows each kind's numpy form and its "not given".

The row classes of this package annotate each field with a `Column`. Reading, writing, checks and
documentation all derive from these annotations; no column name, unit, default or range is written twice.

=============  ==========================================  ==========================  ======================
kind           in a row object                             numpy column                "not given"
=============  ==========================================  ==========================  ======================
``ID``         str                                         object (str)                ``""``
``TEXT``       str                                         object (str)                ``""``
``TEXTS``      tuple of str                                object (tuple)              ``()``
``WHOLE``      int                                         int64                       ``NOT_GIVEN`` (-1)
``FLAG``       bool                                        bool                        (has a default)
``MONEY``      Decimal, at most 6 decimals                 int64, micro                ``NOT_GIVEN`` (-1)
``DECIMAL``    Decimal, exact as written                   object (Decimal)            ``None``
``DEGREES``    float                                       float64                     NaN
``DATE``       datetime.date                               datetime64[D]               NaT
``INSTANT``    datetime.datetime, aware                    datetime64[us], UTC         NaT
``CLOCK``      datetime.time                               int64, minutes of the day   ``NOT_GIVEN`` (-1)
``WEEKDAYS``   frozenset of int, 0 = Monday                int64, bit 0 = Monday       ``NOT_GIVEN`` (-1)
=============  ==========================================  ==========================  ======================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from types import MappingProxyType
from typing import Any, get_type_hints

NOT_GIVEN = -1
"""Sentinel of the integer kinds; every quantity, weight, length and price is >= 0."""


class Kind(Enum):
    """The kinds of column; see the table in this module's docstring."""

    ID = "id"
    TEXT = "text"
    TEXTS = "texts"
    WHOLE = "whole"
    FLAG = "flag"
    MONEY = "money"
    DECIMAL = "decimal"
    DEGREES = "degrees"
    DATE = "date"
    INSTANT = "instant"
    CLOCK = "clock"
    WEEKDAYS = "weekdays"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as annotated on a field of its row class.

    Parameters
    ----------
    kind
        What it holds.
    unit
        Unit of the value as written in files; empty for text.
    low, high
        Inclusive range in that unit; None = unbounded.
    choices
        The allowed texts; empty = any.
    meaning
        One line for documentation, `init` and OpenAPI.
    name, required, default
        Filled in by `columns_of` from the field itself.
    """

    kind: Kind
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    meaning: str = ""
    name: str = ""
    required: bool = False
    default: Any = None


_KNOWN: dict[type[Any], Mapping[str, Column]] = {}


def columns_of(row_type: type[Any]) -> Mapping[str, Column]:
    """List the columns of a row class by name, in the order of its fields.

    Parameters
    ----------
    row_type
        A row dataclass of this package, each field annotated ``Annotated[type, Column(...)]``.
    """
    if row_type in _KNOWN:
        return _KNOWN[row_type]
    hints = get_type_hints(row_type, include_extras=True)
    columns: dict[str, Column] = {}
    for field in fields(row_type):
        column = next(extra for extra in hints[field.name].__metadata__ if isinstance(extra, Column))
        required = field.default is MISSING
        columns[field.name] = Column(
            kind=column.kind,
            unit=column.unit,
            low=column.low,
            high=column.high,
            choices=column.choices,
            meaning=column.meaning,
            name=field.name,
            required=required,
            default=None if required else field.default,
        )
    _KNOWN[row_type] = MappingProxyType(columns)
    return _KNOWN[row_type]
