"""``quartermaster prices``: what one more unit of each scarce resource would be worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, console, print_json
from quartermaster.cli.options import NegativeStock, Quarantine, SnapshotPath, Stock, Strict, read


def prices(
    snapshot: SnapshotPath,
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN", help="Folder of a plan made by the optimum.", show_default=False)
    ],
    top: Annotated[int, typer.Option(min=1, help="How many resources to show.")] = 20,
    quarantine: Quarantine = False,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Show the scarcest resources: stock of a SKU at a node, shipments and units of a node.

    A price is an estimate of what one more unit there would save in this plan; every price is in prices.csv.

    [bold]Examples[/bold]

    - quartermaster prices day plan

    - quartermaster prices day plan --top 100 --json > prices.json
    """
    from quartermaster import api
    from quartermaster.cli.tables import scarcity_table
    from quartermaster.documents import scarcity_document

    checked = read(snapshot, quarantine=quarantine, strict=strict, negative_stock=negative_stock).snapshot
    found = api.prices(checked, plan, top=top)
    if json:
        print_json(scarcity_document(found))
    elif found:
        console().print(scarcity_table(found, checked.currency))
    else:
        console().print("Nothing is scarce: no resource has a price.")
