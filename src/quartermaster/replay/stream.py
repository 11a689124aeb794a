"""A stream: the orders of a stretch of time, cut into windows, and the stock that is there or arrives meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from quartermaster import io
from quartermaster.domain.network import MAX_STOCK, Inventory
from quartermaster.domain.outlook import Fixed
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table
from quartermaster.errors import InputError, Problem

Ints = NDArray[np.int64]

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
"""What a window's letter stands for."""
MAX_WINDOWS = 1_000_000
"""More windows than this are a window mistyped."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A checked stream, in windows.

    Parameters
    ----------
    snapshot
        All orders of the stream, the opening stock and what arrives; `as_of` is the end of the stream. Its inventory
        has a row for every node and SKU that is stocked or ever replenished; its `fixed` is empty, their units are
        taken out of the opening stock.
    fixed, standing
        Allocations that stand when it begins, which leave when the first window closes; (n_pairs,) the units that they
        take of each row of the inventory.
    begin
        Instant at which the first window opens, UTC.
    window
        Length of a window.
    order_window
        (n_orders,) the window in which each order comes.
    n_windows
        Number of windows; the last one closes at the end of the stream or after it.
    arrival_pair, arrival_units, arrival_window
        (n_arrivals,) of the replenishment: row of the inventory, units, and the first window whose plan may ship them:
        the first that closes on a day (UTC) on or after `arrives_on`; `n_windows` where none does.
    """

    snapshot: Snapshot
    fixed: Table[Fixed]
    standing: Ints
    begin: datetime
    window: timedelta
    order_window: Ints
    n_windows: int
    arrival_pair: Ints
    arrival_units: Ints
    arrival_window: Ints

    def opens(self, window: int) -> datetime:
        """Tell when a window opens.

        Parameters
        ----------
        window
            From 0.
        """
        return self.begin + window * self.window

    def closes(self, window: int) -> datetime:
        """Tell when a window closes, which is when its orders are planned.

        Parameters
        ----------
        window
            From 0.
        """
        return self.begin + (window + 1) * self.window


def parse_window(text: str) -> timedelta:
    """Read the length of a window.

    Parameters
    ----------
    text
        A whole number > 0 of minutes, hours or days: ``15m``, ``4h``, ``1d``.

    Raises
    ------
    InputError
        If it is written otherwise, or is more than a year.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text, re.ASCII)
    length = int(found[1]) * UNITS[found[2]] if found else timedelta(0)
    if not timedelta(0) < length <= timedelta(days=366):
        detail = "must be a whole number of minutes, hours or days, such as 15m, 4h or 1d, of at most 366 days"
        raise InputError([Problem("policy_value", detail, file="replay", column="window", value=text[:64])])
    return length


def stream_of(snapshot: Snapshot, window: timedelta, begin: datetime | None = None) -> Stream:
    """Cut a snapshot of a whole stretch of time into windows.

    An order that comes at the very instant a window closes belongs to the next one. Allocations that stand (`fixed`)
    have their units from the beginning, and take the capacity of the first window.

    Parameters
    ----------
    snapshot
        Every order with its `ordered_at`; `as_of` is the end.
    window
        Length of a window, > 0.
    begin
        When the first window opens, aware; None = when the first order comes.

    Raises
    ------
    InputError
        If the snapshot is not valid, has no orders, an order has no `ordered_at` or comes before the beginning (each is
        listed), stock and what arrives are more than a row may hold, or there would be over a million windows.
    """
    ready = io.ready(snapshot)
    _refuse_bad_orders(ready, begin)
    ordered = ready.orders["ordered_at"].astype("datetime64[us]").astype(np.int64)
    first = int(ordered.min()) if begin is None else _microseconds(begin)
    length = window // timedelta(microseconds=1)
    order_window = (ordered - first) // length
    to_the_end = -((first - _microseconds(ready.as_of)) // length)
    n_windows = max(to_the_end, int(order_window.max()) + 1)
    if n_windows > MAX_WINDOWS:
        detail = f"makes {n_windows:,} windows of the stream; at most {MAX_WINDOWS:,} are replayed"
        raise InputError([Problem("policy_value", detail, file="replay", column="window", value=str(window))])
    opening, standing, arrival_pair = _inventory(ready)
    opens = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=first)
    arrives_on = ready.replenishment["arrives_on"].astype("datetime64[D]").astype("datetime64[us]").astype(np.int64)
    # window k closes at first + (k + 1) * length: the first k for which that is on or after the day's midnight
    return Stream(
        snapshot=replace(ready, inventory=opening, fixed=Table.from_rows(Fixed, ())),
        fixed=ready.fixed,
        standing=standing,
        begin=opens,
        window=window,
        order_window=order_window,
        n_windows=n_windows,
        arrival_pair=arrival_pair,
        arrival_units=ready.replenishment["quantity"].astype(np.int64),
        arrival_window=np.clip(-((first - arrives_on) // length) - 1, 0, n_windows).astype(np.int64),
    )


def _microseconds(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _refuse_bad_orders(ready: Snapshot, begin: datetime | None) -> None:
    if not len(ready.orders):
        raise InputError([Problem("missing_field", "a stream needs orders; there are none", file="orders")])
    problems = list(_undated(ready))
    if begin is not None:
        ordered = ready.orders["ordered_at"]
        early = np.flatnonzero(~np.isnat(ordered) & (ordered.astype(np.int64) < _microseconds(begin)))
        detail = f"is before the beginning of the replay, {begin.isoformat()}"
        problems += [
            Problem("time_order", f"order {ready.orders['order_id'][row]} {detail}", file="orders",
                    column="ordered_at", value=f"{ordered[row]}Z")
            for row in early
        ]  # fmt: skip
    if problems:
        raise InputError(problems)


def _undated(ready: Snapshot) -> Iterator[Problem]:
    for row in np.flatnonzero(np.isnat(ready.orders["ordered_at"])):
        detail = f"order {ready.orders['order_id'][row]} has none; a stream needs to know when every order came"
        yield Problem("missing_field", detail, file="orders", column="ordered_at")


def _inventory(ready: Snapshot) -> tuple[Table[Inventory], Ints, Ints]:
    """List every pair that ever has stock, what stands of each, and which of them each replenishment row is of."""
    stock, inbound, fixed = ready.inventory, ready.replenishment, ready.fixed
    held = {pair: row for row, pair in enumerate(zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True))}
    arriving = list(zip(inbound["node_id"].tolist(), inbound["sku"].tolist(), strict=True))
    new = [pair for pair in dict.fromkeys(arriving) if pair not in held]
    pairs = sorted([*held, *new])
    position = {pair: row for row, pair in enumerate(pairs)}

    def column(name: str) -> Ints:
        filled = np.zeros(len(pairs), dtype=np.int64)
        filled[[position[pair] for pair in held]] = stock[name]
        return filled

    on_hand, standing = column("on_hand"), np.zeros(len(pairs), dtype=np.int64)
    arrival_pair = np.array([position[pair] for pair in arriving], dtype=np.int64)
    most = on_hand.copy()
    np.add.at(most, arrival_pair, inbound["quantity"].astype(np.int64))
    problems = [
        Problem("qty_too_large", f"with what arrives, more than {MAX_STOCK:,} units of it are at node {pairs[row][0]}",
                file="replenishment", column="quantity", value=pairs[row][1])
        for row in np.flatnonzero(most > MAX_STOCK)
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    for pair, units in zip(zip(fixed["node_id"], fixed["sku"], strict=True), fixed["quantity"], strict=True):
        if pair in position:
            taken = min(int(on_hand[position[pair]]), int(units))
            on_hand[position[pair]] -= taken
            standing[position[pair]] += taken
    columns = {
        "node_id": np.array([node_id for node_id, _ in pairs], dtype=object),
        "sku": np.array([sku for _, sku in pairs], dtype=object),
        "on_hand": on_hand,
        "safety_stock": column("safety_stock"),
        "reserved": column("reserved"),
    }
    return Table(Inventory, columns), standing, arrival_pair
