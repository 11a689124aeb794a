"""Totals of runs by scope since the beginning, whatever process made them: how many, how long, and what solvers did.

They are counted in the transaction that writes the plan or its failure, so that none is missed and none counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import insert, select, update

from quartermaster.store.database import Transaction
from quartermaster.store.instants import SECOND
from quartermaster.store.plans import FAILED, stored_plan
from quartermaster.store.tables import RUN_TOTALS

ENDS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""Upper ends of the classes of seconds; one more is without end."""
_RUNS, _FAILED, _MICROS = "runs", "failed", "micros"
_CONTRADICTIONS, _FAILURES = "solver_contradictions", "solver_failures"


@dataclass(slots=True)
class RunTotals:
    """Totals of one scope.

    Parameters
    ----------
    runs, failed
        Runs that were done, and those of them that made no plan.
    seconds
        That they took, together.
    contradictions, failures
        How often solvers contradicted what is known, and how often they failed.
    within
        Runs that took at most so many seconds, by the ends of classes.
    """

    runs: int = 0
    failed: int = 0
    seconds: float = 0.0
    contradictions: int = 0
    failures: int = 0
    within: dict[int, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))


def count_run(transaction: Transaction, scope_id: str, plan_id: str) -> None:
    """Count a run whose plan was just written, or failed; the scope must be locked.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    """
    plan = stored_plan(transaction, scope_id, plan_id)
    took = 0
    if plan.started_at is not None and plan.finished_at is not None:
        took = max(0, plan.finished_at - plan.started_at)
    added = {
        _RUNS: 1,
        _FAILED: int(plan.state == FAILED),
        _MICROS: took,
        _CONTRADICTIONS: int(plan.summary.get(_CONTRADICTIONS, 0)),
        _FAILURES: int(plan.summary.get(_FAILURES, 0)),
        **{f"within {end}": int(took <= end * SECOND) for end in ENDS},
    }
    for name, value in added.items():
        _add(transaction, scope_id, name, value)


def run_totals(transaction: Transaction) -> dict[str, RunTotals]:
    """Return the totals of every scope that had a run.

    Parameters
    ----------
    transaction
        The transaction.
    """
    values: dict[str, dict[str, int]] = defaultdict(dict)
    for row in transaction.all(select(RUN_TOTALS)):
        values[row.scope_id][row.name] = row.value
    return {
        scope_id: RunTotals(
            runs=found.get(_RUNS, 0),
            failed=found.get(_FAILED, 0),
            seconds=found.get(_MICROS, 0) / SECOND,
            contradictions=found.get(_CONTRADICTIONS, 0),
            failures=found.get(_FAILURES, 0),
            within={end: found.get(f"within {end}", 0) for end in ENDS},
        )
        for scope_id, found in sorted(values.items())
    }


def _add(transaction: Transaction, scope_id: str, name: str, value: int) -> None:
    own = (RUN_TOTALS.c.scope_id == scope_id, RUN_TOTALS.c.name == name)
    if not transaction.run(update(RUN_TOTALS).where(*own).values(value=RUN_TOTALS.c.value + value)):
        transaction.run(insert(RUN_TOTALS).values(scope_id=scope_id, name=name, value=value))
