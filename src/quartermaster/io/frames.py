"""Pandas frames and Arrow tables as raw tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from quartermaster.domain.columns import Kind
from quartermaster.domain.snapshot import REQUIRED_TABLES, ROW_TYPES
from quartermaster.errors import Problem
from quartermaster.io.cell_rules import rules_of
from quartermaster.io.cells import Form
from quartermaster.io.findings import Findings, Source, shown
from quartermaster.io.raw import RawTable, unknown_name

if TYPE_CHECKING:
    import pandas as pd


def raw_frames(frames: Mapping[str, pd.DataFrame], findings: Findings) -> dict[str, RawTable]:
    """View frames as raw tables by table name.

    Parameters
    ----------
    frames
        One frame per table.
    findings
        Where missing and unknown tables go.
    """
    raws = {}
    for name, frame in frames.items():
        if name in ROW_TYPES and hasattr(frame, "columns"):
            repeated = frame.columns[frame.columns.duplicated()].tolist()
            for column in repeated:
                detail = "the column stands twice"
                findings.at(Problem("duplicate_column", detail, file=name, column=shown(column)), name)
            raws[name] = raw_frame(name, frame)
        elif name in ROW_TYPES:
            findings.at(Problem("type", "must be a pandas DataFrame", file=name, value=shown(frame)), name)
        else:
            findings.at(Problem("unknown_field", unknown_name(str(name), list(ROW_TYPES)), file=shown(name)))
    for name in REQUIRED_TABLES:
        if name not in frames:
            findings.at(Problem("missing_field", "the table is required", file=name), name)
    return raws


def raw_frame(table: str, frame: pd.DataFrame, file: str = "") -> RawTable:
    """View one frame as a raw table.

    Parameters
    ----------
    table
        Name of the table.
    frame
        Its rows; the index is ignored.
    file
        File name for problems; the table's name when empty.
    """
    names = [str(name) for name in frame.columns]
    rules = rules_of(table)
    block: dict[str, Sequence[Any]] = {}
    for place, name in enumerate(names):
        if name in rules:
            optional_whole = rules[name].column.kind is Kind.WHOLE and not rules[name].column.required
            block[name] = _cells(frame.iloc[:, place], optional_whole)
    if not block and len(frame):
        block = {"": [None] * len(frame)}
    return RawTable(Source(table, file or table), Form.FRAME, names, iter([block]))


def _cells(series: pd.Series[Any], optional_whole: bool) -> list[Any]:
    """List a column's cells as Python values, None where missing."""
    missing = series.isna().to_numpy()
    cells: list[Any] = series.tolist()
    if series.dtype == object:  # numpy scalars among Python objects
        cells = [cell.item() if isinstance(cell, np.generic) else cell for cell in cells]
    if not missing.any():
        return cells
    if optional_whole and series.dtype.kind == "f":
        # pandas has no other form than float for a whole-number column in which some cells are missing
        numbers = series.to_numpy()
        if bool((np.isnan(numbers) | (numbers == np.floor(numbers))).all()) and not np.isinf(numbers).any():
            return [None if gone else int(cell) for cell, gone in zip(cells, missing.tolist(), strict=True)]
    return [None if gone else cell for cell, gone in zip(cells, missing.tolist(), strict=True)]
