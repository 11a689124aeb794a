"""Collecting problems and warnings, each with the place it was found at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quartermaster.domain.columns import columns_of
from quartermaster.domain.snapshot import ROW_TYPES
from quartermaster.errors import InputError, Problem

MAX_SHOWN = 64
"""Longest value shown in a problem, in characters."""
MAX_WARNINGS_OF_A_KIND = 20
"""Warnings of one code and file that are listed one by one; the rest is counted in one more."""
MAX_PROBLEMS_OF_A_KIND = 100_000
"""Problems of one code, table and column that are listed; with more, a file is broken as a whole."""
FIRST_ROW = 2
"""Row number of the first data row: the header is row 1."""

_TABLE_ORDER = {name: position for position, name in enumerate(ROW_TYPES)}


def shown(value: Any) -> str:
    """Write a value as printable text of at most 64 characters.

    Parameters
    ----------
    value
        Any value; None gives an empty text.
    """
    if value is None:
        return ""
    text = str(value)[: MAX_SHOWN + 1]
    safe = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode("ascii") for sign in text
    )
    return safe if len(safe) <= MAX_SHOWN else safe[: MAX_SHOWN - 1] + "…"


@dataclass(slots=True)
class Source:
    """Where the rows of one table came from, so that a problem can name the place.

    Parameters
    ----------
    table
        Name of the table.
    file
        File name, or the table's name where there is no file; empty for JSON documents.
    rows
        Row number of each position; None where position + 2 is right.
    pointer
        JSON pointer of a position and column (either may be missing); None where there is no document.
    owner
        Of order lines in a document: position of the order each stands in; None elsewhere.
    inherited
        Positions of order lines whose order id is the order's own: what is wrong with it is reported there.
    """

    table: str
    file: str = ""
    rows: Any = None
    pointer: Callable[[int | None, str], str] | None = None
    owner: Any = None
    inherited: frozenset[int] = frozenset()

    def place(self, position: int) -> str:
        """Name a row in words."""
        return self.pointer(position, "") if self.pointer else f"row {self.row(position)}"

    def row(self, position: int) -> int:
        """Return the row number of a position."""
        return int(self.rows[position]) if self.rows is not None else position + FIRST_ROW


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or warning with its place in our own terms (table and position), for sorting and quarantine."""

    problem: Problem
    table: str
    position: int | None


@dataclass(slots=True)
class Findings:
    """Problems and warnings found so far.

    Parameters
    ----------
    sources
        Where each table came from, by table name; filled in as tables are read.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _warned: Counter[tuple[str, str]] = field(default_factory=Counter)

    def problem(
        self, code: str, detail: str, table: str = "", position: int | None = None, column: str = "", value: Any = None
    ) -> None:
        """Add a problem.

        Parameters
        ----------
        code, detail
            As in `Problem`.
        table
            Name of the table; empty when not one table's.
        position
            Row position in the source; None when not one row's.
        column
            Column name; empty when not one column's.
        value
            The offending value, as read.
        """
        source = self.sources.get(table)
        if column == "order_id" and source is not None and position in source.inherited:
            return
        kind = (code, table, column)
        self._counts[kind] += 1
        if self._counts[kind] == MAX_PROBLEMS_OF_A_KIND:
            # Without a position: it is the table's, so that quarantine cannot take it for one order's.
            self.problems.append(self._finding(code, "and more like the ones listed", table, None, column, None))
        elif self._counts[kind] < MAX_PROBLEMS_OF_A_KIND:
            self.problems.append(self._finding(code, detail, table, position, column, value))

    def warning(
        self, code: str, detail: str, table: str = "", position: int | None = None, column: str = "", value: Any = None
    ) -> None:
        """Add a warning; parameters as for `problem`."""
        self._warn(self._finding(code, detail, table, position, column, value))

    def at(self, problem: Problem, table: str = "") -> None:
        """Add a ready-made problem whose place is a file, not a row of a table."""
        self.problems.append(Finding(problem, table, None))

    def bad_positions(self, table: str, columns: Sequence[str]) -> set[int]:
        """List the rows of a table whose cells of some columns are bad, so that later checks stay silent on them.

        Parameters
        ----------
        table
            Name of the table.
        columns
            Column names.
        """
        return {
            finding.position
            for finding in self.problems
            if finding.table == table and finding.position is not None and finding.problem.column in columns
        }

    def broken(self) -> set[str]:
        """List the tables that could not be read whole, so that what they lack is no problem of others."""
        return {
            finding.table
            for finding in self.problems
            if finding.position is None and finding.problem.code != "unknown_field"
        }

    def forgive(self, code: str, column: str, detail: str) -> None:
        """Turn problems of one code and column into warnings; the bad cells already hold a legal value.

        Parameters
        ----------
        code, column
            Which.
        detail
            What happens instead.
        """
        kept = []
        for finding in self.problems:
            if finding.problem.code == code and finding.problem.column == column:
                problem = replace(finding.problem, detail=detail)
                self._warn(Finding(problem, finding.table, finding.position))
            else:
                kept.append(finding)
        self.problems = kept

    def raise_if_any(self, order: Mapping[str, int] = _TABLE_ORDER) -> None:
        """Raise what was found, in the order of the input.

        Raises
        ------
        InputError
            If there is any problem.
        """
        if self.problems:
            raise InputError(sorted_problems(self.problems, order))

    def listed_warnings(self) -> tuple[Problem, ...]:
        """List the warnings as they stand in the input: at most 20 of a kind, the rest counted in one more."""
        listed = sorted_problems(self.warnings)
        for (code, table), count in self._warned.items():
            if count > MAX_WARNINGS_OF_A_KIND:
                like = next(w.problem for w in self.warnings if w.problem.code == code and w.table == table)
                detail = f"and {count - MAX_WARNINGS_OF_A_KIND} more like this: {like.detail}"
                listed.append(Problem(code=code, detail=detail, file=like.file))
        return tuple(listed)

    def _warn(self, finding: Finding) -> None:
        kind = (finding.problem.code, finding.table)
        self._warned[kind] += 1
        if self._warned[kind] <= MAX_WARNINGS_OF_A_KIND:
            self.warnings.append(finding)

    def _finding(self, code: str, detail: str, table: str, position: int | None, column: str, value: Any) -> Finding:
        source = self.sources.get(table, Source(table, table))
        row = None if position is None or source.pointer else source.row(position)
        pointer = source.pointer(position, column) if source.pointer else ""
        return Finding(
            Problem(
                code=code, detail=detail, file=source.file, row=row, column=column, value=shown(value), pointer=pointer
            ),
            table,
            position,
        )


def sorted_problems(findings: list[Finding], order: Mapping[str, int] = _TABLE_ORDER) -> list[Problem]:
    """Sort problems by table, row and column, as they stand in the input.

    Parameters
    ----------
    findings
        The findings.
    order
        Rank of each table.
    """
    ranks = {name: {column: rank for rank, column in enumerate(columns_of(kind))} for name, kind in ROW_TYPES.items()}

    def key(finding: Finding) -> tuple[int, int, int]:
        position = -1 if finding.position is None else finding.position
        column = ranks.get(finding.table, {}).get(finding.problem.column, -1)
        return order.get(finding.table, -1), position, column

    return [finding.problem for finding in sorted(findings, key=key)]
