"""The orders that a forecast stands for: kinds of orders, and how often each is expected to come.

A forecast tells units by SKU and region; what comes together in one order it does not tell. The open orders do: they
are a sample of the order mix. Each open order is expected again as often as the line of it with the least forecast
allows (expected units of a row, per unit of its SKU now on order in its region); what that leaves over of a row is
expected as orders of one unit, spread over the destinations of its region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import columns_of
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table

Floats = NDArray[np.float64]

DESTINATIONS = 20
"""Destinations that single units of one row are spread over, at the most."""
UNITS_EACH = 0.5
"""Expected units from which a row gets one more destination: a long list of slow products would otherwise be priced as
tens of thousands of orders, each coming a few hundredths of a time."""
GOLDEN = 0.6180339887498949
"""Multiples of it spread evenly modulo 1 (Weyl; Knuth, TAOCP 3, 6.4)."""
NEAR_PREFIX = 3
"""Length of a postal prefix from which its destinations are so near to each other that one stands for all."""
NAME = "\x01{:09d}"
"""Ids of orders of one unit: no id of a snapshot may begin so, and all of those come after them."""


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedOrders:
    """Kinds of orders that are still to come.

    Parameters
    ----------
    snapshot
        The snapshot with these kinds in place of its orders.
    times
        (n_kinds,) how often each is expected within the horizon, > 0; in the order of the snapshot's orders.
    """

    snapshot: Snapshot
    times: Floats


def expected_orders(snapshot: Snapshot, horizon_days: int, *, open_once: bool = False) -> ExpectedOrders:
    """Turn a forecast into expected orders.

    Parameters
    ----------
    snapshot
        Checked, with a forecast.
    horizon_days
        Days of demand that are expected.
    open_once
        True counts each open order once itself, beside what is expected.
    """
    rows = _Rows(snapshot, horizon_days)
    again, left = rows.repeated()
    if open_once:
        again += 1.0
    singles, single_lines, single_times = rows.singles(left)
    kept = np.flatnonzero(again > 0)
    lines = snapshot.order_lines
    repeated = np.isin(rows.order_of_line, kept)
    return ExpectedOrders(
        replace(
            snapshot,
            orders=_joined(singles, snapshot.orders.take(kept)),
            order_lines=_joined(single_lines, lines.take(np.flatnonzero(repeated))),
        ),
        np.r_[single_times, again[kept]],
    )


class _Rows:
    """Forecast rows against the open orders of their regions.

    Parameters
    ----------
    snapshot, horizon_days
        As for `expected_orders`.
    """

    def __init__(self, snapshot: Snapshot, horizon_days: int) -> None:
        self.snapshot = snapshot
        forecast, orders, lines = snapshot.forecast, snapshot.orders, snapshot.order_lines
        self.units = np.array([float(rate) * horizon_days for rate in forecast["units_per_day"]], dtype=np.float64)
        position = {order_id: number for number, order_id in enumerate(orders["order_id"].tolist())}
        self.order_of_line = np.array([position[order_id] for order_id in lines["order_id"].tolist()], dtype=np.intp)
        self._places: dict[str, list[Order]] = {}
        codes = orders["postal_code"].tolist()
        row_of: dict[str, list[int]] = {}
        for row, sku in enumerate(forecast["sku"].tolist()):
            row_of.setdefault(sku, []).append(row)
        pairs = [
            (line, row)
            for line, (sku, order) in enumerate(zip(lines["sku"].tolist(), self.order_of_line.tolist(), strict=True))
            for row in row_of.get(sku, ())
            if codes[order].startswith(forecast["destination_prefix"][row])
        ]
        self.line, self.row = np.array(pairs, dtype=np.intp).reshape(-1, 2).T

    def repeated(self) -> tuple[Floats, Floats]:
        """Return how often each open order is expected again, and the units of each row that this leaves over."""
        quantity = self.snapshot.order_lines["quantity"].astype(np.float64)
        asked = np.bincount(self.row, quantity[self.line], len(self.units))
        share = self.units[self.row] / asked[self.row]
        of_line = np.bincount(self.line, share, len(quantity))
        again = np.full(len(self.snapshot.orders), np.inf)
        np.minimum.at(again, self.order_of_line, of_line)
        again[np.isinf(again)] = 0.0
        # of what comes again of a line, each of its rows has the part that it has in what is expected of the line
        part = np.divide(share, of_line[self.line], out=np.zeros_like(share), where=of_line[self.line] > 0)
        used = np.bincount(self.row, again[self.order_of_line[self.line]] * quantity[self.line] * part, len(self.units))
        left: Floats = np.maximum(0.0, self.units - used)
        left[left <= 1e-9 * self.units] = 0.0
        return again, left

    def singles(self, left: Floats) -> tuple[Table[Order], Table[OrderLine], Floats]:
        """Write what is left of each row as orders of one unit; return them and how often each comes."""
        forecast = self.snapshot.forecast
        orders: list[Order] = []
        lines: list[OrderLine] = []
        times: list[float] = []
        for row in np.flatnonzero(left > 0).tolist():
            places = _some(self._destinations(row), max(1, ceil(left[row] / UNITS_EACH)), row)
            for place in places:
                name = NAME.format(len(orders))
                orders.append(replace(place, order_id=name))
                lines.append(OrderLine(order_id=name, line_id="1", sku=forecast["sku"][row], quantity=1))
                times.append(left[row] / len(places))
        return Table.from_rows(Order, orders), Table.from_rows(OrderLine, lines), np.array(times, dtype=np.float64)

    def _destinations(self, row: int) -> list[Order]:
        """Choose where single units of a row go: to places of its region's orders, else to the middle of the region."""
        forecast, orders = self.snapshot.forecast, self.snapshot.orders
        prefix = forecast["destination_prefix"][row]
        if prefix in self._places:
            return self._places[prefix]
        inside = np.array(
            [number for number, code in enumerate(orders["postal_code"].tolist()) if code.startswith(prefix)],
            dtype=np.intp,
        )
        if len(inside):
            # evenly through the region's orders by place, so that where many live many are drawn
            count = min(1 if len(prefix) >= NEAR_PREFIX else DESTINATIONS, len(inside))
            by_place = inside[np.argsort(orders["postal_code"][inside], kind="stable")]
            chosen = by_place[((np.arange(count) + 0.5) * len(inside) / count).astype(np.intp)]
            drawn = [orders.row(number) for number in chosen.tolist()]
            found = [
                Order(order_id="", postal_code=o.postal_code, country=o.country, lat=o.lat, lon=o.lon) for o in drawn
            ]
        else:
            middle = forecast.row(row)
            found = [Order(order_id="", postal_code=prefix, lat=middle.lat, lon=middle.lon)]
        self._places[prefix] = found
        return found


def _some(places: list[Order], count: int, row: int) -> list[Order]:
    """Choose some places of a region evenly, from another one on for each row, so that rows together reach all."""
    if count >= len(places):
        return places
    first = row * GOLDEN % 1.0
    at = ((first + np.arange(count)) * len(places) / count).astype(np.intp)
    return [places[number] for number in at.tolist()]


def _joined(first: Table[Any], second: Table[Any]) -> Table[Any]:
    """Return the rows of one table and then those of another."""
    names = columns_of(first.row_type)
    return Table(first.row_type, {name: np.concatenate([first[name], second[name]]) for name in names})
