"""What can go wrong, as one tree.

::

    QuartermasterError
    ├── InputError      the input is not valid; carries every problem found, not just the first
    │   └── PolicyError the policy is not valid; likewise
    ├── RatingError     a price or a date cannot be computed
    ├── RoutingError    a commit or a release that cannot be; nothing was changed
    ├── StoreError      the store refuses, or cannot be reached; nothing was changed
    ├── SolverError     the solver broke its contract; the caller falls back to the best plan known
    └── ModelError      our bug: two writings of one rule disagree

No HTTP code and no exit code lives here: the service and the command line each map the tree once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong (or suspect) with an input, and where.

    Parameters
    ----------
    code
        Stable name of the rule, such as ``qty_not_positive``; every code is listed in
        ``quartermaster.io.codes``.
    detail
        What is wrong and what is allowed, in words.
    file
        File (or table) it was found in, such as ``order_lines.csv``; empty when not one file's.
    row
        Row number as an editor shows it (the header is row 1); None when not one row's.
    column
        Column name; empty when not one column's.
    value
        The offending value as text of at most 64 characters, control characters escaped.
    pointer
        JSON pointer, where the input was a JSON document; empty otherwise.
    """

    code: str
    detail: str
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    pointer: str = ""

    def __str__(self) -> str:
        place = self.pointer or self.file
        if self.row is not None and not self.pointer:
            place += f" row {self.row}"
        shown = f", {self.column}: {self.value}" if self.column else ""
        return f"{place}{shown}, {self.detail} [{self.code}]" if place else f"{self.detail} [{self.code}]"


class QuartermasterError(Exception):
    """Root of every error that Quartermaster raises on purpose."""


class InputError(QuartermasterError):
    """The input is not valid.

    Parameters
    ----------
    problems
        Every problem found, in the order of the input. At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        first = str(self.problems[0]) if self.problems else "input is not valid"
        more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(first + more)


class PolicyError(InputError):
    """The policy is not valid; carries every problem found."""


class RatingError(QuartermasterError):
    """A price, a distance or a date cannot be computed."""


class RoutingError(QuartermasterError):
    """A router was asked to commit what it no longer has, or to release what it does not hold; nothing was changed."""


class StoreError(QuartermasterError):
    """The store refuses what was asked, or cannot be reached; nothing was changed.

    Parameters
    ----------
    code
        Stable name of the reason.
    detail
        The reason in words.
    facts
        What the caller may need to know, as JSON values.
    """

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        super().__init__(f"{detail} [{code}]")
        self.code, self.detail, self.facts = code, detail, facts


class SolverError(QuartermasterError):
    """A solver broke its contract: an unknown status, an answer that fails its check, a crash."""


class ModelError(QuartermasterError):
    """Our bug: two independent writings of one rule disagree. Never caught and rounded away."""
