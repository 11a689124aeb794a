"""Raw tables: named columns of cells as a source holds them, and their reading into domain tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from quartermaster.domain.snapshot import ROW_TYPES
from quartermaster.domain.table import Table
from quartermaster.io.cell_rules import rules_of
from quartermaster.io.cells import Form
from quartermaster.io.column_reader import ColumnReader
from quartermaster.io.findings import Findings, Source, shown
from quartermaster.io.limits import Limits


@dataclass(slots=True)
class RawTable:
    """One table as its source holds it.

    Parameters
    ----------
    source
        Its name and places.
    form
        What a cell looks like.
    names
        The columns that are given, in the order of the source.
    blocks
        The rows in blocks: by column name (n_rows,) cells; every block has every name.
    """

    source: Source
    form: Form
    names: Sequence[str]
    blocks: Iterator[Mapping[str, Sequence[Any]]]


def read_table(raw: RawTable, findings: Findings, limits: Limits) -> Table[Any]:
    """Parse every cell of a raw table.

    Parameters
    ----------
    raw
        The raw table.
    findings
        Where problems go: bad cells, missing and unknown columns.
    limits
        Caps.
    """
    table = raw.source.table
    findings.sources[table] = raw.source
    rules = rules_of(table)
    known = check_names(raw, findings)
    readers = {name: ColumnReader(rule, raw.form, findings) for name, rule in rules.items()}
    n_rows = 0
    for block in raw.blocks:
        length = len(next(iter(block.values()))) if block else 0
        if n_rows + length > limits.max_rows:
            findings.problem("too_many_rows", f"has more than {limits.max_rows} rows, the limit", table)
            break
        for name, reader in readers.items():
            if name in known and name in block:
                reader.feed(block[name], n_rows)
            else:
                reader.feed_absent(length)
        n_rows += length
    return Table(ROW_TYPES[table], {name: reader.array() for name, reader in readers.items()})


def check_names(raw: RawTable, findings: Findings) -> set[str]:
    """Report missing and unknown columns; return the known ones that are given.

    Parameters
    ----------
    raw
        The raw table.
    findings
        Where problems go.
    """
    table = raw.source.table
    rules = rules_of(table)
    for name in raw.names:
        if name not in rules:
            detail = unknown_name(str(name), list(rules))
            findings.problem("unknown_field", detail, table, column=shown(name), value=name)
    if raw.form is not Form.DOCUMENT:  # in a document each row object names its own fields
        for name, rule in rules.items():
            if rule.column.required and name not in raw.names:
                findings.problem("missing_field", f"the required column {name} is missing", table, column=name)
    return {name for name in raw.names if name in rules}


def unknown_name(name: str, known: Sequence[str]) -> str:
    """Say that a name is not known, with the nearest known one.

    Parameters
    ----------
    name
        The name given.
    known
        The names that would be.
    """
    return _unknown(name, tuple(known))


@cache  # a misspelt key of a document stands in every one of its rows
def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"is not known; did you mean {near[0]}?" if near else f"is not known; known are {', '.join(known)}"
