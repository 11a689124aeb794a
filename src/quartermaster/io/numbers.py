"""Numbers as they are written: whole units, exact decimals, money, degrees. Only degrees pass through a float."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from quartermaster.io.cell_rules import MAX_MONEY, CellRule
from quartermaster.io.iso import CURRENCIES
from quartermaster.io.texts import Refused

MAX_DECIMALS = 12
"""Most decimals of a number that is not money."""
MONEY_DECIMALS = 6
"""Most decimals of money."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?[0-9][0-9 ,.'\u00a0\u202f]*")
_CURRENCY = re.compile(r"([A-Z]{3}) ?-?[0-9.,]+|-?[0-9.,]+ ?([A-Z]{3})")


def whole(rule: CellRule, cell: Any, *, text_allowed: bool) -> int:
    """Read a whole number within its column's range.

    Parameters
    ----------
    rule
        Column and codes.
    cell
        int, or text where allowed.
    text_allowed
        False for JSON documents, where ``"3"`` is not a number.

    Raises
    ------
    Refused
        If it is not one.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal | str):
        raise Refused("type", rule.allowed)
    if isinstance(cell, str):
        if not text_allowed:
            raise Refused("type", rule.allowed + ", not text")
        number = _whole_of_text(rule, cell)
    elif isinstance(cell, int):
        number = int(cell)
    elif math.isnan(cell):
        raise Refused(rule.below, rule.allowed)
    else:
        raise Refused(rule.not_whole, rule.allowed)
    low, high = rule.column.low, rule.column.high
    if low is not None and number < low:
        raise Refused(rule.below, rule.allowed)
    if high is not None and number > high:
        raise Refused(rule.above, rule.allowed)
    return number


def _whole_of_text(rule: CellRule, text: str) -> int:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _PLAIN.fullmatch(text) and "." not in text:
        raise Refused(rule.below if text.startswith("-") else rule.above, rule.allowed)
    if _SCIENTIFIC.fullmatch(text):
        raise Refused(rule.not_whole, rule.allowed + ", in plain digits")
    if _NOT_FINITE.fullmatch(text):
        raise Refused(rule.below, rule.allowed)
    if _GROUPED.fullmatch(text):
        raise Refused("number_format", rule.allowed + ", without separators")
    raise Refused("type", rule.allowed)


def _plain_decimal(cell: Any, out_of_range: str, allowed: str) -> Decimal:
    """Read a finite number as the exact decimal that is written."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal | str):
        raise Refused("type", allowed)
    if isinstance(cell, str) and not _PLAIN.fullmatch(cell):
        huge = _SCIENTIFIC.fullmatch(cell) and _exponent(cell) > MAX_DECIMALS
        if huge or _NOT_FINITE.fullmatch(cell):
            raise Refused(out_of_range, allowed)
        raise Refused("number_format", allowed + ", in plain digits with a decimal point")
    try:
        number = cell if isinstance(cell, Decimal) else Decimal(str(cell))
    except InvalidOperation:
        raise Refused("number_format", allowed) from None
    if not number.is_finite():
        raise Refused(out_of_range, allowed)
    return number if isinstance(cell, str) or number == 0 else number.normalize()


def _exponent(text: str) -> int:
    try:
        return Decimal(text).adjusted()
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return MAX_DECIMALS + 1


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def amount(cell: Any) -> int:
    """Read money as micro units, exactly.

    Parameters
    ----------
    cell
        Decimal text or number; a float counts as its shortest text.

    Raises
    ------
    Refused
        If it is negative, too large, not finite, has more than 6 decimals, or names a currency.
    """
    allowed = f"must be an amount from 0 to {MAX_MONEY}"
    named = _CURRENCY.fullmatch(cell) if isinstance(cell, str) else None
    if named and (named[1] or named[2]) in CURRENCIES:
        raise Refused("currency_mixed", "must be the number alone, in the currency of the snapshot")
    number = _plain_decimal(cell, "money_range", allowed)
    if not 0 <= number <= MAX_MONEY:
        raise Refused("money_range", allowed)
    if _decimals(number) > MONEY_DECIMALS:
        raise Refused("money_scale", f"must have at most {MONEY_DECIMALS} decimals")
    return int(number.scaleb(MONEY_DECIMALS))


def decimal_number(rule: CellRule, cell: Any) -> Decimal:
    """Read an exact decimal within its column's range.

    Parameters
    ----------
    rule
        Column and codes.
    cell
        Decimal text or number.

    Raises
    ------
    Refused
        If it is not one, or has more than 12 decimals.
    """
    number = _plain_decimal(cell, rule.above, rule.allowed)
    low, high = rule.column.low, rule.column.high
    if low is not None and number < low:
        raise Refused(rule.below, rule.allowed)
    if high is not None and number > high:
        raise Refused(rule.above, rule.allowed)
    if _decimals(number) > MAX_DECIMALS:
        raise Refused("number_format", f"must have at most {MAX_DECIMALS} decimals")
    return number


def degrees(rule: CellRule, cell: Any, *, text_allowed: bool) -> float:
    """Read a latitude or longitude.

    Parameters
    ----------
    rule
        Column and codes.
    cell
        Number, or text where allowed.
    text_allowed
        False for JSON documents.

    Raises
    ------
    Refused
        If it is not a number of degrees within the range.
    """
    if isinstance(cell, str) and not text_allowed:
        raise Refused("type", rule.allowed + ", not text")
    if isinstance(cell, str) and _SCIENTIFIC.fullmatch(cell):
        number = float(cell)
    else:
        number = float(_plain_decimal(cell, rule.above, rule.allowed))
    low, high = rule.column.low, rule.column.high
    if low is None or high is None or not low <= number <= high:
        raise Refused(rule.above, rule.allowed)
    return number + 0.0  # -0.0 and 0.0 are one place
