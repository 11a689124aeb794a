"""Tables made from row objects as raw tables, so that they pass the same parser as files."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN, Column, Kind, columns_of
from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.domain.values import row_value
from quartermaster.io.cells import Form, utc
from quartermaster.io.findings import Source
from quartermaster.io.raw import RawTable


def raw_snapshot(snapshot: Snapshot) -> dict[str, RawTable]:
    """View a snapshot's tables as raw tables by name.

    Parameters
    ----------
    snapshot
        Any snapshot, checked or not.
    """
    raws = {}
    for name, table in snapshot.tables().items():
        columns = columns_of(ROW_TYPES[name])
        block = {column: _cells(spec, table[column]) for column, spec in columns.items()}
        raws[name] = RawTable(Source(name, name), Form.OBJECT, list(columns), iter([block]))
    return raws


def _cells(column: Column, stored: NDArray[Any]) -> list[Any]:
    """List the values of a stored column, None where not given."""
    kind = column.kind
    cells: list[Any] = stored.tolist()
    if kind in (Kind.ID, Kind.TEXT, Kind.TEXTS, Kind.DECIMAL, Kind.FLAG, Kind.DATE):
        return cells
    if kind is Kind.INSTANT:
        return [utc(cell) for cell in cells]
    if kind is Kind.DEGREES:
        return [None if cell != cell else cell for cell in cells]
    if kind is Kind.WHOLE:
        if column.required:  # -1 here is a number somebody gave, not "not given"
            return cells
        return [None if cell == NOT_GIVEN else cell for cell in cells]
    values = {cell: row_value(column, cell) for cell in set(cells)}
    return [values[cell] for cell in cells]
