"""The tables of a plan as plain rows; whatever cannot be read is a violation, never an exception.

A cell that is None, NaN, NaT or empty text is "not given": plans that people bring may lack every derived column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from quartermaster.domain.money import MICRO
from quartermaster.domain.plan import SHIPMENT_COLUMNS
from quartermaster.evaluation.violations import Findings

if TYPE_CHECKING:
    import pandas as pd

SHIPMENT_IDS = ("shipment_id", "order_id", "node_id", "carrier", "service")
"""Columns that shipments must have; the others are compared where they are given."""
ALLOCATION_IDS = ("order_id", "line_id", "shipment_id")
"""Id columns that allocations must have, besides `quantity`; `sku` and `node_id` are compared where given."""


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """Units of one order line in one shipment; `sku` and `node_id` are empty where not given."""

    order_id: str
    line_id: str
    sku: str
    node_id: str
    quantity: int
    shipment_id: str

    @property
    def where(self) -> str:
        """Place of a violation."""
        return f"order {self.order_id} line {self.line_id} in shipment {self.shipment_id}"


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """One shipment, and what its row claims: the given cells of the derived columns, by column."""

    shipment_id: str
    order_id: str
    node_id: str
    carrier: str
    service: str
    claims: Mapping[str, Any]

    @property
    def where(self) -> str:
        """Place of a violation."""
        return f"shipment {self.shipment_id}"


@dataclass(frozen=True, slots=True)
class BackorderRow:
    """Units of one order line that do not ship; `reason` is empty where not given."""

    order_id: str
    line_id: str
    sku: str
    quantity: int
    reason: str

    @property
    def where(self) -> str:
        """Place of a violation."""
        return f"order {self.order_id} line {self.line_id} in backorders"


def allocation_rows(frame: pd.DataFrame, findings: Findings) -> list[AllocationRow]:
    """Read allocations; a row whose quantity is not a whole number > 0 is a violation and is left out.

    Parameters
    ----------
    frame
        Columns as in `ALLOCATION_COLUMNS`; `sku` and `node_id` may be absent.
    findings
        Violations are added to it.
    """
    rows: list[AllocationRow] = []
    for cells in _rows(frame, "allocations", (*ALLOCATION_IDS, "quantity"), findings):
        ids = {name: text(cells.get(name)) for name in ("order_id", "line_id", "sku", "node_id", "shipment_id")}
        quantity = whole(cells["quantity"])
        row = AllocationRow(**ids, quantity=quantity or 0)
        if quantity is None or quantity <= 0:
            findings.add("quantity", row.where, f"quantity {cells['quantity']} must be a whole number > 0")
        else:
            rows.append(row)
    return rows


def shipment_rows(frame: pd.DataFrame, findings: Findings) -> list[ShipmentRow]:
    """Read shipments.

    Parameters
    ----------
    frame
        Columns as in `SHIPMENT_COLUMNS`; only `SHIPMENT_IDS` are needed.
    findings
        Violations are added to it.
    """
    derived = [name for name in SHIPMENT_COLUMNS if name not in SHIPMENT_IDS]
    return [
        ShipmentRow(
            **{name: text(cells[name]) for name in SHIPMENT_IDS},
            claims={name: cells[name] for name in derived if name in cells and is_given(cells[name])},
        )
        for cells in _rows(frame, "shipments", SHIPMENT_IDS, findings)
    ]


def backorder_rows(frame: pd.DataFrame, findings: Findings) -> list[BackorderRow]:
    """Read backorders; a row whose quantity is not a whole number > 0 is a violation and is left out.

    Parameters
    ----------
    frame
        Columns as in `BACKORDER_COLUMNS`; `sku` and `reason` may be absent.
    findings
        Violations are added to it.
    """
    rows: list[BackorderRow] = []
    for cells in _rows(frame, "backorders", ("order_id", "line_id", "quantity"), findings):
        ids = {name: text(cells.get(name)) for name in ("order_id", "line_id", "sku", "reason")}
        quantity = whole(cells["quantity"])
        row = BackorderRow(**ids, quantity=quantity or 0)
        if quantity is None or quantity <= 0:
            findings.add("quantity", row.where, f"quantity {cells['quantity']} must be a whole number > 0")
        else:
            rows.append(row)
    return rows


def _rows(frame: pd.DataFrame, table: str, required: tuple[str, ...], findings: Findings) -> Iterator[dict[str, Any]]:
    """Each row as a dictionary by column; nothing when a column is missing that no plan can do without."""
    names = [str(name) for name in frame.columns]
    missing = [name for name in required if name not in names]
    for name in missing:
        findings.add("missing_column", table, f"column {name} is missing")
    if missing:
        return
    columns = [frame.iloc[:, position].tolist() for position in range(len(names))]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def is_given(cell: Any) -> bool:
    """Tell whether a cell holds a value.

    Parameters
    ----------
    cell
        Any cell of a DataFrame.
    """
    if isinstance(cell, str):
        return cell != ""
    return cell is not None and str(cell) not in ("nan", "NaN", "NaT", "<NA>")


def text(cell: Any) -> str:
    """Read an id; empty where not given.

    Parameters
    ----------
    cell
        Any cell of a DataFrame.
    """
    if type(cell) is str:  # nearly always; the long way round says the same
        return cell
    return str(cell) if is_given(cell) else ""


def whole(cell: Any) -> int | None:
    """Read a whole number; None where the cell is anything else.

    Parameters
    ----------
    cell
        Any cell of a DataFrame: a pandas column with gaps holds its whole numbers as floats.
    """
    if type(cell) is int:  # nearly always; the long way round says the same
        return cell
    number = _fraction(cell)
    return int(number) if number is not None and number.denominator == 1 else None


def micro(cell: Any) -> Fraction | None:
    """Read money exactly, in micro; None where the cell is no number.

    Parameters
    ----------
    cell
        Decimal, decimal text, int, or float (by its shortest text).
    """
    number = _fraction(cell)
    return None if number is None else number * MICRO


def day(cell: Any) -> str:
    """Read a date as ISO text; other text is returned as it stands.

    Parameters
    ----------
    cell
        ISO text, date or datetime.
    """
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _fraction(cell: Any) -> Fraction | None:
    if type(cell) is Decimal and cell.is_finite():  # nearly always; the long way round says the same
        return Fraction(cell)
    if isinstance(cell, bool) or type(cell).__name__ == "bool":  # numpy's bool is not a bool
        return None
    if isinstance(cell, Integral):
        return Fraction(int(cell))
    if not isinstance(cell, str | Decimal | Real) or not is_given(cell):
        return None
    try:
        return Fraction(Decimal(str(cell)))
    except (InvalidOperation, ValueError, OverflowError):
        return None
