"""The tables of a plan as plain rows; whatever cannot be read is a violation, never an exception.

A cell that is None, NaN, NaT or empty text is "not given": plans that people bring may lack every derived column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal
from fractions import Fraction
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

from quartermaster.domain.money import MICRO
from quartermaster.domain.plan import EXPECTED_COLUMNS, SHIPMENT_COLUMNS
from quartermaster.evaluation.violations import Findings

if TYPE_CHECKING:
    import pandas as pd

SHIPMENT_IDS = ("shipment_id", "order_id", "node_id", "carrier", "service")
"""Columns that shipments must have; the others are compared where they are given."""
ALLOCATION_IDS = ("order_id", "line_id", "shipment_id")
"""Id columns that allocations must have, besides `quantity`; `sku` and `node_id` are compared where given."""

_PLACES = 400
"""Decimal places of a number before the point, and after it, at the most: what floats have, and more than money."""
_SHORT = Context(prec=2 * _PLACES, Emin=-_PLACES, Emax=_PLACES, traps=[Inexact, InvalidOperation, Overflow, Subnormal])
"""Takes numbers of so many places as they are; ``1e99999999`` would be written out before it could be compared."""


class AllocationRow(NamedTuple):
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


class ShipmentRow(NamedTuple):
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


class BackorderRow(NamedTuple):
    """Units of one order line that do not ship; `reason` and dates (ISO text) are empty where not given."""

    order_id: str
    line_id: str
    sku: str
    quantity: int
    reason: str
    expected_ship_date: str
    expected_delivery_date: str

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
    columns = _columns(frame, "allocations", (*ALLOCATION_IDS, "quantity"), ("sku", "node_id"), findings)
    rows: list[AllocationRow] = []
    for order_id, line_id, shipment_id, units, sku, node_id in zip(*columns, strict=True):
        quantity = whole(units)
        row = AllocationRow(text(order_id), text(line_id), text(sku), text(node_id), quantity or 0, text(shipment_id))
        if quantity is None or quantity <= 0:
            findings.add("quantity", row.where, f"quantity {units} must be a whole number > 0")
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
    derived = [name for name in SHIPMENT_COLUMNS if name not in SHIPMENT_IDS and name in frame.columns]
    columns = _columns(frame, "shipments", SHIPMENT_IDS, derived, findings)
    rows: list[ShipmentRow] = []
    for shipment_id, order_id, node_id, carrier, service, *cells in zip(*columns, strict=True):
        claims = {name: cell for name, cell in zip(derived, cells, strict=True) if is_given(cell)}
        ids = (text(shipment_id), text(order_id), text(node_id), text(carrier), text(service))
        rows.append(ShipmentRow(*ids, claims))
    return rows


def backorder_rows(frame: pd.DataFrame, findings: Findings) -> list[BackorderRow]:
    """Read backorders; a row whose quantity is not a whole number > 0 is a violation and is left out.

    Parameters
    ----------
    frame
        Columns as in `BACKORDER_COLUMNS`; `sku`, `reason` and the expected dates may be absent.
    findings
        Violations are added to it.
    """
    optional = ("sku", "reason", *EXPECTED_COLUMNS)
    columns = _columns(frame, "backorders", ("order_id", "line_id", "quantity"), optional, findings)
    rows: list[BackorderRow] = []
    for order_id, line_id, units, sku, reason, *days in zip(*columns, strict=True):
        quantity = whole(units)
        ships, arrives = (day(cell) if is_given(cell) else "" for cell in days)
        row = BackorderRow(text(order_id), text(line_id), text(sku), quantity or 0, text(reason), ships, arrives)
        if quantity is None or quantity <= 0:
            findings.add("quantity", row.where, f"quantity {units} must be a whole number > 0")
        else:
            rows.append(row)
    return rows


def _columns(
    frame: pd.DataFrame, table: str, required: Sequence[str], optional: Sequence[str], findings: Findings
) -> list[list[Any]]:
    """The cells of each column, the required ones first; no rows when one is missing that no plan can do without."""
    places = {str(name): position for position, name in enumerate(frame.columns)}
    missing = [name for name in required if name not in places]
    for name in missing:
        findings.add("missing_column", table, f"column {name} is missing")
    if missing:
        return [[] for _ in (*required, *optional)]
    absent = [None] * len(frame)
    return [frame.iloc[:, places[name]].tolist() if name in places else absent for name in (*required, *optional)]


def is_given(cell: Any) -> bool:
    """Tell whether a cell holds a value.

    Parameters
    ----------
    cell
        Any cell of a DataFrame.
    """
    if isinstance(cell, str):
        return cell != ""
    if type(cell) is int:
        return True
    if type(cell) is Decimal and not cell.is_nan():
        return True
    return cell is not None and str(cell) not in ("nan", "NaN", "NaT", "<NA>")


def text(cell: Any) -> str:
    """Read an id; empty where not given.

    Parameters
    ----------
    cell
        Any cell of a DataFrame.
    """
    if type(cell) is str:
        return cell
    return str(cell) if is_given(cell) else ""


def whole(cell: Any) -> int | None:
    """Read a whole number; None where the cell is anything else.

    Parameters
    ----------
    cell
        Any cell of a DataFrame: a pandas column with gaps holds its whole numbers as floats.
    """
    if type(cell) is int:
        return cell
    number = _fraction(cell)
    return int(number) if number is not None and number.denominator == 1 else None


def micro(cell: Any) -> int | Fraction | None:
    """Read money exactly, in micro; None where the cell is no number.

    Parameters
    ----------
    cell
        Decimal, decimal text, int, or float (by its shortest text).
    """
    if type(cell) is Decimal and cell.is_finite():  # nearly always; the long way round says the same
        exact = _exact(cell)
        if exact is None:
            return None
        up, down = exact.as_integer_ratio()
        amount, rest = divmod(up * MICRO, down)
        if not rest:
            return amount
    number = _fraction(cell)
    return None if number is None else number * MICRO


def day(cell: Any) -> str:
    """Read a date as ISO text; other text is returned as it stands.

    Parameters
    ----------
    cell
        ISO text, date or datetime.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _fraction(cell: Any) -> Fraction | None:
    if isinstance(cell, bool) or type(cell).__name__ == "bool":  # numpy's bool is not a bool
        return None
    if isinstance(cell, Integral):
        return Fraction(int(cell))
    if not isinstance(cell, str | Decimal | Real) or not is_given(cell):
        return None
    try:
        exact = _exact(cell if type(cell) is Decimal else Decimal(str(cell)))
        return None if exact is None else Fraction(exact)
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _exact(number: Decimal) -> Decimal | None:
    """Return a number as it is; None where it has more places than can be written out."""
    try:
        return _SHORT.create_decimal(number)
    except DecimalException:
        return None
