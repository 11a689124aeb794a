"""The results of the benchmark suite as a table for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from quartermaster.bench.outcome import outcome_of, plain_words, saving
from quartermaster.bench.results import Run
from quartermaster.cli.conduct import console
from quartermaster.cli.tables import MISSING


def show_results(content: dict[str, Any], out: Path) -> None:
    """Print one row per run, then the plain models, what failed, and where the figures are.

    Parameters
    ----------
    content
        Of the results file.
    out
        The results file.
    """
    runs: list[Run] = content["runs"]
    screen = console()
    screen.print(_optima(runs))
    if any(run.get("plain") for run in runs):
        screen.print(_plain(runs))
    for run in runs:
        for error in run["errors"]:
            screen.print(f"Failed: {run['family']} seed {run['seed']}: {error}", style="red", markup=False)
    for script, error in content.get("scripts", {}).items():
        screen.print(f"{script}: {error or 'done'}", style="red" if error else None, markup=False)
    screen.print(f"Every figure: {out}", markup=False, soft_wrap=True)


def _optima(runs: list[Run]) -> Table:
    table = Table(title="All orders together", title_justify="left", title_style="bold")
    table.add_column("instance")
    for heading in ("orders", "certified", "gap", "wall s", "CPU s", "MB", "over cheapest", "violations"):
        table.add_column(heading, justify="right")
    table.add_column("aims missed", overflow="fold")
    for run in runs:
        name, outcome = f"{run['family']} seed {run['seed']}", outcome_of(run)
        if outcome is None:
            table.add_row(name, *([MISSING] * 8), "no plan", style="red")
            continue
        table.add_row(
            name,
            f"{run['orders']:,}",
            _percent(outcome.certified_gap, 3),
            _percent(outcome.gap, 3),
            f"{outcome.wall_seconds:.1f}",
            f"{outcome.cpu_seconds:.1f}",
            f"{outcome.memory_mb:,.0f}",
            _percent(saving(run, "cheapest"), 1),
            MISSING if outcome.violations is None else str(outcome.violations),
            Text("; ".join(outcome.missed), style="yellow"),
        )
    return table


def _plain(runs: list[Run]) -> Table:
    table = Table(title="The same as one plain model: cost beside ours", title_justify="left", title_style="bold")
    for heading in ("instance", "limit s", "columns", "SCIP", "HiGHS", "CP-SAT"):
        table.add_column(heading, overflow="fold")
    for run in runs:
        if run.get("plain"):
            columns = next((answer["size"]["columns"] for answer in run["plain"] if answer["size"]), None)
            table.add_row(
                f"{run['family']} seed {run['seed']}",
                str(run["time_limit_seconds"]),
                MISSING if columns is None else f"{columns:,}",
                *(plain_words(run, answer) for answer in run["plain"]),
            )
    return table


def _percent(share: float | None, decimals: int) -> str:
    return MISSING if share is None else f"{100 * share:.{decimals}f} %"
