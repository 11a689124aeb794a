"""The CSV of a plan: its bytes are a function of its content, and no cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quartermaster.domain.money import money_text, to_micro
from quartermaster.errors import Problem
from quartermaster.io.findings import shown
from quartermaster.io.limits import MAX_CELL
from quartermaster.io.plan_cells import MONEY_COLUMNS, WHOLE_COLUMNS
from quartermaster.io.texts import guarded, restored

if TYPE_CHECKING:
    import pandas as pd

_NEEDS_QUOTES = re.compile(r'[",\r\n]')


def csv_bytes(frame: pd.DataFrame, columns: Sequence[str]) -> bytes:
    """Write a table of a plan: UTF-8, a line feed ends every row, quotes only where they are needed.

    Parameters
    ----------
    frame
        The table; row order is kept.
    columns
        Its columns, in the order of the file. Money is Decimal, quantities are whole numbers, the others text.
    """
    texts = [_cells(name, frame[name].tolist()) for name in columns]
    rows = [",".join(columns), *(",".join(cells) for cells in zip(*texts, strict=True))]
    return ("\n".join(rows) + "\n").encode()


def text_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a table of texts in the same form.

    Parameters
    ----------
    columns
        Its columns.
    rows
        Cells of each row.
    """
    lines = [",".join(columns), *(",".join(map(_text_cell, cells)) for cells in rows)]
    return ("\n".join(lines) + "\n").encode()


def _cells(column: str, values: list[Any]) -> list[str]:
    if column in WHOLE_COLUMNS:
        return [str(int(value)) for value in values]
    # each distinct amount and text is written once; ids of shipments are all distinct, but most texts are not
    write = _money_cell if column in MONEY_COLUMNS else _text_cell
    written = {value: write(value) for value in set(values)}
    return [written[value] for value in values]


def _money_cell(value: Any) -> str:
    return money_text(to_micro(value))


def _text_cell(value: Any) -> str:
    text = guarded(str(value))
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


@dataclass(slots=True)
class TextTable:
    """A table of a plan as text: the cells of each column, and the row number an editor shows of each row."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)


def csv_table(
    text: str, file: str, required: Sequence[str], known: Sequence[str], problems: list[Problem]
) -> TextTable:
    """Read a table of a plan as text.

    Parameters
    ----------
    text
        The decoded file.
    file
        Its name, for problems.
    required, known
        Columns it must have, and may have.
    problems
        What is malformed is added to it; malformed rows are left out.
    """
    # newline="": the csv module finds the ends of rows itself, so that a carriage return in quotes stays text.
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    table = TextTable()
    row = 1
    try:
        header = next(reader, [])
        if not _header_is_good(header, file, required, known, problems):
            return table
        table.columns = {name: [] for name in header}
        row = reader.line_num + 1
        for cells in reader:
            if len(cells) != len(header):
                detail = f"the row has {len(cells)} cells where the header has {len(header)}"
                problems.append(Problem("csv_format", detail, file=file, row=row))
            elif max(map(len, cells)) > MAX_CELL:
                detail = f"a cell must have at most {MAX_CELL} characters"
                problems.append(Problem("csv_limit", detail, file=file, row=row))
            else:
                table.rows.append(row)
                for name, cell in zip(header, cells, strict=True):
                    table.columns[name].append(restored(cell))
            row = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem("csv_format", f"quotes are not as CSV has them: {error}", file=file, row=row))
    return table


def _header_is_good(
    header: list[str], file: str, required: Sequence[str], known: Sequence[str], problems: list[Problem]
) -> bool:
    if not header:
        problems.append(Problem("missing_field", "is empty; needs at least a header row", file=file))
        return False
    found = [
        *(
            Problem("missing_field", "the column is missing", file=file, row=1, column=name)
            for name in required
            if name not in header
        ),
        *(
            Problem(
                "unknown_field",
                f"unknown column; known are {', '.join(known)}",
                file=file,
                row=1,
                column=shown(name),
            )
            for name in header
            if name not in known
        ),
        *(
            Problem("csv_format", "the header has the column twice", file=file, row=1, column=name)
            for name in known
            if header.count(name) > 1
        ),
    ]
    problems += found
    return not found
