"""A snapshot while it is being checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.table import Table
from quartermaster.io.options import ReadOptions


@dataclass(slots=True)
class Draft:
    """Parsed tables with the source position of each row.

    Parameters
    ----------
    tables
        Every table by name.
    as_of
        Instant of the snapshot in UTC; None when it could not be read.
    options
        How strict to be.
    positions
        By table name: (n_rows,) position of each row in its source, which findings are reported at.
    read
        Every table as it was read: row = position in the source.
    """

    tables: dict[str, Table[Any]]
    as_of: datetime | None
    options: ReadOptions
    positions: dict[str, NDArray[np.intp]] = field(default_factory=dict)
    read: dict[str, Table[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read = dict(self.tables)
        for name, table in self.tables.items():
            self.positions.setdefault(name, np.arange(len(table)))

    def keep(self, name: str, kept: NDArray[np.bool_]) -> None:
        """Keep some rows of a table only.

        Parameters
        ----------
        name
            Name of the table.
        kept
            (n_rows,) True for the rows that stay.
        """
        places = np.flatnonzero(kept)
        self.tables[name] = self.tables[name].take(places)
        self.positions[name] = self.positions[name][places]

    def at(self, name: str, row: int | np.integer[Any]) -> int:
        """Return the source position of a row."""
        return int(self.positions[name][row])

    def index(self, name: str, column: str) -> dict[Any, int]:
        """Map the cells of an id column to their rows.

        Parameters
        ----------
        name, column
            Table and column.
        """
        return {cell: row for row, cell in enumerate(self.tables[name][column].tolist())}


def rows_of(index: dict[Any, int], cells: NDArray[Any]) -> NDArray[np.int64]:
    """Look up many cells.

    Parameters
    ----------
    index
        Row by cell.
    cells
        (n,) cells.

    Returns
    -------
    ndarray of int64, shape (n,)
        Their rows; -1 where unknown.
    """
    get = index.get
    return np.fromiter((get(cell, -1) for cell in cells.tolist()), np.int64, count=len(cells))
