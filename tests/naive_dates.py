"""Expected dates the slow way: every way to take a line's units is tried, one line after the other.

Written from the rule in words, in plain Python on the records of the specification; it shares nothing with the planner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation.dates import delivery_date, later_ship_date, ship_date
from quartermaster.evaluation.lanes import distance_m, zone_of
from quartermaster.evaluation.records import NO_SERVICE, Records, available_units, records_of
from quartermaster.evaluation.shipment_cost import billable_weight_g, parcels_and_price
from quartermaster.policy import Policy

Dates = dict[tuple[str, str], tuple[str, str]]


@dataclass
class Supply:
    """Units of one SKU that ship from a node on a day; `inbound` tells them from what was left over."""

    node: Node
    sku: str
    ships: date
    units: int
    inbound: bool


def naive_dates(snapshot: Snapshot, policy: Policy, allocations: pd.DataFrame, backorders: pd.DataFrame) -> Dates:
    """Return the expected dates of every backordered line that has some, as ISO text by (order_id, line_id)."""
    giver = _Giver(records_of(snapshot), policy, _supply(snapshot, allocations))
    short = {
        (order_id, line_id): int(units)
        for order_id, line_id, units in zip(
            backorders["order_id"], backorders["line_id"], backorders["quantity"], strict=True
        )
    }
    found: Dates = {}
    for order in sorted(giver.records.orders.values(), key=_turn):
        lines = [line for line in giver.records.lines_of[order.order_id] if (line.order_id, line.line_id) in short]
        lines.sort(key=lambda line: line.line_id)
        together = [lines] if order.ship_complete else [[line] for line in lines]
        for group in together:
            days = giver.promise(order, [(line, short[line.order_id, line.line_id]) for line in group])
            if days is not None:
                found.update({(line.order_id, line.line_id): days for line in group})
    return found


def _turn(order: Order) -> tuple[int, bool, float, str]:
    at: datetime | None = order.ordered_at
    return -order.priority, at is None, 0.0 if at is None else at.timestamp(), order.order_id


def _supply(snapshot: Snapshot, allocations: pd.DataFrame) -> list[Supply]:
    records = records_of(snapshot)
    taken: Counter[tuple[str, str]] = Counter()
    for node_id, sku, units in zip(allocations["node_id"], allocations["sku"], allocations["quantity"], strict=True):
        taken[node_id, sku] += int(units)
    held = []
    for node in records.nodes.values():
        closed = records.node_holidays[node.node_id]
        soonest = ship_date(node, closed, snapshot.as_of)
        if soonest is None:
            continue
        for (node_id, sku), units in available_units(snapshot).items():
            if node_id == node.node_id:
                held.append(Supply(node, sku, soonest, units - taken[node_id, sku], inbound=False))
        for row in snapshot.replenishment:
            if row.node_id == node.node_id:
                ships = later_ship_date(node, closed, max(row.arrives_on, soonest))
                assert ships is not None
                held.append(Supply(node, row.sku, ships, row.quantity, inbound=True))
    return held


class _Giver:
    def __init__(self, records: Records, policy: Policy, supply: list[Supply]) -> None:
        self.records = records
        self.policy = policy
        self.supply = supply

    def promise(self, order: Order, wanted: list[tuple[OrderLine, int]]) -> tuple[str, str] | None:
        before = [held.units for held in self.supply]
        ships, arrives, used_inbound = [], [], False
        for line, units in wanted:
            found = self.line(order, line, units)
            if found is None:
                break
            shipped, delivered, inbound = found
            ships.append(shipped)
            arrives.append(delivered)
            used_inbound = used_inbound or inbound
        if len(ships) == len(wanted) and used_inbound:
            return max(ships).isoformat(), max(arrives).isoformat()
        for held, units in zip(self.supply, before, strict=True):
            held.units = units
        return None

    def line(self, order: Order, line: OrderLine, units: int) -> tuple[date, date, bool] | None:
        """Try every way; the earliest completion, then most units of what ships first from the preferred node."""
        whole = order.ship_complete or line.line_complete
        usable = [
            held
            for held in self.supply
            if held.sku == line.sku and held.units and (whole or held.inbound) and self.allowed(order, line, held.node)
        ]
        places = sorted({(held.ships, held.node.priority, held.node.node_id) for held in usable})
        holds = [[held for held in usable if _place(held) == place] for place in places]
        best: tuple[date, tuple[int, ...]] | None = None
        for way in _ways(units, [sum(held.units for held in group) for group in holds]):
            days = [
                self.delivery(order, line, group[0], taken) for group, taken in zip(holds, way, strict=True) if taken
            ]
            if None in days:
                continue
            key = max(day for day in days if day is not None), tuple(-taken for taken in way)
            best = key if best is None else min(best, key)
        if best is None:
            return None
        delivered, way = best[0], [-taken for taken in best[1]]
        shipped = max(place[0] for place, taken in zip(places, way, strict=True) if taken)
        inbound = False
        for group, taken in zip(holds, way, strict=True):
            for held in sorted(group, key=lambda held: held.inbound):  # what is on hand first
                part = min(held.units, taken)
                held.units -= part
                taken -= part
                inbound = inbound or (part > 0 and held.inbound)
        return shipped, delivered, inbound

    def allowed(self, order: Order, line: OrderLine, node: Node) -> bool:
        radius = self.policy.service.max_distance_km
        return (
            node.enabled
            and line.pinned_node in ("", node.node_id)
            and (not line.allowed_nodes or node.node_id in line.allowed_nodes)
            and node.node_id not in line.excluded_nodes
            and (not radius or distance_m(node, order) <= radius * 1000)
        )

    def delivery(self, order: Order, line: OrderLine, held: Supply, units: int) -> date | None:
        """The earliest day by any service of the level that carries the units."""
        records, node = self.records, held.node
        days = []
        for service in records.services.values():
            if service is NO_SERVICE:
                return held.ships
            if order.service_level not in ("", service.service_level):
                continue
            if service.nodes and node.node_id not in service.nodes:
                continue
            zone = zone_of(records, service.carrier, node, order, distance_m(node, order))
            key = (service.carrier, service.service, zone or "")
            if zone is None or key not in records.rates or key not in records.transit:
                continue
            weight = billable_weight_g(
                service, units * records.weight_g[line.sku], units * records.volume_mm3[line.sku]
            )
            if parcels_and_price(service, records.rates[key], weight) is not None:
                closed = records.carrier_holidays[service.carrier]
                days.append(delivery_date(service, closed, held.ships, records.transit[key]))
        return min(days, default=None)


def _place(held: Supply) -> tuple[date, int, str]:
    return held.ships, held.node.priority, held.node.node_id


def _ways(units: int, most: list[int]) -> Iterator[tuple[int, ...]]:
    """Every way to take so many units from places that hold so many each."""
    if not most:
        if not units:
            yield ()
        return
    for taken in range(min(units, most[0]) + 1):
        for rest in _ways(units - taken, most[1:]):
            yield (taken, *rest)
