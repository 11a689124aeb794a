"""What an input holds: every problem, every warning, and what the data will mean for a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.folder import read_input
from quartermaster.io.limits import DEFAULT_LIMITS, Limits
from quartermaster.io.options import ReadOptions
from quartermaster.io.remarks import Remark, remarks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """What `validate` found.

    Parameters
    ----------
    problems
        Every problem; empty when the input can be planned.
    warnings
        What is suspect but legal.
    counts
        Rows by table; empty when there are problems.
    remarks
        What the input will mean for a plan; empty when there are problems.
    snapshot
        The checked snapshot; None when there are problems.
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    snapshot: Snapshot | None = None

    @property
    def valid(self) -> bool:
        """True when there is no problem."""
        return not self.problems


def validate(path: str | Path, options: ReadOptions | None = None, limits: Limits = DEFAULT_LIMITS) -> ValidationReport:
    """Read an input and report instead of raising.

    Parameters
    ----------
    path
        A snapshot folder or JSON document.
    options
        How strict to be.
    limits
        Caps.
    """
    try:
        snapshot = read_input(path, options, limits).snapshot
    except InputError as error:
        return ValidationReport(problems=error.problems)
    return ValidationReport(
        warnings=snapshot.warnings,
        counts={name: len(table) for name, table in snapshot.tables().items()},
        remarks=remarks_of(snapshot),
        snapshot=snapshot,
    )
