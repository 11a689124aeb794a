"""How strictly an input is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Choices of one reading; the defaults are the strictest but for suspect weights.

    Parameters
    ----------
    quarantine
        Leave out bad orders one by one (up to 5 % of them) where otherwise the whole input would be refused.
    negative_stock_as_zero
        Read a negative `on_hand` as 0, with a warning, where otherwise it would be a problem.
    strict
        Refuse suspect weights where otherwise they would be warned of.
    """

    quarantine: bool = False
    negative_stock_as_zero: bool = False
    strict: bool = False
