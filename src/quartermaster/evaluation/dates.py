"""Dates: when a node ships, and when the customer has it."""

from __future__ import annotations

from collections.abc import Set
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from quartermaster.domain.carriers import Service
from quartermaster.domain.network import Node

DELIVERY_WEEKDAYS = {"mon-fri": range(5), "mon-sat": range(6), "mon-sun": range(7)}
"""Weekdays (0 = Monday) of each choice of `delivers_on`."""
ONE_DAY = timedelta(days=1)


def ship_date(node: Node, holidays: Set[date], as_of: datetime) -> date | None:
    """Return the day on which a node ships next; None when it never does.

    Parameters
    ----------
    node
        Its time zone, cut-off and ship days count.
    holidays
        Days on which it does not ship.
    as_of
        The planner's "now", aware.
    """
    local = as_of.astimezone(ZoneInfo(node.timezone))
    day = local.date()
    # HH:MM against HH:MM: 12:00:59 still meets a cut-off of 12:00.
    in_time = local.time().replace(second=0, microsecond=0) <= node.cutoff
    return later_ship_date(node, holidays, day if in_time else day + ONE_DAY)


def later_ship_date(node: Node, holidays: Set[date], first: date) -> date | None:
    """Return the first day, on or after a day, on which a node ships; None when it never does.

    Parameters
    ----------
    node
        Its ship days count; its cut-off has no say in days to come.
    holidays
        Days on which it does not ship.
    first
        The first day that will do.
    """
    if not node.ships_on:
        return None
    day = first
    while day.weekday() not in node.ships_on or day in holidays:
        day += ONE_DAY
    return day


def delivery_date(service: Service, holidays: Set[date], shipped: date, days: int) -> date:
    """Return the `days`-th delivery day after the ship date; with 0 days the first on or after it.

    Parameters
    ----------
    service
        Its delivery days count.
    holidays
        Days on which its carrier does not deliver.
    shipped
        The ship date.
    days
        Transit time in delivery days.
    """
    weekdays = DELIVERY_WEEKDAYS[service.delivers_on]
    day = shipped if days == 0 else shipped + ONE_DAY
    passed = 0
    while True:
        if day.weekday() in weekdays and day not in holidays:
            passed += 1
            if passed >= days:
                return day
        day += ONE_DAY
