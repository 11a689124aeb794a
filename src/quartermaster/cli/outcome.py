"""What a command leaves behind: files in the output folder, figures on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from quartermaster import api
from quartermaster.cli.conduct import ErrorsForm, console
from quartermaster.cli.problems import show_problems
from quartermaster.cli.tables import (
    backorder_table,
    comparison_table,
    cost_table,
    figures_table,
    money,
    percent,
    seconds_of,
    verification_table,
)
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.atomic_files import write_files
from quartermaster.io.plan_files import plan_document
from quartermaster.io.remarks import Remark
from quartermaster.verification import Verification

MISMATCHES_SHOWN = 10
"""Rating cells that differ, shown one by one."""


def write_outcome(snapshot: Snapshot, plans: Sequence[Plan], folder: Path, *, report: bool) -> dict[str, Path]:
    """Write the first plan and its report.

    Parameters
    ----------
    snapshot
        What was planned.
    plans
        The plan to write, then those that the report sets beside it.
    folder
        Folder of the plan.
    report
        Also write report.html.

    Returns
    -------
    dict of str to Path
        What was written, by what it is.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    plans[0].write(folder)
    files = {"plan": folder}
    with contextlib.suppress(OSError):  # an earlier page would tell of another plan
        (folder / "report.html").unlink(missing_ok=True)
    if not report:
        return files
    try:
        page = api.report_html(snapshot, plans[0], plans[1:])
    except InputError as error:
        if any(problem.code != "report_missing" for problem in error.problems):
            raise
        sys.stderr.write("quartermaster: no report.html: pip install 'quartermaster[report]' adds what draws it\n")
        return files
    write_files(folder, {"report.html": page.encode()})
    return {**files, "report": folder / "report.html"}


def show_comparison(snapshot: Snapshot, plans: Sequence[Plan], files: Mapping[str, Path]) -> None:
    """Print plans side by side, then the figures of the first.

    Parameters
    ----------
    snapshot
        What was planned.
    plans
        The plan of interest first.
    files
        What was written, by what it is.
    """
    best, out = plans[0], console()
    out.print(_sizes(snapshot), markup=False)
    out.print(comparison_table(plans, snapshot.currency))
    rules = [plan for plan in plans[1:] if plan.objective.total_micro]
    if rules:
        nearest = min(rules, key=lambda plan: plan.objective.total_micro)
        saved = nearest.objective.total - best.objective.total
        out.print(
            f"The {best.strategy} plan costs {money(saved)} {snapshot.currency} "
            f"({percent(saved / nearest.objective.total)}) less than the best rule, {nearest.strategy}; "
            f"it is proven that at most {percent(best.gap, 4)} is left to gain ({best.status}).",
            markup=False,
        )
    out.print(figures_table(best))
    _show_rest(best, files)


def show_plan(snapshot: Snapshot, plan: Plan, files: Mapping[str, Path]) -> None:
    """Print one plan.

    Parameters
    ----------
    snapshot
        What was planned.
    plan
        The plan.
    files
        What was written, by what it is.
    """
    out = console()
    out.print(f"{_sizes(snapshot)}; planned by {plan.strategy} in {seconds_of(plan):.1f} s", markup=False)
    out.print(cost_table(plan.objective, snapshot.currency))
    out.print(figures_table(plan))
    _show_rest(plan, files)


def _show_rest(plan: Plan, files: Mapping[str, Path]) -> None:
    out = console()
    backorders = backorder_table(plan)
    out.print("Backorders: none" if backorders is None else backorders)
    for warning in plan.run.warnings:
        out.print(f"Note: {warning}", markup=False)
    for what, path in files.items():
        out.print(f"{what.capitalize()}: {path}", markup=False, soft_wrap=True)


def _sizes(snapshot: Snapshot) -> str:
    counts = (f"{len(table):,} {name.replace('_', ' ')}" for name, table in snapshot.tables().items() if len(table))
    return f"Snapshot of {snapshot.as_of.isoformat()}: {', '.join(counts)}"


def comparison_rows(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Write plans as the machine form of `compare`: each summary and its seconds.

    Parameters
    ----------
    plans
        Any plans.
    """
    return [{**plan_document(plan), "seconds": round(seconds_of(plan), 3)} for plan in plans]


def show_violations(violations: Sequence[Any]) -> None:
    """Print what a plan breaks.

    Parameters
    ----------
    violations
        `quartermaster.evaluation.Violation` objects.
    """
    out = console()
    if not violations:
        out.print("No violations: every constraint holds.")
        return
    table = Table(title=f"{len(violations)} violations", title_justify="left", title_style="bold red")
    for heading in ("rule", "where", "what is wrong"):
        table.add_column(heading, overflow="fold")
    for violation in violations:
        table.add_row(*(Text(str(cell)) for cell in (violation.rule, violation.where, violation.message)))
    out.print(table)


def show_verification(verification: Verification, currency: str) -> None:
    """Print what a verification found.

    Parameters
    ----------
    verification
        What it found.
    currency
        Currency of the amounts.
    """
    out = console()
    show_violations(verification.evaluation.violations)
    out.print(verification_table(verification, currency))
    for cell in verification.mismatches[:MISMATCHES_SHOWN]:
        out.print(
            f"Differs: order {cell.order_id}, node {cell.node_id}, {cell.carrier} {cell.service}, "
            f"{sum(cell.units.values())} units: rated {cell.rated_micro}, evaluated {cell.evaluated_micro} micro",
            markup=False,
        )
    for fault in verification.faults:
        out.print(f"Fault: {fault}", markup=False, style="bold red")
    if verification.ok:
        out.print("Verified: nothing found that does not hold.")


def show_outlook(counts: Mapping[str, int], remarks: Sequence[Remark], warnings: Sequence[Problem]) -> None:
    """Print what a snapshot holds, what it will mean, and what is suspect in it.

    Parameters
    ----------
    counts
        Rows by table.
    remarks
        What it will mean.
    warnings
        Warnings of reading.
    """
    out = console()
    out.print("Rows: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()))
    if remarks:
        table = Table(title="What it will mean for any plan", title_justify="left", title_style="bold")
        table.add_column("what")
        table.add_column("count", justify="right")
        table.add_column("which", overflow="fold")
        table.add_column("for example", overflow="fold")
        for remark in remarks:
            examples = ", ".join(" ".join(example) for example in remark.examples)
            table.add_row(remark.name.replace("_", " "), f"{remark.count:,}", Text(remark.detail), Text(examples))
        out.print(table)
    else:
        out.print("Every order can be served in time, and no SKU is short.")
    if warnings:
        show_problems(warnings, ErrorsForm.TEXT, title=f"{len(warnings)} warnings (the input is valid)")
