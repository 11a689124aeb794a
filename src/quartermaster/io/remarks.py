"""What a valid snapshot will mean for any plan, as far as its data alone tell: counts with examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from quartermaster.domain.snapshot import Snapshot

MAX_EXAMPLES = 5
"""Examples named in a remark."""
GAP_DAYS = 400
"""Days after `as_of` that are searched for nights in which a cut-off does not exist: a year and a month."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing the data will mean.

    Parameters
    ----------
    name
        Stable name.
    count
        How many; never 0.
    detail
        What it means for a plan.
    examples
        Up to five of them, each a tuple of ids (and a date, where there is one).
    """

    name: str
    count: int
    detail: str
    examples: tuple[tuple[str, ...], ...]


def remarks_of(snapshot: Snapshot) -> tuple[Remark, ...]:
    """List what a snapshot's data will mean for any plan.

    Parameters
    ----------
    snapshot
        A checked snapshot.
    """
    nodes, orders = snapshot.nodes, snapshot.orders
    made = [
        _remark(
            "orders_without_place",
            "are as far from every node as can be; distance does not tell nodes apart",
            ((order,) for order in orders["order_id"][np.isnan(orders["lat"])].tolist()),
        ),
        _remark(
            "nodes_without_place",
            "are as far from every order as can be: last by distance",
            ((node,) for node in nodes["node_id"][np.isnan(nodes["lat"])].tolist()),
        ),
        _remark(
            "promise_past",
            "were promised for a day before as_of and can only be late or backordered",
            ((order,) for order in orders["order_id"][orders["promise_date"] < _day(snapshot)].tolist()),
        ),
        _remark("sku_not_stocked", "are ordered but available at no enabled node", _not_stocked(snapshot)),
        _remark("sku_short", "are ordered in more units than all enabled nodes have available", _short(snapshot)),
        _remark("node_without_stock", "have nothing available", _without_stock(snapshot)),
        _remark("zone_without_price", "have no rate or no transit row: lanes there are not offered", _holes(snapshot)),
        _remark("sku_without_volume", "lack a dimension: they have no dimensional weight", _without_volume(snapshot)),
        _remark(
            "cutoff_in_gap",
            "have a cut-off that the clock skips on this date; the comparison of local HH:MM still holds",
            cutoff_gaps(snapshot),
        ),
    ]
    return tuple(remark for remark in made if remark is not None)


def _remark(name: str, detail: str, found: Iterable[tuple[str, ...]]) -> Remark | None:
    listed = list(found)
    return Remark(name, len(listed), detail, tuple(listed[:MAX_EXAMPLES])) if listed else None


def _day(snapshot: Snapshot) -> np.datetime64:
    return np.datetime64(snapshot.as_of.astimezone(UTC).date(), "D")


def _supply(snapshot: Snapshot) -> tuple[dict[str, int], set[str]]:
    """Return units available by SKU over enabled nodes, and the nodes that have any, after allocations that stand."""
    stock, fixed = snapshot.inventory, snapshot.fixed
    enabled = set(snapshot.nodes["node_id"][snapshot.nodes["enabled"]].tolist())
    standing: Counter[tuple[str, str]] = Counter()
    columns = (fixed[name].tolist() for name in ("node_id", "sku", "quantity"))
    for node, sku, units in zip(*columns, strict=True):
        standing[node, sku] += units
    available = np.maximum(stock["on_hand"] - stock["safety_stock"] - stock["reserved"], 0).tolist()
    supply: dict[str, int] = {}
    stocked = set()
    for node, sku, units in zip(stock["node_id"].tolist(), stock["sku"].tolist(), available, strict=True):
        left = units - standing[node, sku] if standing else units
        if left > 0 and node in enabled:
            supply[sku] = supply.get(sku, 0) + left
            stocked.add(node)
    return supply, stocked


def _demand(snapshot: Snapshot) -> dict[str, int]:
    demand: dict[str, int] = {}
    lines = snapshot.order_lines
    for sku, units in zip(lines["sku"].tolist(), lines["quantity"].tolist(), strict=True):
        demand[sku] = demand.get(sku, 0) + units
    return demand


def _not_stocked(snapshot: Snapshot) -> list[tuple[str, ...]]:
    supply, _ = _supply(snapshot)
    return [(sku,) for sku in sorted(_demand(snapshot)) if sku not in supply]


def _short(snapshot: Snapshot) -> list[tuple[str, ...]]:
    supply, _ = _supply(snapshot)
    return [(sku,) for sku, units in sorted(_demand(snapshot).items()) if 0 < supply.get(sku, 0) < units]


def _without_stock(snapshot: Snapshot) -> list[tuple[str, ...]]:
    _, stocked = _supply(snapshot)
    nodes = snapshot.nodes["node_id"][snapshot.nodes["enabled"]].tolist()
    return [(node,) for node in nodes if node not in stocked]


def _holes(snapshot: Snapshot) -> list[tuple[str, ...]]:
    """List (carrier, service, zone) without a rate or a transit row."""
    zones = set(zip(snapshot.zones["carrier"].tolist(), snapshot.zones["zone"].tolist(), strict=True))
    held = []
    for table in (snapshot.rates, snapshot.transit):
        columns = (table[name].tolist() for name in ("carrier", "service", "zone"))
        held.append(set(zip(*columns, strict=True)))
    services = zip(snapshot.services["carrier"].tolist(), snapshot.services["service"].tolist(), strict=True)
    wanted = [(carrier, service, zone) for carrier, service in services for at, zone in sorted(zones) if at == carrier]
    return [cell for cell in wanted if cell not in held[0] or cell not in held[1]]


def _without_volume(snapshot: Snapshot) -> list[tuple[str, ...]]:
    if all(divisor is None for divisor in snapshot.services["dim_divisor_cm3_per_kg"].tolist()):
        return []
    products = snapshot.products
    lacking = (products["length_mm"] < 0) | (products["width_mm"] < 0) | (products["height_mm"] < 0)
    return [(sku,) for sku in products["sku"][lacking].tolist()]


def cutoff_gaps(snapshot: Snapshot) -> list[tuple[str, str]]:
    """List (node, date) on which a node's cut-off is a local time that the clock skips.

    Parameters
    ----------
    snapshot
        A checked snapshot.
    """
    first = snapshot.as_of.astimezone(UTC).date()
    nodes = snapshot.nodes
    found = []
    for node, zone, minute in zip(
        nodes["node_id"].tolist(), nodes["timezone"].tolist(), nodes["cutoff"].tolist(), strict=True
    ):
        found += [(node, day.isoformat()) for day in _skipped(zone, minute, first)]
    return found


@cache
def _skipped(zone: str, minute: int, first: date) -> tuple[date, ...]:
    """List the days on which a local clock time does not exist: it does not survive the way to UTC and back."""
    clock, place = time(minute // 60, minute % 60), ZoneInfo(zone)
    days = (first + timedelta(days=ahead) for ahead in range(GAP_DAYS))
    skipped = []
    for day in days:
        local = datetime.combine(day, clock, tzinfo=place)
        if local.astimezone(UTC).astimezone(place).time() != clock:
            skipped.append(day)
    return tuple(skipped)
