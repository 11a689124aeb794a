"""Writing a drawn instance as a folder: small ones as `write_snapshot` does, large ones column by column.

``python -m quartermaster.bench.folder FAMILY SEED FOLDER`` draws and writes one, and prints its figures as JSON: the
generator's memory is then not that of what is measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import FAMILIES, Family
from quartermaster.bench.measure import peak_memory_mb, sizes, timed
from quartermaster.domain.columns import Kind, columns_of
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table
from quartermaster.domain.values import stored
from quartermaster.io import write_snapshot
from quartermaster.io.cell_text import file_cells


def write_instance(family: Family, seed: int, folder: Path) -> dict[str, Any]:
    """Draw an instance and write it.

    Parameters
    ----------
    family, seed
        Which one.
    folder
        Where; made when missing.

    Returns
    -------
    dict
        Rows by table and the seconds it took.
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "draw"):
        snapshot = family_snapshot(family, seed)
    with timed(seconds, "write"):
        if family.parquet:
            write_columns(snapshot, folder)
        else:
            write_snapshot(snapshot, folder)
    return {"rows": sizes(snapshot), "seconds": seconds}


def write_columns(snapshot: Snapshot, folder: Path) -> None:
    """Write a snapshot as Parquet, unchecked, without the columns that hold their default everywhere.

    `write_snapshot` would check and sort everything first and hold every file as texts; what reads the folder checks.

    Parameters
    ----------
    snapshot
        Any snapshot.
    folder
        Where; made when missing.
    """
    import pyarrow
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    for name, table in snapshot.tables().items():
        pyarrow.parquet.write_table(pyarrow.table(_arrow_columns(table)), folder / f"{name}.parquet")
    heading = (
        f'as_of = {snapshot.as_of.isoformat()}\ncurrency = "{snapshot.currency}"\nversion = "{snapshot.version}"\n'
    )
    (folder / "snapshot.toml").write_text(heading, encoding="utf-8")


def _arrow_columns(table: Table[Any]) -> dict[str, Any]:
    import pyarrow

    typed = {Kind.WHOLE: pyarrow.int64(), Kind.FLAG: pyarrow.bool_(), Kind.DEGREES: pyarrow.float64()}
    arrays = {}
    for name, spec in columns_of(table.row_type).items():
        column = table[name]
        if not spec.required and len(column) and _is_default(column, stored(spec, spec.default)):
            continue
        if spec.kind in typed:
            missing = column == -1 if spec.kind is Kind.WHOLE else column != column
            arrays[name] = pyarrow.array(column, type=typed[spec.kind], mask=missing)
        elif spec.kind in (Kind.ID, Kind.TEXT):
            arrays[name] = pyarrow.array(column, type=pyarrow.string(), from_pandas=False)
        elif spec.kind is Kind.DATE:
            arrays[name] = pyarrow.array(column, type=pyarrow.date32())
        else:
            texts = file_cells(spec, column, guard=False)
            arrays[name] = pyarrow.array([text or None for text in texts], type=pyarrow.string())
    return arrays


def _is_default(column: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return all(cell == default for cell in column)
    if default != default:  # NaN, NaT
        return bool(np.all(column != column))
    return bool(np.all(column == default))


def main(arguments: list[str]) -> None:
    """Draw, write, and print the figures.

    Parameters
    ----------
    arguments
        Family, seed and folder.
    """
    name, seed, folder = arguments
    figures = write_instance(FAMILIES[name], int(seed), Path(folder))
    print(json.dumps({"event": "generate", **figures, "peak_memory_mb": peak_memory_mb()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
