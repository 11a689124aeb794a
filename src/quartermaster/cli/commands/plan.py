"""``quartermaster plan``: plan a snapshot and write the plan folder."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.exits import ExitCode
from quartermaster.cli.interrupts import leave_at_once
from quartermaster.cli.options import (
    NegativeStock,
    NoReport,
    PolicyPath,
    SnapshotPath,
    Stock,
    Strict,
    TimeLimit,
    gap_of,
    policy_of,
    read,
)
from quartermaster.cli.progress import progress_bar

DEFAULT_OUT = Path("plan")


def plan(
    snapshot: SnapshotPath,
    policy: PolicyPath = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the plan. Default: plan; with --json nothing is written unless it is given.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            help="optimal, or a rule: cheapest, nearest, priority, highest_stock, fewest_shipments.", show_default=False
        ),
    ] = None,
    require_gap: Annotated[
        Decimal | None,
        typer.Option(
            parser=gap_of,
            metavar="GAP",
            help="Leave with 3 unless the proven gap is at most this, such as 0.01.",
            show_default=False,
        ),
    ] = None,
    quarantine: Annotated[
        bool,
        typer.Option("--quarantine", help="Leave out orders with problems, list them in rejected.csv, plan the rest."),
    ] = False,
    time_limit: TimeLimit = None,
    no_report: NoReport = False,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Plan a snapshot: which node ships which order line, by which service, and what waits.

    [bold]Examples[/bold]

    - quartermaster plan day

    - quartermaster plan day --policy policy.toml --out plans/monday --require-gap 0.01

    - quartermaster plan day --strategy cheapest --json
    """  # fmt: skip
    from quartermaster import api
    from quartermaster.cli.outcome import show_plan, write_outcome
    from quartermaster.cli.rejected import write_rejected
    from quartermaster.io.plan_files import plan_document

    chosen = policy_of(policy, strategy=strategy, time_limit=time_limit)
    reading = read(snapshot, quarantine=quarantine, strict=strict, negative_stock=negative_stock)
    checked = reading.snapshot
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        made = api.plan(checked, chosen, progress=progress)
    folder = DEFAULT_OUT if out is None and not json else out
    files = {}
    if folder is not None:
        files = write_outcome(checked, [made], folder, report=not no_report)
        if quarantine:
            files["rejected"] = write_rejected(reading.rejected, folder)
    if reading.rejected:
        typer.echo(f"quartermaster: orders left out for their problems: {len(reading.rejected)}", err=True)
    if json:
        left_out = {"rejected": [order.order_id for order in reading.rejected]} if quarantine else {}
        print_json({**plan_document(made), **left_out})
    else:
        show_plan(checked, made, files)
    if require_gap is not None and (made.gap is None or made.gap > require_gap):
        shown = "no bound" if made.gap is None else f"gap {made.gap:f}"
        typer.echo(f"quartermaster: {shown}, wider than the required {require_gap:f}", err=True)
        raise typer.Exit(ExitCode.GAP_MISSED)
