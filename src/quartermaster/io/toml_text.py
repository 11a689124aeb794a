"""TOML as it is written: its numbers exactly, and none that no reader should be asked to write out."""

from __future__ import annotations

import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any

from quartermaster.errors import InputError, Problem
from quartermaster.io.json_text import MAX_LITERAL_DIGITS

_MAX_BITS = 10 * MAX_LITERAL_DIGITS // 3 - 50
"""Of a whole number, also of one in hexadecimal digits, which may be as long as the file."""


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Parse a TOML file; fractions and exponents become Decimal, exactly as written.

    Parameters
    ----------
    text
        The decoded file.
    file
        Its name, for the problem.

    Raises
    ------
    InputError
        If it is not TOML, or holds a whole number of thousands of digits.
    """
    try:
        held = tomllib.loads(text, parse_float=_number)
    except tomllib.TOMLDecodeError as error:
        raise InputError([Problem("toml_syntax", f"is not TOML: {error}", file=file)]) from None
    except (ValueError, RecursionError):  # of int(), which takes no more digits
        raise InputError([_beyond(file)]) from None
    inside: list[Any] = [held]
    while inside:
        value = inside.pop()
        if isinstance(value, dict):
            inside += value.values()
        elif isinstance(value, list):
            inside += value
        elif isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise InputError([_beyond(file)])
    return held


def _number(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return Decimal("inf")


def _beyond(file: str) -> Problem:
    detail = f"holds a number of over {MAX_LITERAL_DIGITS} digits, or is nested too deep"
    return Problem("toml_syntax", detail, file=file)
