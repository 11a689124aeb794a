"""A progress bar on stderr, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""Called with the name of the phase and the fraction of it that is done."""


@contextmanager
def progress_bar(*, wanted: bool = True) -> Iterator[Progress | None]:
    """Show a bar while the block runs; yields None where there is no terminal to show it on.

    Parameters
    ----------
    wanted
        False shows nothing.
    """
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    from quartermaster.cli.conduct import console

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with RichProgress(*columns, TimeElapsedColumn(), console=console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(phase: str, done: float) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=1.0)
            bars.update(tasks[phase], completed=min(max(done, 0.0), 1.0))

        yield report
