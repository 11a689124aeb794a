"""Stored columns as the text of CSV cells and as values of a JSON document: the inverse of the parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN, Column, Kind
from quartermaster.domain.money import money_text
from quartermaster.io.cells import DAYS
from quartermaster.io.content import decimal_text
from quartermaster.io.texts import guarded


def weekdays_text(bits: int) -> str:
    """Write a set of weekdays: ``mon-fri``, or ``mon;wed``.

    Parameters
    ----------
    bits
        Bit 0 = Monday.
    """
    days = [day for day in range(7) if bits >> day & 1]
    if len(days) > 1 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ";".join(DAYS[day] for day in days)


def instant_texts(column: NDArray[np.datetime64]) -> list[str]:
    """Write instants in UTC, without a fraction where it is zero; empty where not given.

    Parameters
    ----------
    column
        (n,) datetime64[us].
    """
    texts = np.datetime_as_string(column, unit="us").tolist()
    return ["" if text == "NaT" else text.removesuffix(".000000") + "Z" for text in texts]


_TEXT: dict[Kind, Callable[[Any], str]] = {
    Kind.ID: str,
    Kind.TEXT: str,
    Kind.TEXTS: ";".join,
    Kind.WHOLE: str,
    Kind.FLAG: lambda flag: "true" if flag else "false",
    Kind.MONEY: money_text,
    Kind.DECIMAL: decimal_text,
    Kind.DEGREES: lambda angle: "" if angle != angle else repr(angle),
    Kind.CLOCK: lambda minute: f"{minute // 60:02d}:{minute % 60:02d}",
    Kind.WEEKDAYS: weekdays_text,
}
_INTEGERS = (Kind.WHOLE, Kind.MONEY, Kind.CLOCK, Kind.WEEKDAYS)


def file_cells(column: Column, stored: NDArray[Any], *, guard: bool = True) -> list[str]:
    """Write a stored column as the texts of a file; empty where not given.

    Parameters
    ----------
    column
        The column.
    stored
        (n,) its stored form.
    guard
        Prefix ``'`` to texts that a spreadsheet would run.
    """
    kind = column.kind
    if kind is Kind.INSTANT:
        return instant_texts(stored)
    if kind is Kind.DATE:
        return ["" if text == "NaT" else text for text in np.datetime_as_string(stored, unit="D").tolist()]
    cells = stored.tolist()
    write = _TEXT[kind]
    texts = {}
    for cell in set(cells):
        text = "" if kind in _INTEGERS and cell == NOT_GIVEN else write(cell)
        texts[cell] = guarded(text) if guard and kind in (Kind.ID, Kind.TEXT, Kind.TEXTS) else text
    return [texts[cell] for cell in cells]


def document_cells(column: Column, stored: NDArray[Any]) -> list[Any]:
    """Write a stored column as values of a JSON document; None where not given.

    Parameters
    ----------
    column
        The column.
    stored
        (n,) its stored form.
    """
    kind = column.kind
    if kind is Kind.TEXTS:
        return [list(texts) or None for texts in stored.tolist()]
    if kind is Kind.FLAG:
        return list(stored.tolist())
    if kind is Kind.DEGREES:
        return [None if angle != angle else angle for angle in stored.tolist()]
    if kind is Kind.WHOLE:
        return [None if number == NOT_GIVEN else number for number in stored.tolist()]
    return [text or None for text in file_cells(column, stored, guard=False)]
