"""Large tables straight from numpy columns, so that a million rows need no million objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import columns_of
from quartermaster.domain.table import Table
from quartermaster.domain.values import DTYPES, array_of


def table_of(row_type: type, **columns: NDArray[Any]) -> Table[Any]:
    """Build a table from some of its columns; the others take their defaults.

    Parameters
    ----------
    row_type
        Row class of the table.
    columns
        (n_rows,) arrays by column name, in the numpy form of `quartermaster.domain.columns`.
    """
    n_rows = len(next(iter(columns.values())))
    held = {}
    for name, column in columns_of(row_type).items():
        if name in columns:
            held[name] = np.asarray(columns[name]).astype(DTYPES[column.kind])
        else:
            held[name] = np.repeat(array_of(column, [column.default]), n_rows)
    return Table(row_type, held)
