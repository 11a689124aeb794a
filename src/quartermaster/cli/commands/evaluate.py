"""``quartermaster evaluate``: what any plan costs, and which constraints it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, console, print_json
from quartermaster.cli.exits import ExitCode
from quartermaster.cli.options import NegativeStock, PolicyPath, Quarantine, SnapshotPath, Stock, Strict, read


def evaluate(
    snapshot: SnapshotPath,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="Folder of a plan; allocations.csv and shipments.csv suffice.", show_default=False
        ),
    ],
    policy: PolicyPath = None,
    quarantine: Quarantine = False,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Recompute the cost and every constraint of any plan, without a solver.

    The policy is the one given, else the one in the plan's plan.json, else every default. Leaves with 4 where the
    plan breaks a constraint. A plan made with --quarantine is evaluated with it.

    [bold]Examples[/bold]

    - quartermaster evaluate day plan

    - quartermaster evaluate day plan-of-our-old-system --policy policy.toml --json
    """
    from quartermaster import api
    from quartermaster.cli.outcome import show_violations
    from quartermaster.cli.tables import cost_table
    from quartermaster.documents import evaluation_document

    checked = read(snapshot, quarantine=quarantine, strict=strict, negative_stock=negative_stock).snapshot
    result = api.evaluate(checked, plan, None if policy is None else api.read_policy(policy))
    if json:
        print_json(evaluation_document(result))
    else:
        console().print(cost_table(result.objective, checked.currency))
        show_violations(result.violations)
    if result.violations:
        raise typer.Exit(ExitCode.VIOLATIONS)
