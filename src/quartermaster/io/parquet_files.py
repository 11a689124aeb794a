"""Parquet files as raw tables, through pyarrow, which is an extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartermaster.domain.columns import Kind
from quartermaster.errors import InputError, Problem
from quartermaster.io.cell_rules import rules_of
from quartermaster.io.cells import Form
from quartermaster.io.files import read_bytes
from quartermaster.io.findings import Findings, Source
from quartermaster.io.limits import MAX_COLUMNS, Limits
from quartermaster.io.raw import RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_EXTRA = "reading and writing Parquet needs pyarrow: pip install 'quartermaster[parquet]'"
_BLOCK_ROWS = 131_072
_MAX_ROW_GROUP_BYTES = 2**31
_MAX_ROWS_PER_BYTE = 100
"""Rows have keys of their own, so no honest file packs more of them into a byte."""


def arrow(file: str) -> Any:
    """Import pyarrow and its Parquet module.

    Parameters
    ----------
    file
        File name for the problem.

    Raises
    ------
    InputError
        If the extra is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError([Problem("parquet_missing", _EXTRA, file=file)]) from None
    return pyarrow


def read_parquet(path: Path, table: str, findings: Findings, limits: Limits) -> RawTable:
    """Open a Parquet file as a raw table.

    Parameters
    ----------
    path
        The file.
    table
        Name of the table it holds.
    findings
        Unused here; the readers of files share one form.
    limits
        Caps.

    Raises
    ------
    InputError
        If it cannot be read, is damaged, or a column is of a type that cannot hold its kind.
    """
    pyarrow = arrow(path.name)
    data = read_bytes(path, limits.max_file_bytes)
    try:
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data))
        _check_claims(file, path.name, len(data), limits)
        schema = file.schema_arrow
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError([_damaged(path.name, error)]) from None
    names = list(schema.names)
    problems = _type_problems(pyarrow, schema, table, path.name)
    if problems:
        raise InputError(problems)
    source = Source(table, path.name)
    return RawTable(source, Form.FRAME, names, _blocks(pyarrow, file, table, path.name, findings))


def _damaged(file: str, error: Exception) -> Problem:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Problem("parquet_format", f"cannot be read as Parquet: {first[:200]}", file=file)


def _check_claims(file: Any, name: str, size: int, limits: Limits) -> None:
    """Refuse what the footer claims before any of it is allocated."""
    meta = file.metadata
    sizes = [meta.row_group(place).total_byte_size for place in range(meta.num_row_groups)]
    detail = ""
    if meta.num_rows > limits.max_rows:
        raise InputError([Problem("too_many_rows", f"has more than {limits.max_rows} rows, the limit", file=name)])
    if meta.num_columns > MAX_COLUMNS:
        detail = f"must have at most {MAX_COLUMNS} columns"
    elif meta.num_rows > _MAX_ROWS_PER_BYTE * size:
        detail = f"claims {meta.num_rows} rows in {size} bytes"
    elif any(not 0 <= group <= _MAX_ROW_GROUP_BYTES for group in sizes):
        detail = f"a row group must hold at most {_MAX_ROW_GROUP_BYTES} bytes"
    if detail:
        raise InputError([Problem("parquet_format", detail, file=name)])


def _type_problems(pyarrow: Any, schema: Any, table: str, file: str) -> list[Problem]:
    problems = []
    if len(set(schema.names)) < len(schema.names):
        problems.append(Problem("parquet_format", "a column stands twice", file=file))
    rules = rules_of(table)
    for field in schema:
        rule = rules.get(field.name)
        if rule is not None and not _fits(pyarrow.types, rule.column.kind, field.type):
            detail = f"a column of kind {rule.column.kind.value} cannot be {field.type}"
            problems.append(Problem("parquet_format", detail, file=file, column=field.name))
    return problems


def _fits(types: Any, kind: Kind, given: Any) -> bool:
    """Tell whether a column of an Arrow type can hold a kind."""
    if types.is_dictionary(given):
        given = given.value_type
    text = types.is_string(given) or types.is_large_string(given) or types.is_null(given)
    number = types.is_integer(given)
    if kind in (Kind.ID, Kind.TEXT):
        return bool(text)
    if kind in (Kind.TEXTS, Kind.WEEKDAYS):
        return bool(
            text or ((types.is_list(given) or types.is_large_list(given)) and types.is_string(given.value_type))
        )
    if kind is Kind.WHOLE:
        return bool(number or types.is_null(given))
    if kind is Kind.FLAG:
        return bool(types.is_boolean(given) or types.is_null(given))
    if kind in (Kind.MONEY, Kind.DECIMAL):
        return bool(text or number or types.is_decimal(given) or types.is_floating(given))
    if kind is Kind.DEGREES:
        return bool(types.is_floating(given) or types.is_decimal(given) or number or types.is_null(given))
    if kind is Kind.DATE:
        return bool(text or types.is_date(given) or (types.is_timestamp(given) and given.tz is None))
    if kind is Kind.INSTANT:
        return bool(text or (types.is_timestamp(given) and given.tz is not None))
    return bool(text or types.is_time(given))


def _blocks(
    pyarrow: Any, file: Any, table: str, name: str, findings: Findings
) -> Iterator[Mapping[str, Sequence[Any]]]:
    known = [column for column in file.schema_arrow.names if column in rules_of(table)]
    try:
        for batch in file.iter_batches(batch_size=_BLOCK_ROWS, columns=known):
            block = {column: _cells(batch.column(column)) for column in known}
            yield block if block else {"": [None] * batch.num_rows}
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:  # the last of years past 9999
        findings.at(_damaged(name, error), table)


def _cells(column: Any) -> list[Any]:
    """List an Arrow column's cells as Python values; NaN counts as not given."""
    cells: list[Any] = column.to_pylist()
    return [None if cell != cell else cell for cell in cells] if "double" in str(column.type) else cells
