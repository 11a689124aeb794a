"""A plan that a caller brings, read from a document: strict types, every problem with its pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS
from quartermaster.errors import InputError, Problem
from quartermaster.io.brought_plan import NEEDED, BroughtPlan
from quartermaster.io.findings import shown
from quartermaster.io.json_text import pointer_part
from quartermaster.io.plan_cells import MONEY_COLUMNS, WHOLE_COLUMNS, plan_money
from quartermaster.io.plan_claims import claimed_cost
from quartermaster.io.texts import Refused
from quartermaster.service.answers import PlanAnswer

if TYPE_CHECKING:
    import pandas as pd

TABLES: Mapping[str, tuple[str, ...]] = {
    "allocations": ALLOCATION_COLUMNS,
    "shipments": SHIPMENT_COLUMNS,
    "backorders": BACKORDER_COLUMNS,
}
"""Columns of each table of a plan."""
REQUIRED_TABLES = ("allocations", "shipments")
"""Tables that no plan can do without."""
MAY_BE_EMPTY = "carrier"
"""The one required text that may be empty: it is, where a snapshot has no services."""
MAX_WHOLE = 10**15
"""Largest whole number of a cell; more is surely a mistake."""


def required_columns(table: str) -> tuple[str, ...]:
    """Return the columns that no row of a table can do without.

    Parameters
    ----------
    table
        A key of `TABLES`.
    """
    return NEEDED[f"{table}.csv"]


def brought_plan(document: Any) -> BroughtPlan:
    """Read a plan: the answer of ``/v1/plan`` as it is, or just its allocations and shipments.

    Parameters
    ----------
    document
        The parsed JSON.

    Raises
    ------
    InputError
        If it is not of that form; carries every problem. Whether the plan is any good is not asked here.
    """
    if not isinstance(document, Mapping):
        raise InputError([Problem("type", "must be an object")])
    problems = [
        Problem("unknown_field", f"unknown; known are {', '.join(PlanAnswer.model_fields)}", pointer=_pointer(name))
        for name in document
        if name not in PlanAnswer.model_fields
    ]
    frames = {name: _frame(name, document.get(name), problems) for name in TABLES}
    claims: list[Problem] = []
    claimed, total_micro = claimed_cost(document, claims)
    problems += [replace(claim, file="", column="", pointer="/" + claim.column.replace(".", "/")) for claim in claims]
    if problems:
        raise InputError(problems)
    return BroughtPlan(
        allocations=frames["allocations"],
        shipments=frames["shipments"],
        backorders=frames["backorders"] if document.get("backorders") is not None else None,
        document=document,
        claimed=claimed,
        claimed_total_micro=total_micro,
    )


def _pointer(*parts: str | int) -> str:
    return "".join(f"/{pointer_part(shown(part))}" for part in parts)


def _frame(table: str, rows: Any, problems: list[Problem]) -> pd.DataFrame:
    import pandas as pd

    if rows is None and table in REQUIRED_TABLES:
        problems.append(Problem("missing_field", "must be given", pointer=_pointer(table)))
    elif rows is not None and not isinstance(rows, list):
        problems.append(Problem("type", "must be an array of objects", pointer=_pointer(table)))
    held = rows if isinstance(rows, list) else []
    for position, row in enumerate(held):
        _check_row(table, position, row, problems)
    if problems:
        return pd.DataFrame()
    given = {name for row in held for name in row}
    names = [name for name in TABLES[table] if name in given or name in required_columns(table)]
    return pd.DataFrame({name: pd.Series([row.get(name) for row in held], dtype=object) for name in names})


def _check_row(table: str, position: int, row: Any, problems: list[Problem]) -> None:
    if not isinstance(row, Mapping):
        problems.append(Problem("type", "must be an object", pointer=_pointer(table, position)))
        return
    known, required = TABLES[table], required_columns(table)
    problems += [
        Problem("missing_field", "must be given", pointer=_pointer(table, position, name))
        for name in required
        if row.get(name) is None or (row[name] == "" and name != MAY_BE_EMPTY)
    ]
    for name, value in row.items():
        pointer = _pointer(table, position, name)
        if name not in known:
            problems.append(Problem("unknown_field", f"unknown; known are {', '.join(known)}", pointer=pointer))
        elif value is not None:
            try:
                _check_cell(name, value)
            except Refused as refused:
                problems.append(Problem(refused.code, refused.detail, pointer=pointer, value=shown(value)))


def _check_cell(column: str, value: Any) -> None:
    if column in WHOLE_COLUMNS:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_WHOLE:
            raise Refused("type", f"must be a whole number of at most {MAX_WHOLE}")
    elif column in MONEY_COLUMNS and isinstance(value, str):
        plan_money(value)
    elif column in MONEY_COLUMNS:
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise Refused("type", "must be an amount as decimal text")
    elif not isinstance(value, str):
        raise Refused("type", "must be text")
