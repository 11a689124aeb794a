"""A snapshot while it is being checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.snapshot import KEYS
from quartermaster.domain.table import Table
from quartermaster.io.canonical import key_order
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
    # What was found is kept beside the columns it was found for, since tables change while they are checked.
    _indices: dict[tuple[str, str], tuple[NDArray[Any], dict[Any, int]]] = field(default_factory=dict)
    _rows: dict[tuple[str, str, str, str], tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]] = field(
        default_factory=dict
    )
    _orders: dict[str, tuple[list[NDArray[Any]], tuple[NDArray[np.intp], NDArray[np.bool_]]]] = field(
        default_factory=dict
    )

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
        keys = self.tables[name][column]
        if self._indices.get((name, column), (None,))[0] is not keys:
            self._indices[name, column] = keys, {cell: row for row, cell in enumerate(keys.tolist())}
        return self._indices[name, column][1]

    def rows(self, target: str, key: str, name: str, column: str) -> NDArray[np.int64]:
        """Look up what a column refers to; several checks ask for the same.

        Parameters
        ----------
        target, key
            The table referred to, and its id column.
        name, column
            The column that refers to it.

        Returns
        -------
        ndarray of int64, shape (n_rows,)
            Rows of the target; -1 where unknown.
        """
        keys, cells = self.tables[target][key], self.tables[name][column]
        known = self._rows.get((target, key, name, column))
        if known is None or known[0] is not keys or known[1] is not cells:
            found = map(self.index(target, key).get, cells.tolist(), repeat(-1))
            known = keys, cells, np.fromiter(found, np.int64, count=len(cells))
            self._rows[target, key, name, column] = known
        return known[2]

    def order(self, name: str) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Sort a table by its key, as `quartermaster.io.canonical.key_order`; once, as long as its rows stay.

        Parameters
        ----------
        name
            Name of the table.
        """
        table = self.tables[name]
        keys = [table[column] for column in KEYS[name]]
        known = self._orders.get(name)
        if known is None or any(one is not other for one, other in zip(known[0], keys, strict=True)):
            known = self._orders[name] = keys, key_order(name, table)
        return known[1]
