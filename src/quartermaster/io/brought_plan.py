"""Reading a plan folder, ours or one that people bring: allocations.csv and shipments.csv suffice.

A file that cannot be read as a plan is a problem of the input. Whether the plan is any good is not asked here: a
quantity of -3 or an unknown node is read, and `quartermaster.evaluation` names the rule it breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS, Objective
from quartermaster.errors import InputError, Problem
from quartermaster.io.files import decode, read_bytes
from quartermaster.io.findings import shown
from quartermaster.io.limits import DEFAULT_LIMITS
from quartermaster.io.plan_cells import plan_cell
from quartermaster.io.plan_claims import claimed_certified_bound, claimed_cost, claimed_policy, read_plan_document
from quartermaster.io.plan_csv import csv_table
from quartermaster.io.texts import Refused
from quartermaster.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

NEEDED = {
    "allocations.csv": ("order_id", "line_id", "quantity", "shipment_id"),
    "shipments.csv": ("shipment_id", "order_id", "node_id", "carrier", "service"),
    "backorders.csv": ("order_id", "line_id", "quantity"),
}
"""Columns that no plan can do without, by file; every other column may be absent."""
KNOWN = {
    "allocations.csv": ALLOCATION_COLUMNS,
    "shipments.csv": SHIPMENT_COLUMNS,
    "backorders.csv": BACKORDER_COLUMNS,
}
"""Every column, by file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BroughtPlan:
    """A plan as read from files.

    Parameters
    ----------
    allocations, shipments
        The tables with the columns their files have: ids are str, whole numbers int, money Decimal, dates ISO text. A
        cell that is not given is None, or an empty text in a text column.
    backorders
        Likewise; None where the folder has no backorders.csv.
    document
        The content of plan.json; empty where the folder has none.
    policy
        The policy it was made under; None where it does not say.
    claimed
        The cost it claims by term; None where it claims none.
    claimed_total_micro
        The total it claims, in micro; None where it claims none.
    certified_bound_micro
        The certified bound it claims, in micro; None where it claims none.
    """

    allocations: pd.DataFrame
    shipments: pd.DataFrame
    backorders: pd.DataFrame | None = None
    document: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    policy: Policy | None = None
    claimed: Objective | None = None
    claimed_total_micro: int | None = None
    certified_bound_micro: int | None = None


def read_plan(folder: str | Path) -> BroughtPlan:
    """Read a plan folder.

    Parameters
    ----------
    folder
        It must hold allocations.csv and shipments.csv; backorders.csv and plan.json may be absent.

    Raises
    ------
    InputError
        If a file is missing or malformed; carries every problem of all files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        code = "file_kind" if folder.exists() else "file_missing"
        raise InputError([Problem(code, "must be the folder of a plan", file=str(folder))])
    problems: list[Problem] = []
    allocations = _read_table(folder / "allocations.csv", problems)
    shipments = _read_table(folder / "shipments.csv", problems)
    path = folder / "backorders.csv"
    backorders = _read_table(path, problems) if path.exists() else None
    path = folder / "plan.json"
    document = read_plan_document(path, problems) if path.exists() else {}
    policy = claimed_policy(document, problems)
    claimed, claimed_total_micro = claimed_cost(document, problems)
    certified_bound_micro = claimed_certified_bound(document, problems)
    if problems:
        raise InputError(problems)
    return BroughtPlan(
        allocations=allocations,
        shipments=shipments,
        backorders=backorders,
        document=MappingProxyType(dict(document)),
        policy=policy,
        claimed=claimed,
        claimed_total_micro=claimed_total_micro,
        certified_bound_micro=certified_bound_micro,
    )


def _read_table(path: Path, problems: list[Problem]) -> pd.DataFrame:
    import pandas as pd  # late: it is slow to import, and nothing else that imports this module needs it

    file = path.name
    found: list[Problem] = []
    columns: dict[str, list[Any]] = {}
    try:
        text = decode(read_bytes(path, DEFAULT_LIMITS.max_file_bytes), file)
    except InputError as error:
        problems += [replace(problem, file=file) for problem in error.problems]
        return pd.DataFrame()
    table = csv_table(text, file, NEEDED[file], KNOWN[file], found)
    for name, cells in table.columns.items():
        columns[name] = []
        for row, cell in zip(table.rows, cells, strict=True):
            try:
                columns[name].append(plan_cell(name, cell, needed=name in NEEDED[file]))
            except Refused as refused:
                found.append(Problem(refused.code, refused.detail, file=file, row=row, column=name, value=shown(cell)))
    problems += sorted(found, key=lambda problem: problem.row or 0)
    if found:
        return pd.DataFrame()
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
