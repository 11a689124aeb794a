"""Which code a bad cell of each column gets; ranges and kinds themselves come from the domain's columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from quartermaster.domain.columns import Column, Kind, columns_of
from quartermaster.domain.snapshot import ROW_TYPES

MAX_MONEY = 10**9
"""Largest amount of one cell in currency units: 10^15 micro, the largest cost of an order."""

_UNITS = ("quantity", "on_hand", "safety_stock", "reserved", "max_units")

_BELOW = {
    "order_lines.quantity": "qty_not_positive",
    "replenishment.quantity": "qty_not_positive",
    "fixed.quantity": "qty_not_positive",
    "inventory.on_hand": "stock_negative",
    "inventory.safety_stock": "safety_negative",
    "inventory.reserved": "stock_negative",
    "products.weight_g": "weight_not_positive",
    "rates.max_weight_g": "weight_not_positive",
    "products.length_mm": "length_range",
    "products.width_mm": "length_range",
    "products.height_mm": "length_range",
    "nodes.max_shipments": "capacity_negative",
    "nodes.max_units": "capacity_negative",
    "services.fuel_surcharge": "fuel_range",
}

_ABOVE = {
    "order_lines.quantity": "qty_too_large",
    "replenishment.quantity": "qty_too_large",
    "fixed.quantity": "qty_too_large",
    "inventory.on_hand": "qty_too_large",
    "inventory.safety_stock": "qty_too_large",
    "inventory.reserved": "qty_too_large",
    "products.weight_g": "weight_range",
    "rates.max_weight_g": "weight_range",
    "products.length_mm": "length_range",
    "products.width_mm": "length_range",
    "products.height_mm": "length_range",
    "services.fuel_surcharge": "fuel_range",
}

_RANGE_OF_KIND = {Kind.DEGREES: "coordinate", Kind.MONEY: "money_range"}


@dataclass(frozen=True, slots=True)
class CellRule:
    """One column with the codes of what can be wrong in its cells.

    Parameters
    ----------
    column
        Kind, range and default.
    table
        Its table.
    below, above
        Codes of a number under `column.low` and over `column.high`.
    not_whole
        Code of a number with a fraction where a whole one is due.
    absent
        Code of a required cell that is not given.
    empty
        Code of a required cell that is given as an empty text.
    """

    column: Column
    table: str
    below: str
    above: str
    not_whole: str
    absent: str
    empty: str

    @property
    def allowed(self) -> str:
        """What a number must be, in words."""
        column = self.column
        kind = "a whole number" if column.kind is Kind.WHOLE else "a number"
        low, high = column.low, MAX_MONEY if column.kind is Kind.MONEY else column.high
        if low is None or high is None:
            return f"must be {kind}"
        return f"must be {kind} from {low:.0f} to {high:.0f}"


@cache
def rules_of(table: str) -> dict[str, CellRule]:
    """List the cell rules of a table by column name.

    Parameters
    ----------
    table
        A key of `ROW_TYPES`.
    """
    rules = {}
    for name, column in columns_of(ROW_TYPES[table]).items():
        place = f"{table}.{name}"
        absent = "weight_not_positive" if place == "products.weight_g" else "missing_field"
        rules[name] = CellRule(
            column=column,
            table=table,
            below=_BELOW.get(place) or _RANGE_OF_KIND.get(column.kind, "out_of_range"),
            above=_ABOVE.get(place) or _RANGE_OF_KIND.get(column.kind, "out_of_range"),
            not_whole="qty_not_whole" if name in _UNITS else "not_whole",
            absent=absent,
            empty="id_format" if column.kind is Kind.ID else absent,
        )
    return rules
