"""Tables of row classes from the few columns that a generator draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import columns_of
from quartermaster.domain.table import Table
from quartermaster.domain.values import DTYPES, stored

Row = TypeVar("Row")


def filled(row_type: type[Row], length: int, **drawn: NDArray[Any]) -> Table[Row]:
    """Build a table whose other columns hold their defaults.

    Parameters
    ----------
    row_type
        The row class.
    length
        Rows.
    drawn
        Columns by name, each of `length` cells in its stored numpy form.

    Raises
    ------
    ValueError
        If a required column is not given, or one is unknown or of another length.
    """
    columns: dict[str, NDArray[Any]] = {}
    for name, column in columns_of(row_type).items():
        if name in drawn:
            columns[name] = np.asarray(drawn[name], dtype=DTYPES[column.kind])
        elif column.required:
            raise ValueError(f"{row_type.__name__}.{name} is not given")
        else:
            columns[name] = np.empty(length, dtype=DTYPES[column.kind])
            columns[name].fill(stored(column, column.default))
    unknown = sorted(set(drawn) - set(columns))
    if unknown:
        raise ValueError(f"{row_type.__name__} has no column {', '.join(unknown)}")
    return Table(row_type, columns)


def numbered(prefix: str, count: int, digits: int) -> NDArray[np.object_]:
    """Make text ids such as ``O-00001``; wider where `count` needs it, so that they sort as they count.

    Parameters
    ----------
    prefix
        What stands before the hyphen.
    count
        How many.
    digits
        Least number of digits.
    """
    width = max(digits, len(str(count)))
    return np.array([f"{prefix}-{number:0{width}d}" for number in range(1, count + 1)], dtype=object)


def tuples(length: int, given: dict[int, Sequence[str]]) -> NDArray[np.object_]:
    """Make a column of text lists that is empty but for a few rows.

    Parameters
    ----------
    length
        Rows.
    given
        The lists by row position.
    """
    column = np.empty(length, dtype=object)
    column.fill(())
    for position, texts in given.items():
        column[position] = tuple(texts)
    return column


def chosen(rng: np.random.Generator, texts: Sequence[str], shares: Sequence[float], count: int) -> NDArray[np.object_]:
    """Draw texts by their shares.

    Parameters
    ----------
    rng
        Source of randomness.
    texts
        What may be drawn.
    shares
        Their probabilities, of sum 1.
    count
        How many to draw.
    """
    return np.array(texts, dtype=object)[rng.choice(len(texts), size=count, p=shares)]
