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
    stock_prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="stock_prices.csv, or a plan folder with one: what stock is worth to orders still to come, in place "
            "of what the forecast makes it worth.",
            show_default=False,
        ),
    ] = None,
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

    - quartermaster plan day --stock-prices plans/yesterday
    """  # fmt: skip
    from quartermaster import api
    from quartermaster.cli.outcome import show_plan, write_outcome
    from quartermaster.cli.rejected import write_rejected
    from quartermaster.io.plan_files import plan_document
    from quartermaster.io.stock_price_file import read_stock_prices

    chosen = policy_of(policy, strategy=strategy, time_limit=time_limit)
    reading = read(snapshot, quarantine=quarantine, strict=strict, negative_stock=negative_stock)
    checked = reading.snapshot
    worth = None if stock_prices is None else read_stock_prices(stock_prices)
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        made = api.plan(checked, chosen, stock_prices=worth, progress=progress)
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
    gap = made.decision_gap
    if require_gap is not None and (gap is None or gap > require_gap):
        shown = "no bound" if gap is None else f"gap {gap:f}"
        typer.echo(f"quartermaster: {shown}, wider than the required {require_gap:f}", err=True)
        raise typer.Exit(ExitCode.GAP_MISSED)
