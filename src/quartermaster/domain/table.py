"""A table: many rows of one kind, held as numpy columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import columns_of
from quartermaster.domain.values import array_of, row_value, row_values

Row = TypeVar("Row", covariant=True)


class Table(Generic[Row]):
    """Rows of one row class, held as columns so that a million rows need no million objects.

    Parameters
    ----------
    row_type
        The row dataclass that names and annotates the columns.
    columns
        Every column of `row_type` by name, all of one length, in the numpy form of
        `quartermaster.domain.columns`. The arrays are made read-only.

    Raises
    ------
    ValueError
        If a column is missing, unknown, or of another length.
    """

    __slots__ = ("_columns", "_length", "row_type")

    def __init__(self, row_type: type[Row], columns: Mapping[str, NDArray[Any]]) -> None:
        names = columns_of(row_type)
        if set(columns) != set(names):
            raise ValueError(f"{row_type.__name__}: columns {sorted(set(columns) ^ set(names))} missing or unknown")
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"{row_type.__name__}: columns of lengths {sorted(lengths)}")
        self.row_type = row_type
        self._columns = {name: columns[name] for name in names}
        self._length = lengths.pop() if lengths else 0
        for column in self._columns.values():
            column.flags.writeable = False

    @classmethod
    def from_rows(cls, row_type: type[Row], rows: Iterable[Row]) -> Table[Row]:
        """Build a table from row objects.

        Parameters
        ----------
        row_type
            Their class.
        rows
            The rows, in order.
        """
        held = list(rows)
        return cls(
            row_type,
            {
                name: array_of(column, (getattr(row, name) for row in held))
                for name, column in columns_of(row_type).items()
            },
        )

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column, read-only."""
        return self._columns[name]

    def __iter__(self) -> Iterator[Row]:
        specs = columns_of(self.row_type)
        columns = [row_values(specs[name], self._columns[name]) for name in specs]
        return (self.row_type(**dict(zip(specs, cells, strict=True))) for cells in zip(*columns, strict=True))

    def row(self, position: int) -> Row:
        """Build one row object.

        Parameters
        ----------
        position
            Row position, from 0.
        """
        specs = columns_of(self.row_type)
        return self.row_type(**{name: row_value(specs[name], self._columns[name][position]) for name in specs})

    def take(self, positions: NDArray[np.intp]) -> Table[Row]:
        """Return the rows at some positions, in that order.

        Parameters
        ----------
        positions
            (n,) integer positions.
        """
        return Table(self.row_type, {name: column[positions] for name, column in self._columns.items()})

    def with_columns(self, **columns: NDArray[Any]) -> Table[Row]:
        """Return a copy in which some columns are replaced.

        Parameters
        ----------
        columns
            New columns by name.
        """
        return Table(self.row_type, {**self._columns, **columns})

    def __repr__(self) -> str:
        return f"Table({self.row_type.__name__}, {self._length} rows)"
