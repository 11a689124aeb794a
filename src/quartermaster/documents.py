"""Plans and evaluations as JSON documents: what `--json` prints and what the service answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quartermaster.domain.money import money_text, to_micro
from quartermaster.domain.plan import (
    ALLOCATION_COLUMNS,
    BACKORDER_COLUMNS,
    EXPECTED_COLUMNS,
    SHIPMENT_COLUMNS,
    Plan,
)
from quartermaster.domain.scarcity import ScarceResource
from quartermaster.evaluation import Evaluation
from quartermaster.io.plan_cells import MONEY_COLUMNS, WHOLE_COLUMNS
from quartermaster.verification import Cell, Verification

if TYPE_CHECKING:
    import pandas as pd


def tables_document(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Write the three tables of a plan as lists of rows: money as decimal text, whole numbers as numbers.

    A date that cannot be promised is null.

    Parameters
    ----------
    plan
        The plan.
    """
    return {
        "allocations": _rows(plan.allocations, ALLOCATION_COLUMNS),
        "shipments": _rows(plan.shipments, SHIPMENT_COLUMNS),
        "backorders": _rows(plan.backorders, BACKORDER_COLUMNS),
    }


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    cells = [[_cell(name, value) for value in frame[name].tolist()] for name in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]


def _cell(column: str, value: Any) -> Any:
    if column in MONEY_COLUMNS:
        return money_text(to_micro(value))
    if column in EXPECTED_COLUMNS and not value:
        return None
    return int(value) if column in WHOLE_COLUMNS else str(value)


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """Write an evaluation as interface.md section 6 has it: total, terms, violations.

    Parameters
    ----------
    evaluation
        What a plan costs and breaks.
    """
    objective = evaluation.objective
    return {
        "total": money_text(objective.total_micro),
        "terms": {name: money_text(micro) for name, micro in objective.terms_micro().items()},
        "violations": [
            {"rule": violation.rule, "where": violation.where, "message": violation.message}
            for violation in evaluation.violations
        ],
    }


def verification_document(verification: Verification) -> dict[str, Any]:
    """Write a verification: what evaluation found, the bounds, the cells, and every fault.

    Parameters
    ----------
    verification
        What verification found.
    """
    recomputed = verification.recomputed
    return {
        "ok": verification.ok,
        "faults": list(verification.faults),
        **evaluation_document(verification.evaluation),
        "certified_bound": {
            "recomputed": None if recomputed is None else money_text(recomputed.bound_micro),
            "certificate": _money_or_none(verification.claimed_in_certificate_micro),
            "plan": _money_or_none(verification.claimed_in_plan_micro),
        },
        "certified_gap": None if verification.certified_gap is None else format(verification.certified_gap, "f"),
        "orders": None if recomputed is None else recomputed.orders,
        "orders_bounded_by_a_floor": None if recomputed is None else recomputed.floored_orders,
        "cells_compared": verification.cells_compared,
        "cells_offered": verification.cells_offered,
        "mismatches": [_cell_document(cell) for cell in verification.mismatches],
    }


def scarcity_document(resources: Sequence[ScarceResource]) -> list[dict[str, Any]]:
    """Write scarce resources as rows, prices as decimal text.

    Parameters
    ----------
    resources
        In the order to write.
    """
    return [
        {
            "resource": held.resource,
            "node_id": held.node_id,
            "sku": held.sku,
            "price": money_text(held.price_micro),
            "available": held.available,
            "taken": held.taken,
            "ordered": held.ordered,
            "backordered": held.backordered,
        }
        for held in resources
    ]


def _cell_document(cell: Cell) -> dict[str, Any]:
    return {
        "order_id": cell.order_id,
        "node_id": cell.node_id,
        "carrier": cell.carrier,
        "service": cell.service,
        "units": dict(cell.units),
        "rated": _money_or_none(cell.rated_micro),
        "evaluated": _money_or_none(cell.evaluated_micro),
        "rules": list(cell.rules),
    }


def _money_or_none(micro: int | None) -> str | None:
    return None if micro is None else money_text(micro)
