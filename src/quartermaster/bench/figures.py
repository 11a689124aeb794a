"""One plan as figures of a results file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from quartermaster.domain.plan import Plan
from quartermaster.policy import OPTIMAL

KPIS = ("fill_rate", "split_rate", "on_time_rate", "cost_per_order")


def figures(plan: Plan, seconds: dict[str, float]) -> dict[str, Any]:
    """Put one plan into a results file.

    Parameters
    ----------
    plan
        The plan.
    seconds
        Wall and processor seconds it took in all, as `quartermaster.bench.measure.timed` notes them under "wall".
    """
    return {
        "strategy": plan.strategy,
        "status": str(plan.status),
        # the clock alone ends a rule early: then orders it did not reach are backordered, and its cost says little
        "finished": plan.strategy == OPTIMAL or plan.deterministic,
        "total": str(plan.objective.total),
        "terms": {name: str(amount) for name, amount in plan.objective.terms().items()},
        "bound": _text(plan.bound),
        "gap": _text(plan.gap),
        "gap_served": _text(plan.gap_served),
        "certified_bound": _text(getattr(plan, "certified_bound", None)),
        "certified_gap": _text(getattr(plan, "certified_gap", None)),
        "kpis": {name: str(plan.kpis[name]) for name in KPIS if plan.kpis.get(name) is not None},
        "deterministic": plan.deterministic,
        "wall_seconds": seconds["wall"],
        "cpu_seconds": seconds["wall cpu"],
        "seconds": {name: round(seconds, 3) for name, seconds in plan.run.seconds.items()},
        "counters": dict(plan.run.counters),
        "warnings": [warning for warning in plan.run.warnings if "calendar" not in warning],
    }


def verified(check: Any, seconds: dict[str, float]) -> dict[str, Any]:
    """Put the answer of `quartermaster.verify` into a results file.

    Parameters
    ----------
    check
        The answer.
    seconds
        As in `figures`, and those of writing the plan under "write".
    """
    return {
        "violations": len(check.evaluation.violations),
        "faults": list(check.faults)[:20],
        "cells_compared": check.cells_compared,
        "certified_bound": _text(check.certified_bound),
        "certified_gap": _text(check.certified_gap),
        "write_seconds": seconds["write"],
        "wall_seconds": seconds["wall"],
        "cpu_seconds": seconds["wall cpu"],
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
