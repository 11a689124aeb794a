"""Raw cells to numpy columns: each distinct value is parsed once, then looked up.

A million stock figures hold a few hundred distinct numbers, and a hundred thousand orders a few thousand distinct
dates; so the one careful parser of `quartermaster.io.cells` is
fast enough, and there is no second, quick one that could disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import Kind
from quartermaster.domain.values import DTYPES, stored
from quartermaster.io.cell_rules import CellRule
from quartermaster.io.cells import Form, parse
from quartermaster.io.findings import Findings
from quartermaster.io.texts import Refused, restored

_DATED = (Kind.DATE, Kind.INSTANT)
_TEXTUAL = (Kind.ID, Kind.TEXT, Kind.TEXTS)
_NOT_A_TIME = int(np.iinfo(np.int64).min)


class ColumnReader:
    """Reads the cells of one column, block by block.

    Parameters
    ----------
    rule
        Column and codes.
    form
        What a cell looks like.
    findings
        Where bad cells are reported; a bad cell then holds a harmless value.
    """

    __slots__ = ("_bad", "_blocks", "_fallback", "_findings", "_form", "_lookup", "_rule")

    def __init__(self, rule: CellRule, form: Form, findings: Findings) -> None:
        self._rule = rule
        self._form = form
        self._findings = findings
        self._lookup: dict[Any, Any] = {}
        self._bad: dict[Any, Refused] = {}
        self._blocks: list[NDArray[Any]] = []
        self._fallback = _fallback(rule)

    def feed(self, cells: Sequence[Any], start: int) -> None:
        """Read the next block.

        Parameters
        ----------
        cells
            One cell per row.
        start
            Position of the first of them.
        """
        keys = _keys(cells)
        try:
            unseen = set(keys) - self._lookup.keys()
        except TypeError:  # a JSON list or object where a scalar is due
            keys = [_Typed((type(cell), repr(cell))) for cell in cells]
            for cell, key in zip(cells, keys, strict=True):
                if key not in self._lookup:
                    self._learn(key, cell)
            unseen = set()
        for key in unseen:
            self._learn(key, key[1] if type(key) is _Typed else key)
        if self._bad and not self._bad.keys().isdisjoint(keys):
            self._report(cells, keys, start)
        self._blocks.append(np.fromiter(map(self._lookup.__getitem__, keys), self._dtype, count=len(keys)))

    def feed_absent(self, count: int) -> None:
        """Read a block of rows in which this column is not given at all.

        Parameters
        ----------
        count
            Number of rows.
        """
        block = np.empty(count, dtype=self._dtype)
        block.fill(self._absent())
        self._blocks.append(block)

    def array(self) -> NDArray[Any]:
        """Return the column in the numpy form of its kind."""
        joined = np.concatenate(self._blocks) if self._blocks else np.empty(0, dtype=self._dtype)
        self._blocks = []
        return joined.view(DTYPES[self._rule.column.kind]) if self._rule.column.kind in _DATED else joined

    @property
    def _dtype(self) -> np.dtype[Any]:
        kind = self._rule.column.kind
        return np.dtype("int64" if kind in _DATED else DTYPES[kind])

    def _absent(self) -> Any:
        column = self._rule.column
        if column.required:
            return self._fallback
        return _NOT_A_TIME if column.kind in _DATED else stored(column, column.default)

    def _learn(self, key: Any, cell: Any) -> None:
        """Parse one distinct cell; remember the stored value and, if bad, why."""
        column = self._rule.column
        try:
            if cell is None or (cell == "" and not self._keeps_empty(cell)):
                if column.required:
                    empty = self._rule.absent if cell is None else self._rule.empty
                    raise Refused(empty, "is required and must be given")
                value = self._absent()
            else:
                if self._form is Form.FILE and column.kind in _TEXTUAL:
                    cell = restored(cell)
                value = parse(self._rule, self._form, cell)
        except Refused as refused:
            self._bad[key] = refused
            value = self._fallback
        self._lookup[key] = value

    def _keeps_empty(self, cell: Any) -> bool:
        """Tell whether an empty text is a value: in a JSON document it is, except where text is due."""
        return self._form is Form.DOCUMENT and self._rule.column.kind not in _TEXTUAL

    def _report(self, cells: Sequence[Any], keys: Sequence[Any], start: int) -> None:
        for offset, key in enumerate(keys):
            refused = self._bad.get(key)
            if refused is not None:
                name = self._rule.column.name
                self._findings.problem(
                    refused.code, refused.detail, self._rule.table, start + offset, name, cells[offset]
                )


class _Typed(tuple):  # type: ignore[type-arg]
    """A cell with its type, so that 1, True and Decimal(1) are told apart as dictionary keys."""

    __slots__ = ()


def _keys(cells: Sequence[Any]) -> Sequence[Any]:
    """Return dictionary keys of cells; equal keys are equal cells of one type."""
    kinds = set(map(type, cells))
    if kinds <= {str, type(None)} or len(kinds) <= 1:
        keys: Sequence[Any] = cells
        if list in kinds:
            keys = [tuple(cell) for cell in cells]
        return keys
    return [_Typed((type(cell), tuple(cell) if isinstance(cell, list) else cell)) for cell in cells]


def _fallback(rule: CellRule) -> Any:
    """Return what stands in a bad cell: legal, so that the checks that follow add no noise."""
    column = rule.column
    if column.kind in _DATED:
        return _NOT_A_TIME
    if not column.required:
        return stored(column, column.default)
    if column.kind in (Kind.WHOLE, Kind.MONEY):
        return int(column.low or 0)
    return stored(column, None)
