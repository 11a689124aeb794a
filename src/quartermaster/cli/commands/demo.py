"""``quartermaster demo``: a realistic day, planned, beside what the rules in use today would have done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, console, print_json
from quartermaster.cli.interrupts import leave_at_once
from quartermaster.cli.options import NoReport, PolicyPath, TimeLimit, policy_of
from quartermaster.cli.progress import progress_bar


def demo(
    orders: Annotated[int, typer.Option(help="Orders of the day.")] = 1000,
    nodes: Annotated[int, typer.Option(help="Distribution centres, stores and vendors.")] = 40,
    skus: Annotated[int, typer.Option(help="Products.")] = 400,
    scarce: Annotated[float, typer.Option(help="Share of products whose stock is near their demand, 0 to 1.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same day.")] = 1,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write to.")] = Path("quartermaster-demo"),
    policy: PolicyPath = None,
    time_limit: TimeLimit = None,
    no_report: NoReport = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Write a realistic day of orders, plan it, and show what the optimum saves over each rule.

    [bold]Examples[/bold]

    - quartermaster demo

    - quartermaster demo --orders 200 --nodes 20 --seed 7 --out day7
    """
    from quartermaster import api, io
    from quartermaster.cli.outcome import comparison_rows, show_comparison, write_outcome

    chosen = policy_of(policy, time_limit=time_limit)
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        snapshot = api.demo_snapshot(orders=orders, nodes=nodes, skus=skus, scarce=scarce, seed=seed)
        io.write_snapshot(snapshot, out / "snapshot")
        plans = api.compare(snapshot, chosen, progress=progress)
    files = {"snapshot": out / "snapshot", **write_outcome(snapshot, plans, out / "plan", report=not no_report)}
    if json:
        print_json(comparison_rows(plans))
        return
    show_comparison(snapshot, plans, files)
    console().print(f"Plan it again with: quartermaster plan {out / 'snapshot'}", markup=False)
