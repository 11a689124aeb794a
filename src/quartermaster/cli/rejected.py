"""The list of orders that quarantine left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quartermaster.io.atomic_files import write_files
from quartermaster.io.texts import guarded

if TYPE_CHECKING:
    from quartermaster.io import Rejected

REJECTED_COLUMNS = ("order_id", "file", "row", "column", "value", "code", "detail")
"""Columns of rejected.csv: one row per problem."""


def write_rejected(rejected: Sequence[Rejected], folder: Path) -> Path:
    """Write rejected.csv, with its header also when nothing was left out.

    Parameters
    ----------
    rejected
        The orders left out, with their problems.
    folder
        Folder of the plan.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REJECTED_COLUMNS)
    for order in rejected:
        for problem in order.problems:
            place = (problem.pointer or problem.file, "" if problem.row is None else problem.row, problem.column)
            cells = (order.order_id, *place, problem.value, problem.code, problem.detail)
            writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in cells])
    write_files(folder, {"rejected.csv": text.getvalue().encode()})
    return folder / "rejected.csv"
