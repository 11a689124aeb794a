"""The foot of the page: what it takes to make the plan again, and how the time was spent."""

from __future__ import annotations

from decimal import Decimal

from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import policy_document
from quartermaster.report.markup import Row, definitions, section, table
from quartermaster.report.text import gap_percent, money, percent, plural


def run_section(snapshot: Snapshot, plan: Plan) -> str:
    """Write the run facts.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    facts = definitions(
        [
            ("Snapshot", snapshot.version),
            ("Size", _size(snapshot)),
            ("SHA-256 of the content", plan.snapshot_sha256),
            ("Status", str(plan.status)),
            ("Lower bound", money(plan.bound, snapshot.currency, 6) if plan.bound is not None else ""),
            (
                "Certified bound",
                money(plan.certified_bound, snapshot.currency, 6) if plan.certified_bound is not None else "",
            ),
            ("Total", money(plan.objective.total, snapshot.currency, 6)),
            ("Gap", _gap(plan.gap)),
            ("Certified gap", _gap(plan.certified_gap)),
            ("Gap without backorders", _gap(plan.gap_served)),
            ("Policy", _policy(plan)),
            ("Seed", str(plan.seed)),
            ("Repeats byte for byte", "yes" if plan.deterministic else "no: the clock, not the work, ended the search"),
            ("Versions", ", ".join(f"{name} {version}" for name, version in sorted(plan.versions.items()))),
            ("Machine", ", ".join(f"{name} {value}" for name, value in plan.run.machine.items())),
            ("Peak memory", f"{plan.run.peak_memory_bytes / 2**20:,.0f} MiB" if plan.run.peak_memory_bytes else ""),
            ("Warnings", " · ".join(plan.run.warnings)),
        ],
        code=("SHA-256 of the content",),
    )
    return section("How it was made", "", facts + _phases(plan))


def _gap(gap: Decimal | None) -> str:
    return f"{gap_percent(gap)} ({gap:f})" if gap is not None else ""


def _size(snapshot: Snapshot) -> str:
    parts = [
        plural(len(snapshot.orders), "order"),
        plural(len(snapshot.order_lines), "line"),
        plural(len(snapshot.nodes), "node"),
        plural(len(snapshot.products), "SKU"),
        plural(len(snapshot.services), "service"),
    ]
    return ", ".join(parts)


def _policy(plan: Plan) -> str:
    document = policy_document(plan.policy)
    given = [f"strategy = {document['strategy']}"]
    for name, held in document.items():
        if isinstance(held, dict):
            given += [f"{name}.{key} = {value}" for key, value in held.items() if str(value) != "0"]
    return ", ".join(given)


def _phases(plan: Plan) -> str:
    seconds = plan.run.seconds
    total = sum(seconds.values())
    if not total:
        return ""
    rows = [
        Row([name.replace("_", " "), f"{spent:,.2f} s", percent(Decimal(spent / total), 0)])
        for name, spent in seconds.items()
    ]
    return "<h3>Seconds by phase</h3>" + table(["Phase", "Wall time", "Share"], rows, narrow=True)
