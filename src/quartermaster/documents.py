"""Plans and evaluations as JSON documents: what `--json` prints and what the service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartermaster.domain.money import money_text, to_micro
from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS, Plan
from quartermaster.evaluation import Evaluation
from quartermaster.io.plan_cells import MONEY_COLUMNS, WHOLE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd


def tables_document(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Write the three tables of a plan as lists of rows: money as decimal text, whole numbers as numbers.

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
