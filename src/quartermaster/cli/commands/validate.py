"""``quartermaster validate``: every problem of the input, and what the input will mean for a plan."""

from __future__ import annotations

from dataclasses import asdict

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, console, print_json
from quartermaster.cli.options import NegativeStock, PolicyPath, SnapshotPath, Stock, Strict, policy_of, read


def validate(
    snapshot: SnapshotPath,
    policy: PolicyPath = None,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """List every problem of the input, and what it will mean: lanes without a service, stock that is short.

    Leaves with 2 where the input is not valid.

    [bold]Examples[/bold]

    - quartermaster validate day

    - quartermaster validate day --errors=json 2> problems.json
    """
    from quartermaster.cli.outcome import show_outlook
    from quartermaster.outlook import outlook

    chosen = policy_of(policy)
    checked = read(snapshot, strict=strict, negative_stock=negative_stock).snapshot
    counts = {name: len(table) for name, table in checked.tables().items()}
    remarks = outlook(checked, chosen)
    if json:
        listed = {"remarks": [asdict(remark) for remark in remarks], "warnings": [asdict(w) for w in checked.warnings]}
        print_json({"valid": True, "counts": counts, **listed})
        return
    console().print(f"{snapshot}: valid", markup=False, soft_wrap=True)
    show_outlook(counts, remarks, checked.warnings)
