"""Figures as people read them."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
DASH = "–"
"""Stands where a figure is not known."""


def money(amount: Decimal | None, currency: str, places: int | None = None) -> str:
    """Write an amount with its currency: ``$18,012.40``, ``18,012.40 CHF``.

    Parameters
    ----------
    amount
        In currency units; None gives a dash.
    currency
        ISO 4217 code.
    places
        Decimals; None gives 0 from 1 000 on and 2 below.
    """
    if amount is None:
        return DASH
    if places is None:
        places = 0 if abs(amount) >= 1_000 else 2
    figure = f"{abs(amount):,.{places}f}"
    sign = "−" if amount < 0 and figure.strip("0.,") else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {currency}"


def percent(share: Decimal | None, places: int = 1) -> str:
    """Write a fraction as a percentage: ``6.4 %``.

    Parameters
    ----------
    share
        The fraction; None gives a dash.
    places
        Decimals.
    """
    return DASH if share is None else f"{100 * share:.{places}f} %".replace("-", "−")


def gap_percent(gap: Decimal | None) -> str:
    """Write a gap as a percentage that never reads as smaller than it is: rounded up to two figures.

    Parameters
    ----------
    gap
        The fraction; None gives a dash.
    """
    if gap is None:
        return DASH
    scaled = 100 * gap
    if scaled <= 0:
        return "0 %"
    step = Decimal(1).scaleb(max(scaled.adjusted() - 1, -4))
    return f"{scaled.quantize(step, ROUND_CEILING):f} %"


def count(number: int | Decimal | None) -> str:
    """Write a whole number with thousands apart; None gives a dash.

    Parameters
    ----------
    number
        The number.
    """
    return DASH if number is None else f"{int(number):,}"


def plural(number: int, word: str) -> str:
    """Write a number and its word: ``1 order``, ``1,000 orders``.

    Parameters
    ----------
    number
        How many.
    word
        The word for one.
    """
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def instant(when: datetime) -> str:
    """Write an instant with its day and offset: ``Monday 23 November 2026, 10:00 UTC−05:00``.

    Parameters
    ----------
    when
        Aware instant.
    """
    offset = when.strftime("%z")
    zone = "UTC" if offset in ("+0000", "") else f"UTC{offset[:3]}:{offset[3:5]}".replace("-", "−")
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} {zone}"


def strategy_name(strategy: str) -> str:
    """Write a strategy as words: ``highest stock``; the optimum is ``together``.

    Parameters
    ----------
    strategy
        Name of the policy.
    """
    return "planned together" if strategy == "optimal" else strategy.replace("_", " ")
