"""Dates: the day a node ships next, and the day a service delivers.

Every day is an integer: days since 1970-01-01.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.domain.table import Table
from quartermaster.errors import RatingError

NO_DAY = -1
"""A day that never comes."""
DELIVERY_WEEKDAYS: Mapping[str, int] = {"mon-fri": 5, "mon-sat": 6, "mon-sun": 7}
"""Weekdays a service delivers on, counted from Monday."""
_EPOCH = date(1970, 1, 1).toordinal()


def weekday(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the weekday of each day, 0 = Monday.

    Parameters
    ----------
    day
        Any shape, days since 1970-01-01 (a Thursday).
    """
    return np.asarray((day + 3) % 7, dtype=np.int64)


def holidays_by(holidays: Table[Holiday], column: str) -> Mapping[str, frozenset[int]]:
    """Group holidays by node or by carrier; those of everywhere belong to each.

    Parameters
    ----------
    holidays
        The table.
    column
        ``node_id`` or ``carrier``.

    Returns
    -------
    mapping of str to frozenset of int
        Days by id; an id without holidays of its own has those of everywhere.
    """
    days = holidays["date"].astype(np.int64).tolist()
    nodes, carriers = holidays["node_id"].tolist(), holidays["carrier"].tolist()
    everywhere = frozenset(day for day, node, carrier in zip(days, nodes, carriers, strict=True) if not node + carrier)
    own: defaultdict[str, set[int]] = defaultdict(set)
    for day, key in zip(days, holidays[column].tolist(), strict=True):
        if key:
            own[key].add(day)
    return defaultdict(lambda: everywhere, {key: everywhere | mine for key, mine in own.items()})


def ship_days(nodes: Table[Node], holidays: Table[Holiday], as_of: datetime) -> NDArray[np.int32]:
    """Find the day on which each node ships next.

    A node ships today if, at `as_of` in its zone, it is one of its shipping days, no holiday, and the local HH:MM is
    not after its cut-off. Comparing clock times keeps daylight-saving nights simple: a cut-off in the hour that is
    skipped or repeated is compared like any other.

    Parameters
    ----------
    nodes
        The nodes.
    holidays
        Days on which one node, or every node, does not ship.
    as_of
        The planner's now, aware.

    Returns
    -------
    ndarray of int32, shape (n_nodes,)
        `NO_DAY` where a node has no shipping day at all.

    Raises
    ------
    RatingError
        If a time zone is unknown.
    """
    closed = holidays_by(holidays, "node_id")
    clocks: dict[str, tuple[int, int]] = {}
    days = []
    rows = zip(*(nodes[name].tolist() for name in ("node_id", "timezone", "cutoff", "ships_on")), strict=True)
    for node_id, timezone, cutoff, ships_on in rows:
        if timezone not in clocks:
            clocks[timezone] = _clock(as_of, timezone)
        today, minute = clocks[timezone]
        days.append(_next_day(today + (minute > cutoff), ships_on, closed[node_id]))
    return np.array(days, dtype=np.int32)


def ship_days_from(
    nodes: Table[Node], holidays: Table[Holiday], node: NDArray[Any], day: NDArray[Any]
) -> NDArray[np.int64]:
    """Find the first day, on or after a day, on which a node ships; its cut-off has no say in days to come.

    Parameters
    ----------
    nodes
        The nodes.
    holidays
        Days on which one node, or every node, does not ship.
    node
        (n,) rows of `nodes`.
    day
        (n,) days since 1970-01-01.

    Returns
    -------
    ndarray of int64, shape (n,)
        `NO_DAY` where a node has no shipping day at all.
    """
    closed = holidays_by(holidays, "node_id")
    node_ids, weekdays = nodes["node_id"].tolist(), nodes["ships_on"].tolist()
    asked, where = np.unique(np.column_stack([node, day]).astype(np.int64), axis=0, return_inverse=True)
    days = [_next_day(first, weekdays[row], closed[node_ids[row]]) for row, first in asked.tolist()]
    return np.array(days, dtype=np.int64)[where.ravel()]


def _clock(as_of: datetime, timezone: str) -> tuple[int, int]:
    """Return the local day and minute of the day."""
    try:
        local = as_of.astimezone(ZoneInfo(timezone))
    except (KeyError, ValueError, OSError) as error:
        raise RatingError(f"timezone {timezone!r} is not a known IANA name") from error
    return local.toordinal() - _EPOCH, local.hour * 60 + local.minute


def _next_day(first: int, weekdays: int, closed: frozenset[int]) -> int:
    """Return the first day from `first` on with its weekday bit set and not closed.

    Each week has an open weekday and each holiday closes one of them at most, hence the bound of the search.
    """
    for day in range(first, first + 7 * (len(closed) + 1)):
        if weekdays >> (day + 3) % 7 & 1 and day not in closed:
            return day
    return NO_DAY


def delivery_days(
    ship_day: NDArray[Any], transit_days: NDArray[Any], delivers_on: str, closed: frozenset[int]
) -> NDArray[np.int32]:
    """Find the delivery day of each ship day and transit time of one service.

    Parameters
    ----------
    ship_day
        (n_ship,) ship days, none of them `NO_DAY`.
    transit_days
        (n_transit,) delivery days after the ship date; 0 = the first delivery day on or after it.
    delivers_on
        A key of `DELIVERY_WEEKDAYS`.
    closed
        Days that do not count.

    Returns
    -------
    ndarray of int32, shape (n_ship, n_transit)
    """
    if not ship_day.size or not transit_days.size:
        return np.empty((ship_day.size, transit_days.size), dtype=np.int32)
    open_weekdays = DELIVERY_WEEKDAYS[delivers_on]
    first = int(ship_day.min())
    # Five of seven days are open at least and each holiday closes one: enough days for the longest transit.
    weeks = (int(transit_days.max()) + len(closed)) // open_weekdays + 2
    days = np.arange(first, int(ship_day.max()) + 7 * weeks + 1, dtype=np.int64)
    days = days[weekday(days) < open_weekdays]
    days = days[~np.isin(days, np.fromiter(closed, dtype=np.int64, count=len(closed)))]
    same = np.searchsorted(days, ship_day, side="left")[:, None]
    after = np.searchsorted(days, ship_day, side="right")[:, None]
    position = np.where(transit_days == 0, same, after + transit_days - 1)
    return days[position].astype(np.int32)
