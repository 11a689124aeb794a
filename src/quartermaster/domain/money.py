"""Exact money: integers in 10^-6 of the currency unit, and the one rounding rule."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

MICRO = 10**6
"""Micro units in one currency unit."""


def round_half_up(value: Fraction) -> int:
    """Round an exact rational to the nearest integer, halves upwards.

    Parameters
    ----------
    value
        Any exact rational.
    """
    return round_ratio(value.numerator, value.denominator)


def round_ratio(up: int, down: int) -> int:
    """Round a quotient of whole numbers to the nearest integer, halves upwards.

    Parameters
    ----------
    up, down
        Numerator, and denominator > 0.
    """
    return (2 * up + down) // (2 * down)


@lru_cache(maxsize=4096)
def to_micro(amount: Decimal) -> int:
    """Turn a currency amount into micro units, rounded half-up once.

    Parameters
    ----------
    amount
        Amount in currency units; exact for up to 6 decimals.
    """
    up, down = amount.as_integer_ratio()
    return round_ratio(up * MICRO, down)


def from_micro(micro: int) -> Decimal:
    """Turn micro units into currency units, exactly.

    Parameters
    ----------
    micro
        Amount in 10^-6 currency units.
    """
    return Decimal(int(micro)).scaleb(-6)


def money_text(micro: int) -> str:
    """Write micro units as a plain decimal string with at least two decimals: ``12.50``, ``0.000001``.

    Parameters
    ----------
    micro
        Amount in 10^-6 currency units.
    """
    sign = "-" if micro < 0 else ""
    whole, part = divmod(abs(int(micro)), MICRO)
    return f"{sign}{whole}.{f'{part:06d}'[:2]}{f'{part:06d}'[2:].rstrip('0')}"
