"""Problems of an input, shown on stderr: a table on a terminal, a line each in a pipe, or one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from quartermaster.cli.conduct import ErrorsForm, console
from quartermaster.errors import Problem

TABLE_ROWS = 200
"""More problems than this are written a line each even on a terminal: a table would be slow and hard to search."""


def show_problems(problems: Sequence[Problem], form: ErrorsForm, *, title: str = "") -> None:
    """Write every problem to stderr.

    Parameters
    ----------
    problems
        At least one.
    form
        Text, or the JSON problem object (at most 100 problems, as over HTTP).
    title
        What the list is, in place of the count of problems.
    """
    if form is ErrorsForm.JSON:
        from quartermaster.service.problem_body import problem_body

        sys.stderr.write(json.dumps(problem_body(problems)) + "\n")
        return
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    title = title or f"{count} in the input; nothing was planned or written"
    if not sys.stderr.isatty() or len(problems) > TABLE_ROWS:
        sys.stderr.write("".join(f"{line}\n" for line in (f"quartermaster: {title}", *map(str, problems))))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for heading in ("file", "row", "column", "value", "rule", "code"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "row" else "left")
    for problem in problems:
        place = problem.pointer or problem.file
        row = "" if problem.row is None else str(problem.row)
        cells = (place, row, problem.column, problem.value, problem.detail, problem.code)
        table.add_row(*(Text(cell) for cell in cells))  # Text, so that brackets in a value are not markup
    console(stderr=True).print(table)
