"""CSV files as raw tables: strict, as text, with the row number an editor shows."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quartermaster.errors import InputError, Problem
from quartermaster.io.cell_rules import rules_of
from quartermaster.io.cells import Form
from quartermaster.io.files import decode, read_bytes
from quartermaster.io.findings import Findings, Source, shown
from quartermaster.io.limits import MAX_CELL, MAX_COLUMNS, MAX_CSV_ROW_BYTES, Limits
from quartermaster.io.raw import RawTable

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

BLOCK_ROWS = 65_536
"""Rows parsed at a time, so that a million rows never stand in memory as text."""


def read_csv(path: Path, table: str, findings: Findings, limits: Limits) -> RawTable:
    """Open a CSV file as a raw table; its rows are read as they are asked for.

    Parameters
    ----------
    path
        The file.
    table
        Name of the table it holds.
    findings
        Where malformed rows go, while the blocks are read.
    limits
        Caps.

    Raises
    ------
    InputError
        If the file cannot be read or decoded, or its header is no header.
    """
    data = read_bytes(path, limits.max_file_bytes)
    if not data.strip():
        raise InputError([Problem("missing_field", "is empty; needs at least a header row", file=path.name)])
    decode(data, path.name)  # only to tell a fault with its row: a whole text takes up to four times the bytes
    long_rows = _has_long_rows(data)
    # newline="\n": a carriage return inside quotes is text, one at the end of a line is not.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="\n"), strict=True)
    try:
        header = next(reader)
    except (csv.Error, StopIteration) as error:
        raise InputError([Problem("csv_format", f"header cannot be read: {error}", file=path.name, row=1)]) from None
    _check_header(header, table, path.name, reader.line_num)
    rows = array("q")
    source = Source(table, path.name, rows)
    return RawTable(source, Form.FILE, header, _Blocks(reader, header, source, findings, long_rows))


def _check_header(header: Sequence[str], table: str, file: str, lines: int) -> None:
    """Refuse a first row that is not a header."""
    known = set(rules_of(table))

    def refuse(code: str, detail: str, value: str = "", column: str = "") -> None:
        raise InputError([Problem(code, detail, file=file, row=1, column=column, value=shown(value))])

    if len(header) > MAX_COLUMNS:
        refuse("csv_limit", f"must have at most {MAX_COLUMNS} columns, has {len(header)}")
    if lines != 1:
        refuse("csv_format", "a header must be one line")
    if len(header) == 1 and any(sign in header[0] for sign in ";\t|"):
        refuse("csv_format", "the delimiter must be a comma", header[0])
    if not known.intersection(header):
        refuse("csv_format", f"the first row must be a header; known columns are {', '.join(known)}", ",".join(header))
    seen: set[str] = set()
    for name in header:
        if not name:
            refuse("csv_format", "the header has a column without a name")
        if name in seen:
            refuse("csv_format", "the header has the column twice", name, shown(name))
        seen.add(name)


def _has_long_rows(data: bytes) -> bool:
    """Tell whether any line is long enough to hold a cell over the limit."""
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    edges = np.concatenate(([-1], ends, [len(data)]))
    return bool(np.diff(edges).max() > MAX_CELL)


class _Blocks(Iterator[Mapping[str, Sequence[str]]]):
    """The rows of one file, block by block; malformed rows are reported and left out."""

    def __init__(
        self, reader: CsvReader, header: Sequence[str], source: Source, findings: Findings, long_rows: bool
    ) -> None:
        self._reader = reader
        self._header = header
        self._source = source
        self._findings = findings
        self._long_rows = long_rows
        self._done = False

    def __next__(self) -> Mapping[str, Sequence[str]]:
        if self._done:
            raise StopIteration
        first = self._reader.line_num + 1
        records: list[list[str]] = []
        broken = False
        try:
            for record in islice(self._reader, BLOCK_ROWS):
                records.append(record)  # noqa: PERF402 - what was read before an error must be kept
        except csv.Error as error:
            broken = True
            self._report_error(error, first, records)
        self._done = not broken and len(records) < BLOCK_ROWS
        width = len(self._header)
        whole = self._reader.line_num - first + 1 == len(records) and not broken
        if whole and not self._long_rows and set(map(len, records)) <= {width}:
            self._source.rows.extend(range(first, first + len(records)))
        else:
            records = self._well_formed(records, first, width)
        columns = list(zip(*records, strict=True)) if records else [()] * width
        return dict(zip(self._header, columns, strict=True))

    def _report_error(self, error: csv.Error, first: int, records: list[list[str]]) -> None:
        row = first + sum(1 + sum(cell.count("\n") for cell in record) for record in records)
        if self._reader.line_num > row or "end of data" in str(error):
            self._malformed(row, "a quote is not closed, or a cell holds a newline")
        elif "field larger" in str(error):
            self._malformed(row, f"a cell must have at most {MAX_CELL} characters", "csv_limit")
        else:
            self._malformed(row, f"quotes are not as CSV has them: {error}")

    def _malformed(self, row: int, detail: str, code: str = "csv_format") -> None:
        self._findings.at(Problem(code, detail, file=self._source.file, row=row), self._source.table)

    def _well_formed(self, records: list[list[str]], first: int, width: int) -> list[list[str]]:
        """Report each malformed row of a block; return the others."""
        kept = []
        row = first
        last = len(records) - 1
        for place, record in enumerate(records):
            lines = 1 + sum(cell.count("\n") for cell in record)
            if not record and self._done and not any(records[place:]):
                break  # empty lines at the end of the file
            if lines > 1:
                self._malformed(row, "a cell must not hold a newline")
            elif not record and place <= last:
                self._malformed(row, "the row is empty")
            elif len(record) != width:
                self._malformed(row, f"the row has {len(record)} cells where the header has {width}")
            elif max(map(len, record)) > MAX_CELL:
                self._malformed(row, f"a cell must have at most {MAX_CELL} characters", "csv_limit")
            elif sum(map(len, record)) > MAX_CSV_ROW_BYTES:
                self._malformed(row, f"a row must have at most {MAX_CSV_ROW_BYTES} bytes", "csv_limit")
            else:
                kept.append(record)
                self._source.rows.append(row)
            row += lines
        return kept
