"""Figures of the whole store, for those who watch it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import func, select

from quartermaster.store.database import Transaction
from quartermaster.store.instants import SECOND
from quartermaster.store.plans import QUEUED
from quartermaster.store.run_totals import run_totals
from quartermaster.store.tables import EVENTS, ORDER_LINES, ORDERS, PLANS, RESERVATIONS, STOCK
from quartermaster.store.webhooks import DISABLED, every_webhook, waiting_events

Figure = tuple[str, tuple[str, ...], Mapping[tuple[str, ...], float]]
"""What it means, the names of its labels, the scope before others, and its values by them; one whose name ends in
`_total` only rises."""


def figures(transaction: Transaction) -> dict[str, Figure]:
    """Count orders, units, plans, reservations and events by scope.

    Parameters
    ----------
    transaction
        The transaction.
    """
    line = ORDER_LINES.c
    places = ("open", "allocated", "backordered", "rejected", "cancelled")
    units: dict[tuple[str, ...], float] = {
        (row.scope_id, place): float(getattr(row, f"of_{place}"))
        for row in transaction.all(
            select(line.scope_id, *(func.sum(line[place]).label(f"of_{place}") for place in places)).group_by(
                line.scope_id
            )
        )
        for place in places
    }
    waiting: dict[tuple[str, ...], float] = {
        (row.scope_id,): float(row.times)
        for row in transaction.all(
            select(EVENTS.c.scope_id, func.count().label("times"))
            .where(EVENTS.c.sequence.is_(None))
            .group_by(EVENTS.c.scope_id)
        )
    }
    short: dict[tuple[str, ...], float] = {
        (row.scope_id,): float(row.units)
        for row in transaction.all(
            select(STOCK.c.scope_id, func.sum(STOCK.c.shortfall).label("units")).group_by(STOCK.c.scope_id)
        )
    }
    return {
        "orders": ("Orders by state", ("scope", "state"), _by_state(transaction, ORDERS)),
        "units": ("Ordered units by where they are", ("scope", "place"), units),
        "plans": ("Plans by state", ("scope", "state"), _by_state(transaction, PLANS)),
        "reservations": ("Reservations by state", ("scope", "state"), _by_state(transaction, RESERVATIONS)),
        "shortfall_units": ("Units reserved beyond supply", ("scope",), short),
        "unread_events": ("Events that nobody has read", ("scope",), waiting),
        **_of_current_plans(transaction),
        **_of_runs(transaction),
        **_of_webhooks(transaction),
    }


def _by_state(transaction: Transaction, table: object) -> dict[tuple[str, ...], float]:
    columns = table.c  # type: ignore[attr-defined]
    rows = transaction.all(
        select(columns.scope_id, columns.state, func.count().label("times")).group_by(columns.scope_id, columns.state)
    )
    return {(row.scope_id, row.state): float(row.times) for row in rows}


def _of_current_plans(transaction: Transaction) -> dict[str, Figure]:
    """Gap, fill rate, seconds and contradictions of each scope's current plan, as far as it tells them."""
    values: dict[str, dict[tuple[str, ...], float]] = {"gap": {}, "fill_rate": {}, "solve_seconds": {}, "left": {}}
    for row in transaction.all(select(PLANS).where(PLANS.c.is_current)):
        summary, place = json.loads(row.summary), (row.scope_id,)
        told = {"gap": summary.get("gap"), "fill_rate": (summary.get("kpis") or {}).get("fill_rate")}
        for name, value in told.items():
            if value is not None:
                values[name][place] = float(value)
        for reason, units in summary.get("backordered_units", {}).items():
            values["left"][(row.scope_id, reason)] = float(units)
        if row.started_at is not None and row.finished_at is not None:
            values["solve_seconds"][place] = (row.finished_at - row.started_at) / SECOND
    return {
        "plan_gap": ("Gap of the current plan", ("scope",), values["gap"]),
        "plan_fill_rate": ("Allocated of ordered units in the current plan", ("scope",), values["fill_rate"]),
        "plan_seconds": ("Seconds in which the current plan was made", ("scope",), values["solve_seconds"]),
        "plan_backordered_units": ("Units that the current plan leaves", ("scope", "reason"), values["left"]),
    }


def _of_runs(transaction: Transaction) -> dict[str, Figure]:
    """What runs add up to, and how long the oldest plan that waits has waited."""
    totals = run_totals(transaction).items()
    oldest = (
        select(PLANS.c.scope_id, func.min(PLANS.c.created_at).label("since"))
        .where(PLANS.c.state == QUEUED)
        .group_by(PLANS.c.scope_id)
    )
    waited: dict[tuple[str, ...], float] = {
        (row.scope_id,): (transaction.now - row.since) / SECOND for row in transaction.all(oldest)
    }
    done: dict[tuple[str, ...], float] = {}
    for scope_id, one in totals:
        done |= {(scope_id, "made"): float(one.runs - one.failed), (scope_id, "failed"): float(one.failed)}
    contradictions: dict[tuple[str, ...], float] = {(scope,): float(one.contradictions) for scope, one in totals}
    failures: dict[tuple[str, ...], float] = {(scope,): float(one.failures) for scope, one in totals}
    return {
        "queue_oldest_seconds": ("Seconds that the oldest queued plan has waited", ("scope",), waited),
        "runs_total": ("Runs done", ("scope", "outcome"), done),
        "solver_contradictions_total": (
            "Claims of solvers that contradicted what is known",
            ("scope",),
            contradictions,
        ),
        "solver_failures_total": ("Solvers that crashed, hung or answered nonsense", ("scope",), failures),
    }


def _of_webhooks(transaction: Transaction) -> dict[str, Figure]:
    """Whether each webhook is told, how often in a row it was not, and what it does not know yet."""
    found = every_webhook(transaction)
    places: list[tuple[str, ...]] = [(one.scope_id, one.webhook_id) for one in found]
    disabled = {place: float(one.state == DISABLED) for place, one in zip(places, found, strict=True)}
    failures = {place: float(one.failures) for place, one in zip(places, found, strict=True)}
    waiting: dict[tuple[str, ...], float] = {
        place: float(events) for place, events in waiting_events(transaction).items()
    }
    labels = ("scope", "webhook")
    return {
        "webhook_disabled": ("1 where a webhook was given up", labels, disabled),
        "webhook_failures": ("Attempts in a row that failed", labels, failures),
        "webhook_waiting_events": ("Events that a webhook was not told of yet", labels, waiting),
    }
