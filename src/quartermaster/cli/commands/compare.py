"""``quartermaster compare``: the optimum beside every named rule."""

from __future__ import annotations

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.interrupts import leave_at_once
from quartermaster.cli.options import NegativeStock, PolicyPath, SnapshotPath, Stock, Strict, TimeLimit, policy_of, read
from quartermaster.cli.progress import progress_bar


def compare(
    snapshot: SnapshotPath,
    policy: PolicyPath = None,
    time_limit: TimeLimit = None,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Set the optimum beside every named rule: cost, fill, split, on time, seconds.

    [bold]Examples[/bold]

    - quartermaster compare day

    - quartermaster compare day --policy policy.toml --json > comparison.json
    """
    from quartermaster import api
    from quartermaster.cli.outcome import comparison_rows, show_comparison

    chosen = policy_of(policy, time_limit=time_limit)
    checked = read(snapshot, strict=strict, negative_stock=negative_stock).snapshot
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        plans = api.compare(checked, chosen, progress=progress)
    if json:
        print_json(comparison_rows(plans))
    else:
        show_comparison(checked, plans, {})
