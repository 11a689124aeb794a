"""What a plan says of itself, compared with what was recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quartermaster.domain.money import money_text
from quartermaster.domain.plan import Objective, Reason
from quartermaster.evaluation.constraints import Shipped
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import BackorderRow, day, micro, whole
from quartermaster.evaluation.pricing import PricedShipment
from quartermaster.evaluation.records import Records
from quartermaster.evaluation.violations import Findings

WHOLE = ("parcels", "billable_weight_g", "distance_m", "units")
DATES = ("ship_date", "delivery_date")
MONEY = ("transport", "handling", "distance", "late")
REASONS = frozenset({*(str(reason) for reason in Reason), "line_complete"})
"""Reasons a backorder may have; a plan that people bring may tell `line_complete` from `ship_complete`."""


def check_shipment_claims(load: Load, priced: PricedShipment, findings: Findings) -> None:
    """Compare each derived column of a shipment that is given with the true value.

    Parameters
    ----------
    load
        The shipment.
    priced
        The true values.
    findings
        Violations are added to it.
    """
    for name, cell in load.shipment.claims.items():
        claimed, true = _comparable(name, cell), getattr(priced, name)
        if name in DATES:
            true = true.isoformat()
        if claimed != true:
            shown = money_text(true) if name in MONEY else true
            findings.add(f"wrong_{name}", load.shipment.where, f"{name} {cell}, it is {shown}")


def _comparable(name: str, cell: Any) -> Any:
    if name in WHOLE:
        return whole(cell)
    if name in MONEY:
        return micro(cell)
    return day(cell) if name in DATES else str(cell)


def check_backorders(rows: Sequence[BackorderRow], shipped: Shipped, records: Records, findings: Findings) -> None:
    """Backorders are what was ordered and is not allocated, line by line, each with a known reason.

    Parameters
    ----------
    rows
        Backorders of the plan.
    shipped
        Units allocated of each line.
    records
        The snapshot.
    findings
        Violations are added to it.
    """
    claimed: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.order_id, row.line_id)
        line = records.lines.get(key)
        if line is None:
            rule = "unknown_line" if row.order_id in records.orders else "unknown_order"
            findings.add(rule, row.where, "not in the snapshot")
        elif row.sku and row.sku != line.sku:
            findings.add("unknown_sku", row.where, f"SKU {row.sku}, ordered was {line.sku}")
        if row.reason and row.reason not in REASONS:
            findings.add("wrong_reason", row.where, f"reason {row.reason}; known are {', '.join(sorted(REASONS))}")
        if key in claimed:
            findings.add("duplicate_backorder", row.where, "stands on two rows")
        else:
            claimed[key] = row.quantity
    for key, line in records.lines.items():
        short = max(0, line.quantity - shipped[key])
        if claimed.get(key, 0) != short:
            findings.add(
                "wrong_backorder",
                f"order {line.order_id} line {line.line_id}",
                f"{claimed.get(key, 0)} units backordered, {short} of {line.quantity} are not allocated",
            )


def check_objective(
    claimed: Objective | None, claimed_total_micro: int | None, objective: Objective, findings: Findings
) -> None:
    """Compare a claimed cost with the true one, term by term, to the last micro.

    Parameters
    ----------
    claimed
        Claimed terms; None = not given.
    claimed_total_micro
        Claimed total, where it is told apart from the terms; None = not given.
    objective
        The true cost.
    findings
        Violations are added to it.
    """
    if claimed is not None:
        true = objective.terms_micro()
        for name, amount in claimed.terms_micro().items():
            if amount != true[name]:
                message = f"{money_text(amount)} claimed, it is {money_text(true[name])}"
                findings.add("wrong_objective", f"objective {name}", message)
    if claimed_total_micro is not None and claimed_total_micro != objective.total_micro:
        message = f"{money_text(claimed_total_micro)} claimed, it is {money_text(objective.total_micro)}"
        findings.add("wrong_objective", "objective total", message)
