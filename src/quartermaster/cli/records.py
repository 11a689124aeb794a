"""Records of the database as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from quartermaster.cli.conduct import console


def show_records(kind: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Print records, one a row.

    Parameters
    ----------
    kind
        What they are, for the title.
    records
        JSON values by heading, of each the same headings.
    """
    table = Table(title=f"{len(records)} {kind}", title_justify="left")
    for heading in records[0] if records else ():
        table.add_column(heading, overflow="fold")
    for record in records:
        table.add_row(*(Text(_shown(cell)) for cell in record.values()))
    console().print(table)


def _shown(cell: Any) -> str:
    if isinstance(cell, list):
        return ", ".join(map(str, cell))
    return "" if cell is None else str(cell)
