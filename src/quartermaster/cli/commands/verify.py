"""``quartermaster verify``: a plan and the proof of how good it is, checked without a solver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.exits import ExitCode
from quartermaster.cli.interrupts import leave_at_once
from quartermaster.cli.options import NegativeStock, Quarantine, SnapshotPath, Stock, Strict, read
from quartermaster.cli.progress import progress_bar


def verify(
    snapshot: SnapshotPath,
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN", help="Folder of a plan, with its certificate.json.", show_default=False)
    ],
    cells: Annotated[int, typer.Option(min=0, help="Rating cells to compare with evaluation.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Which cells.")] = 0,
    quarantine: Quarantine = False,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Verify a plan and its certificate without trusting a solver.

    Recomputes every constraint and cost, and from the prices in certificate.json the lower bound that no plan can
    undercut; compares the prices of random shipments with a second writing of the rules. Leaves with 4 where anything
    does not hold.

    [bold]Examples[/bold]

    - quartermaster verify day plan

    - quartermaster verify day plan --cells 10000 --seed 7 --json
    """
    from quartermaster import api
    from quartermaster.cli.outcome import show_verification
    from quartermaster.documents import verification_document

    checked = read(snapshot, quarantine=quarantine, strict=strict, negative_stock=negative_stock).snapshot
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        found = api.verify(checked, plan, cells=cells, seed=seed, progress=progress)
    if json:
        print_json(verification_document(found))
    else:
        show_verification(found, checked.currency)
    if not found.ok:
        raise typer.Exit(ExitCode.VIOLATIONS)
