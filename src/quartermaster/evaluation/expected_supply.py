"""What could keep an expected date: units that arrive or are left over, and the services that bring them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from quartermaster.domain.carriers import Service
from quartermaster.domain.orders import OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation.dates import ONE_DAY, delivery_date, later_ship_date, ship_date
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import ShipmentRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import NO_SERVICE, Records, available_units
from quartermaster.evaluation.violations import Findings


class Supply(NamedTuple):
    """Units of one SKU that can ship from a node on a day, or later; what is not inbound is left over.

    Those of a SKU are numbered from 0.
    """

    number: int
    node_id: str
    ships: date
    units: int
    inbound: bool


def supply_of(
    skus: Set[str], taken: Mapping[tuple[str, str], int], snapshot: Snapshot, records: Records
) -> dict[str, list[list[Supply]]]:
    """Gather what arrives, and what a plan leaves over, by SKU: a list for each node and kind, by ship day.

    Parameters
    ----------
    skus
        The SKUs that matter.
    taken
        Units that the plan ships, by (node_id, sku).
    snapshot, records
        The snapshot.
    """
    soonest = {
        node_id: ship_date(node, records.node_holidays[node_id], records.as_of)
        for node_id, node in records.nodes.items()
    }
    units_of: Counter[tuple[str, str, bool, date]] = Counter()
    for row in snapshot.replenishment:
        now = soonest[row.node_id]
        if row.sku in skus and now is not None:
            closed = records.node_holidays[row.node_id]
            ships = later_ship_date(records.nodes[row.node_id], closed, max(now, row.arrives_on))
            if ships is not None:
                units_of[row.sku, row.node_id, True, ships] += row.quantity
    pairs = {(node_id, sku) for node_id in soonest for sku in skus}
    for (node_id, sku), units in available_units(snapshot, pairs).items():
        left, now = units - taken.get((node_id, sku), 0), soonest[node_id]
        if left > 0 and now is not None:
            units_of[sku, node_id, False, now] += left
    supply: dict[str, list[list[Supply]]] = {}
    number: Counter[str] = Counter()
    for (sku, node_id, inbound), keys in groupby(sorted(units_of), key=itemgetter(0, 1, 2)):
        days = [Supply(number[sku] + place, node_id, key[3], units_of[key], inbound) for place, key in enumerate(keys)]
        number[sku] += len(days)
        supply.setdefault(sku, []).append(days)
    return supply


class Ways:
    """The services that bring one unit of a line from a node, and when.

    Parameters
    ----------
    records
        The snapshot.
    pricing
        Knows what is offered.
    """

    __slots__ = ("_delivery_dates", "_pricing", "_records", "_services")

    def __init__(self, records: Records, pricing: Pricing) -> None:
        self._records = records
        self._pricing = pricing
        self._services: dict[tuple[str, str, str], list[tuple[Service, int]]] = {}
        self._delivery_dates: dict[tuple[str, str, date, int], date] = {}

    def may_use(self, line: OrderLine, held: Supply) -> bool:
        """Tell whether some units may serve a line at all, on any day.

        Parameters
        ----------
        line
            What was left over may serve it only where it, or its order, ships all or nothing.
        held
            The units.
        """
        node_id = held.node_id
        whole = line.line_complete or self._records.orders[line.order_id].ship_complete
        allowed = line.pinned_node in ("", node_id) and node_id not in line.excluded_nodes
        allowed = allowed and (not line.allowed_nodes or node_id in line.allowed_nodes)
        return (held.inbound or whole) and allowed and bool(self._services_of(line, node_id))

    def soonest(self, line: OrderLine, held: Supply) -> date:
        """Return the first day on which one of some units, which may serve the line, can be delivered.

        Parameters
        ----------
        line, held
            The line and the units.
        """
        services = self._services_of(line, held.node_id)
        return min(self._delivered(service, days, held.ships) for service, days in services)

    def is_ship_day(self, node_id: str, day: date) -> bool:
        """Tell whether a node ships on a day to come.

        Parameters
        ----------
        node_id, day
            The node and the day.
        """
        node, closed = self._records.nodes[node_id], self._records.node_holidays[node_id]
        return day.weekday() in node.ships_on and day not in closed

    def delivers_on(self, line: OrderLine, held: Supply, ships: date, arrives: date) -> bool:
        """Tell whether one of some units, shipped on any day up to `ships`, can be delivered just on `arrives`.

        Parameters
        ----------
        line, held
            The line and the units, which may serve it.
        ships
            Last ship day, not after `arrives`.
        arrives
            The delivery day.
        """
        for service, days in self._services_of(line, held.node_id):
            day = ships
            while day >= held.ships:  # a day earlier is never delivered later
                if self.is_ship_day(held.node_id, day):
                    delivered = self._delivered(service, days, day)
                    if delivered == arrives:
                        return True
                    if delivered < arrives:
                        break
                day -= ONE_DAY
        return False

    def _services_of(self, line: OrderLine, node_id: str) -> list[tuple[Service, int]]:
        """Services that carry one unit from an enabled node within the radius, with their transit days."""
        key = (line.order_id, node_id, line.sku)
        if key not in self._services:
            self._services[key] = found = []
            for (carrier, name), service in self._records.services.items():
                apart = Findings()  # what is not offered is no violation here
                load = Load(ShipmentRow("", line.order_id, node_id, carrier, name, claims={}), {line.sku: 1})
                priced = self._pricing.price(load, apart) if self._records.nodes[node_id].enabled else None
                if priced is not None and not any(violation.rule == "max_distance" for violation in apart.all()):
                    found.append((service, self._records.transit.get((carrier, name, priced.zone), 0)))
        return self._services[key]

    def _delivered(self, service: Service, days: int, shipped: date) -> date:
        if service is NO_SERVICE:
            return shipped
        key = (service.carrier, service.service, shipped, days)
        if key not in self._delivery_dates:
            closed = self._records.carrier_holidays[service.carrier]
            self._delivery_dates[key] = delivery_date(service, closed, shipped, days)
        return self._delivery_dates[key]
