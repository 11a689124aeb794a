"""The canonical order of a snapshot's rows: by key, texts by code point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import Kind, columns_of
from quartermaster.domain.snapshot import KEYS, ROW_TYPES
from quartermaster.domain.table import Table


def ranks(column: NDArray[Any], kind: Kind) -> NDArray[np.int64]:
    """Rank the cells of a column: equal cells get equal ranks, smaller cells smaller ranks.

    Parameters
    ----------
    column
        (n,) a stored column.
    kind
        Its kind.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ranks from 0; a decimal that is not given comes last.
    """
    if column.dtype == object:
        cells = column.tolist()
        distinct = set(cells)
        absent = None in distinct
        distinct.discard(None)
        place = {value: rank for rank, value in enumerate(sorted(distinct))}
        if absent:
            place[None] = len(place)
        return np.fromiter(map(place.__getitem__, cells), np.int64, count=len(cells))
    if kind in (Kind.DATE, Kind.INSTANT):
        return column.astype(np.int64)
    return column.astype(np.int64)


def key_order(name: str, table: Table[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Sort a table by its key.

    Parameters
    ----------
    name
        Name of the table.
    table
        The table.

    Returns
    -------
    order : ndarray of intp, shape (n,)
        Positions in canonical order; equal keys keep their order.
    repeated : ndarray of bool, shape (n,)
        Along `order`: True where the key equals the one before.
    """
    columns = columns_of(ROW_TYPES[name])
    keys = [ranks(table[column], columns[column].kind) for column in KEYS[name]]
    order = np.lexsort(keys[::-1])
    repeated = np.zeros(len(table), dtype=bool)
    if len(table) > 1:
        repeated[1:] = np.logical_and.reduce([np.diff(key[order]) == 0 for key in keys])
    return order, repeated


def canonical(table: Table[Any], order: NDArray[np.intp]) -> Table[Any]:
    """Return a table in its canonical order.

    Parameters
    ----------
    table
        The table.
    order
        (n,) from `key_order`.
    """
    if bool((order == np.arange(len(order))).all()):
        return table
    return table.take(order)
