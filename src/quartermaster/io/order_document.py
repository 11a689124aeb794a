"""One order of a network that is known already, read by itself: quickly where it is plainly good.

Cells go through the same parsers as those of a snapshot, and what must hold between them is asked as there, of one
order. Whatever is not plainly good is not judged here: it is read as a snapshot of one order, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import isnan
from typing import Any, TypeVar

import numpy as np

from quartermaster.domain.columns import Kind
from quartermaster.domain.money import from_micro
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError
from quartermaster.io.cell_rules import CellRule, rules_of
from quartermaster.io.cells import Form, parse
from quartermaster.io.checks.orders import SKEW, behind_utc
from quartermaster.io.checks.places import in_states
from quartermaster.io.iso import ANY_POSTAL, POSTAL_PATTERNS
from quartermaster.io.one_order import OrderChecks
from quartermaster.io.places import place_of
from quartermaster.io.texts import Refused

Row = TypeVar("Row", Order, OrderLine)

MOST_LINES = 1_000
"""Lines of an order that is read here; a longer one is read as a snapshot."""
_TEXTUAL = (Kind.ID, Kind.TEXT, Kind.TEXTS)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class OrderReader:
    """Reads orders for one network.

    Parameters
    ----------
    checks
        What its orders are checked against.
    """

    checks: OrderChecks

    @classmethod
    def of(cls, snapshot: Snapshot) -> OrderReader:
        """Prepare to read.

        Parameters
        ----------
        snapshot
            Checked.
        """
        return cls(OrderChecks.of(snapshot))

    def read(self, document: Any, now: datetime) -> tuple[Order, list[OrderLine]] | None:
        """Read an order; None where it is not plainly good.

        Parameters
        ----------
        document
            The order with its ``lines``, parsed by `parse_document`.
        now
            Instant by which it must have been ordered, aware.

        Returns
        -------
        tuple of Order and list of OrderLine
            As `read_document` reads them from a snapshot of this network as of now with this one order: its place
            looked up, its lines by id.
        """
        try:
            order = _order(document)
            lines = sorted(_lines(document, order.order_id), key=lambda line: line.line_id)
            self.checks.check(order, lines)
        except (Refused, InputError):
            return None
        order = _placed(order)
        return (order, lines) if _in_time(order, now) else None


def _order(document: Any) -> Order:
    if not isinstance(document, Mapping):
        raise Refused("type", "must be an object")
    order = _row(Order, "orders", {name: cell for name, cell in document.items() if name != "lines"})
    if order.postal_code and not POSTAL_PATTERNS.get(order.country, ANY_POSTAL).fullmatch(order.postal_code):
        raise Refused("postcode_format", f"is not a postal code of {order.country}")
    lat, lon = order.lat, order.lon
    if lat is not None and lon is not None:
        swapped = order.country == "US" and in_states(lon, lat) and not in_states(lat, lon)
        if swapped or (lat == 0 and lon == 0):
            raise Refused("coordinate", "is not where an order goes")
    return order


def _lines(document: Mapping[str, Any], order_id: str) -> Iterator[OrderLine]:
    given = document.get("lines")
    if not isinstance(given, list) or len(given) > MOST_LINES:
        raise Refused("type", "must be a list of lines")
    for line in given:
        if not isinstance(line, Mapping) or line.get("order_id", order_id) != order_id:
            raise Refused("type", "must be a line of this order")
        yield _row(OrderLine, "order_lines", {**line, "order_id": order_id})


def _row(row_type: type[Row], table: str, given: Mapping[str, Any]) -> Row:
    """Read the cells of one row by the rules of its table; what is not given has its default."""
    rules = rules_of(table)
    values: dict[str, Any] = {}
    for name, cell in given.items():
        rule = rules.get(name)
        if rule is None:
            raise Refused("unknown_field", "is not known")
        if cell is None or (cell == "" and rule.column.kind in _TEXTUAL):
            continue
        values[name] = _value(rule, cell)
    if not _required(table) <= values.keys():
        raise Refused("missing_field", "is required and must be given")
    return row_type(**values)


@cache
def _required(table: str) -> frozenset[str]:
    return frozenset(name for name, rule in rules_of(table).items() if rule.column.required)


def _value(rule: CellRule, cell: Any) -> Any:
    """Parse a cell, as the value of a row object."""
    read, kind = parse(rule, Form.DOCUMENT, cell), rule.column.kind
    if kind is Kind.DATE:
        return date.fromordinal(_FIRST_DAY + read)
    if kind is Kind.INSTANT:
        return _EPOCH + timedelta(microseconds=read)
    return from_micro(read) if kind is Kind.MONEY else read


def _in_time(order: Order, now: datetime) -> bool:
    """Tell whether it was ordered by now, and promised for no day before that."""
    if order.ordered_at is None:
        return True
    if order.ordered_at > now + timedelta(microseconds=int(SKEW.astype(int))):
        return False
    lon = float("nan") if order.lon is None else order.lon
    behind = timedelta(microseconds=int(behind_utc(np.array([lon]))[0].astype(int)))
    return order.promise_date is None or order.promise_date >= (order.ordered_at - behind).date()


def _placed(order: Order) -> Order:
    """Put the place of its postal code in, where it has no other."""
    if order.lat is not None or not order.postal_code:
        return order
    lat, lon = place_of(order)
    return order if isnan(lat) else replace(order, lat=lat, lon=lon)
