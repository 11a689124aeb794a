"""The cells of a plan's tables: text as it stands, whole numbers, money and dates exactly as they are written."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from quartermaster.domain.plan import EXPECTED_COLUMNS, SHIPMENT_COLUMNS
from quartermaster.io.numbers import MONEY_DECIMALS
from quartermaster.io.texts import Refused

MONEY_COLUMNS = SHIPMENT_COLUMNS[-4:]
"""Columns of a plan that are money."""
WHOLE_COLUMNS = ("quantity", "parcels", "billable_weight_g", "distance_m", "units")
"""Columns of a plan that are whole numbers."""
DATE_COLUMNS = ("ship_date", "delivery_date", *EXPECTED_COLUMNS)
"""Columns of a plan that are dates."""

MONEY_PATTERN = rf"-?[0-9]{{1,18}}(\.[0-9]{{1,{MONEY_DECIMALS}}})?"
"""Money as text, of any plan."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_MONEY = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")


def plan_cell(column: str, cell: str, *, needed: bool) -> Any:
    """Read one cell: None where a number or a date is not given, an empty text where a text is not.

    An expected date that is empty stays an empty text, as a plan holds it: it says that no date can be promised.

    Parameters
    ----------
    column
        Its column.
    cell
        The text.
    needed
        Whether it must be given. The carrier may be empty even so: it is, where a snapshot has no services.

    Raises
    ------
    Refused
        If the cell is not of its column's kind.
    """
    if cell == "":
        if needed and column != "carrier":
            raise Refused("missing_field", "must be given")
        numbers_and_dates = (*WHOLE_COLUMNS, *MONEY_COLUMNS, *DATE_COLUMNS)
        return None if column in numbers_and_dates and column not in EXPECTED_COLUMNS else ""
    if column in WHOLE_COLUMNS:
        return _whole(cell)
    if column in MONEY_COLUMNS:
        return plan_money(cell)
    return _day(cell) if column in DATE_COLUMNS else cell


def plan_money(cell: str) -> Decimal:
    """Read money; a negative amount is read too, for evaluation to judge.

    Parameters
    ----------
    cell
        The text.

    Raises
    ------
    Refused
        If it is not a plain decimal of at most 6 decimals.
    """
    if _MONEY.fullmatch(cell) is None:
        raise Refused("number_format", "must be a decimal number in plain digits, such as 12.50")
    if len(cell.partition(".")[2]) > MONEY_DECIMALS:
        raise Refused("money_scale", f"must have at most {MONEY_DECIMALS} decimals")
    return Decimal(cell)


def _whole(cell: str) -> int:
    if _WHOLE.fullmatch(cell) is None:
        raise Refused("qty_not_whole", "must be a whole number in plain digits")
    return int(cell)


def _day(cell: str) -> str:
    try:
        well_formed = date.fromisoformat(cell).isoformat() == cell  # 20261127 and 2026-W48-5 are ISO too, but not ours
    except ValueError:
        well_formed = False
    if not well_formed:
        raise Refused("time_format", "must be a date such as 2026-11-27")
    return cell
