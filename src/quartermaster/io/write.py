"""Writing a snapshot folder, file by file, each complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from quartermaster.domain.columns import Kind, columns_of
from quartermaster.domain.snapshot import OUTLOOK_TABLES, Snapshot
from quartermaster.domain.table import Table
from quartermaster.io.assemble import ready
from quartermaster.io.atomic_files import write_files
from quartermaster.io.cell_text import file_cells
from quartermaster.io.folder import HEADING_FILE
from quartermaster.io.parquet_files import arrow

_FORMATS = ("csv", "parquet")


def write_snapshot(snapshot: Snapshot, folder: str | Path, *, format: str = "csv") -> None:
    """Write a snapshot folder: one file per table, and snapshot.toml.

    Parameters
    ----------
    snapshot
        Any snapshot; it is made ready first.
    folder
        Where; made when missing. Tables that stand there already are replaced, in either format.
    format
        ``csv`` or ``parquet``.

    Raises
    ------
    InputError
        If the snapshot is not valid or the folder cannot be written.
    ValueError
        If the format is another.
    """
    if format not in _FORMATS:
        raise ValueError(f"format is one of {', '.join(_FORMATS)}, not {format}")
    snapshot = ready(snapshot)
    folder = Path(folder)
    contents = {
        f"{name}.{format}": csv_bytes(table) if format == "csv" else _parquet_bytes(table)
        for name, table in snapshot.tables().items()
        if len(table) or name not in OUTLOOK_TABLES
    }
    write_files(folder, {**contents, HEADING_FILE: _heading(snapshot).encode()})
    for other in _FORMATS:  # the same table in two formats could not be read back
        for name in snapshot.tables():
            if f"{name}.{other}" not in contents:
                (folder / f"{name}.{other}").unlink(missing_ok=True)


def csv_bytes(table: Table[Any]) -> bytes:
    """Write a table as CSV.

    Parameters
    ----------
    table
        The table.
    """
    columns = columns_of(table.row_type)
    cells = [_quoted(file_cells(spec, table[name])) for name, spec in columns.items()]
    rows = [",".join(columns), *map(",".join, zip(*cells, strict=True))]
    return ("\n".join(rows) + "\n").encode("utf-8")


def _quoted(texts: Sequence[str]) -> Sequence[str]:
    """Put texts with separators in quotes."""
    special = {text for text in set(texts) if any(sign in text for sign in ',"\r\n')}
    if not special:
        return texts
    doubled = {text: '"' + text.replace('"', '""') + '"' for text in special}
    return [doubled.get(text, text) for text in texts]


def _parquet_bytes(table: Table[Any]) -> bytes:
    """Write a table as Parquet: whole numbers, flags and degrees typed, everything else as text."""
    pyarrow = arrow("")
    typed = {Kind.WHOLE: pyarrow.int64(), Kind.FLAG: pyarrow.bool_(), Kind.DEGREES: pyarrow.float64()}
    arrays = {}
    for name, spec in columns_of(table.row_type).items():
        stored = table[name]
        if spec.kind in typed:
            missing = stored == -1 if spec.kind is Kind.WHOLE else stored != stored
            arrays[name] = pyarrow.array(stored, type=typed[spec.kind], mask=missing)
        else:
            texts = file_cells(spec, stored, guard=False)
            arrays[name] = pyarrow.array([text or None for text in texts], type=pyarrow.string())
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(arrays), sink)
    return bytes(sink.getvalue())


def _heading(snapshot: Snapshot) -> str:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

    return (
        f"as_of = {snapshot.as_of.astimezone(UTC).isoformat()}\n"
        f"currency = {quoted(snapshot.currency)}\n"
        f"version = {quoted(snapshot.version)}\n"
    )
