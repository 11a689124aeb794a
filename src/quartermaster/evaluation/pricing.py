"""One shipment, priced: its lane, its dates and its cost, or the rule that says why there is none."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from quartermaster.domain.carriers import Service
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.evaluation.dates import delivery_date, ship_date
from quartermaster.evaluation.lanes import distance_m, zone_of
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.records import NO_SERVICE, Records
from quartermaster.evaluation.shipment_cost import (
    billable_weight_g,
    distance_micro,
    handling_micro,
    late_days,
    late_micro,
    parcels_and_price,
    transport_micro,
)
from quartermaster.evaluation.violations import Findings
from quartermaster.policy import Policy


class PricedShipment(NamedTuple):
    """The derived columns of one shipment, recomputed; money in micro."""

    zone: str
    parcels: int
    billable_weight_g: int
    distance_m: int
    units: int
    ship_date: date
    delivery_date: date
    late_days: int
    transport: int
    handling: int
    distance: int
    late: int


class Pricing:
    """Prices shipments of one snapshot under one policy.

    Parameters
    ----------
    records
        The snapshot.
    policy
        The policy.
    """

    __slots__ = ("_delivery_dates", "_policy", "_records", "_ship_dates")

    def __init__(self, records: Records, policy: Policy) -> None:
        self._records = records
        self._policy = policy
        # Dates repeat from shipment to shipment; both are found once for each cause.
        self._ship_dates: dict[str, date | None] = {}
        self._delivery_dates: dict[tuple[str, str, date, int], date] = {}

    def price(self, load: Load, findings: Findings) -> PricedShipment | None:
        """Price one shipment; None, and a violation, where no such shipment is offered.

        Parameters
        ----------
        load
            The shipment and its units.
        findings
            Violations are added to it.
        """
        records, shipment, where = self._records, load.shipment, load.shipment.where
        order, node = records.orders[shipment.order_id], records.nodes[shipment.node_id]
        metres = distance_m(node, order)
        reach_km = self._policy.service.max_distance_km
        if reach_km and metres > reach_km * 1000:
            findings.add("max_distance", where, f"{metres} m, the policy allows {reach_km} km")
        service = records.services.get((shipment.carrier, shipment.service))
        if service is None:
            findings.add("unknown_service", where, f"{shipment.carrier} {shipment.service} is not in the snapshot")
            return None
        offered = self._is_offered(service, node, order, where, findings)
        shipped = self._ship_date(node)
        if shipped is None:
            findings.add("no_ship_date", where, f"node {node.node_id} has no day on which it ships")
            return None
        actual_g = volume_mm3 = total_units = 0
        for sku, units in load.units_of.items():
            actual_g += units * records.weight_g[sku]
            volume_mm3 += units * records.volume_mm3[sku]
            total_units += units
        billable_g = billable_weight_g(service, actual_g, volume_mm3)
        if service is NO_SERVICE:
            zone, parcels, transport, delivered = "", 1, 0, shipped
        else:
            found = self._lane(service, node, order, metres, where, findings)
            if found is None:
                return None
            zone, steps, days = found
            carried = parcels_and_price(service, steps, billable_g)
            if carried is None:
                findings.add("too_heavy", where, f"{billable_g} g in up to {service.max_parcels} parcels")
                return None
            parcels, price_micro = carried
            transport = transport_micro(service, parcels, price_micro, residential=order.residential)
            delivered = self._delivery_date(service, shipped, days)
        days_late = late_days(delivered, order.promise_date)
        if days_late and self._policy.service.late == "forbid":
            findings.add("promise_date", where, f"arrives {delivered}, promised was {order.promise_date}")
        if not offered:
            return None
        return PricedShipment(
            zone=zone,
            parcels=parcels,
            billable_weight_g=billable_g,
            distance_m=metres,
            units=total_units,
            ship_date=shipped,
            delivery_date=delivered,
            late_days=days_late,
            transport=transport,
            handling=handling_micro(node, total_units),
            distance=distance_micro(self._policy, metres, total_units),
            late=late_micro(self._policy, days_late),
        )

    def _is_offered(self, service: Service, node: Node, order: Order, where: str, findings: Findings) -> bool:
        """Whether the service is offered at the node and carries the order's service level."""
        at_node = not service.nodes or node.node_id in service.nodes
        if not at_node:
            findings.add("service_node", where, f"{service.carrier} {service.service} is not at node {node.node_id}")
        right_level = not order.service_level or order.service_level == service.service_level
        if service is NO_SERVICE:
            right_level = True  # it stands for any service there may be
        if not right_level:
            level = f"the order asks for {order.service_level}, the service is {service.service_level or 'of no level'}"
            findings.add("service_level", where, level)
        return at_node and right_level

    def _lane(
        self, service: Service, node: Node, order: Order, metres: int, where: str, findings: Findings
    ) -> tuple[str, list[tuple[int, int]], int] | None:
        """Zone, rate steps and transit days of the lane; a lane without one of them is not offered."""
        zone = zone_of(self._records, service.carrier, node, order, metres)
        if zone is None:
            findings.add("no_zone", where, f"{service.carrier} has no zone for {metres} m")
            return None
        key = (service.carrier, service.service, zone)
        steps, days = self._records.rates.get(key), self._records.transit.get(key)
        if steps is None:
            findings.add("no_rate", where, f"no rate for zone {zone}")
        if days is None:
            findings.add("no_transit", where, f"no transit time for zone {zone}")
        return None if steps is None or days is None else (zone, steps, days)

    def _ship_date(self, node: Node) -> date | None:
        if node.node_id not in self._ship_dates:
            holidays = self._records.node_holidays[node.node_id]
            self._ship_dates[node.node_id] = ship_date(node, holidays, self._records.as_of)
        return self._ship_dates[node.node_id]

    def _delivery_date(self, service: Service, shipped: date, days: int) -> date:
        key = (service.carrier, service.service, shipped, days)
        if key not in self._delivery_dates:
            holidays = self._records.carrier_holidays[service.carrier]
            self._delivery_dates[key] = delivery_date(service, holidays, shipped, days)
        return self._delivery_dates[key]
