"""Judging a plan that another process made, before anything is done by it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.evaluation import evaluate_tables
from quartermaster.policy import Policy
from quartermaster.scheduling.child import Made
from quartermaster.scheduling.commit import Rows, brought, rows_in
from quartermaster.scheduling.freeze import Frozen


def judged(snapshot: Snapshot, policy: Policy, made: Made, found: Frozen) -> tuple[Rows, dict[str, Any]]:
    """Read a plan from its files, judge it by the snapshot of this process, and say how good it is.

    Parameters
    ----------
    snapshot, policy
        What was planned, and how.
    made
        What planning left.
    found
        What was frozen.

    Raises
    ------
    ModelError
        If it breaks a rule, or costs other than it says: our bug.
    """
    read = brought(made.parts)
    evaluation = evaluate_tables(
        snapshot,
        policy,
        read.allocations,
        read.shipments,
        read.backorders,
        read.claimed,
        claimed_total_micro=read.claimed_total_micro,
    )
    if evaluation.violations:
        first = evaluation.violations[0]
        raise ModelError(f"the plan breaks {len(evaluation.violations)} rules, first {first.rule}: {first.message}")
    document = json.loads(made.parts["plan.json"])
    rows = rows_in(read)
    return rows, {
        **{name: value for name, value in document.items() if name != "policy"},
        "currency": snapshot.currency,
        "orders": len(snapshot.orders),
        "allocations": len(rows.allocations),
        "shipments": len(read.shipments),
        "backorders": len(rows.backorders),
        "backordered_units": _by_reason(rows),
        "rejected": len(found.rejected),
        "fallback": made.fallback,
        **_solver_faults(made),
    }


def _by_reason(rows: Rows) -> dict[str, int]:
    """Return the units that a plan leaves waiting, by reason."""
    units: Counter[str] = Counter()
    for row in rows.backorders:
        units[row.reason] += row.quantity
    return dict(units)


def _solver_faults(made: Made) -> dict[str, int]:
    """Return how often solvers contradicted what is known, and how often they failed, while a plan was made."""
    counters = json.loads(made.parts.get("run.json", b"{}")).get("counters", {})
    return {name: counters.get(name, 0) for name in ("solver_contradictions", "solver_failures")}
