"""The shipments of a sourcing, as arrays: what each carries, costs and when it arrives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import ModelError
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.sourcing import Sourcing

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Shipments:
    """Shipments of a plan, sorted by (order, node, service).

    Parameters
    ----------
    of_allocation
        (n_allocations,) the shipment each allocation of the sourcing belongs to.
    order, node, service
        (n_shipments,) indices.
    units, parcels, billable_g, distance_m
        (n_shipments,) of the whole shipment.
    zone
        (n_shipments,) index into the rate book's zone names.
    ship_day, delivery_day
        (n_shipments,) days since 1970-01-01.
    late_days
        (n_shipments,) calendar days after the promise; 0 = in time or nothing promised.
    transport, handling, distance, late
        (n_shipments,) cost, micro.
    """

    of_allocation: Ints
    order: Ints
    node: Ints
    service: Ints
    units: Ints
    parcels: Ints
    billable_g: Ints
    distance_m: Ints
    zone: Ints
    ship_day: Ints
    delivery_day: Ints
    late_days: Ints
    transport: Ints
    handling: Ints
    distance: Ints
    late: Ints

    def __len__(self) -> int:
        return len(self.order)


def shipments_of(problem: PlanningProblem, sourcing: Sourcing) -> Shipments:
    """Gather allocations into shipments and rate each whole shipment afresh.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The decision.

    Raises
    ------
    ModelError
        If a shipment's service is not offered on its lane or cannot carry it.
    """
    book = problem.book
    line_order = problem.line_order[sourcing.line]
    key = (line_order * problem.n_nodes + sourcing.node) * book.n_services + sourcing.service
    distinct, of_allocation = np.unique(key, return_inverse=True)
    pair, service = np.divmod(distinct, book.n_services)
    order, node = np.divmod(pair, max(problem.n_nodes, 1))
    sku = problem.line_sku[sourcing.line]

    def total(amount: Ints) -> Ints:
        sums = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(sums, of_allocation, amount)
        return sums

    units = total(sourcing.quantity)
    weight = total(sourcing.quantity * problem.weight_g[sku])
    volume = total(sourcing.quantity * problem.volume_mm3[sku])
    lanes = book.lanes(order, node)
    each = np.arange(len(distinct))
    zone = lanes.zone[each, service].astype(np.int64)
    transport = book.transport(service, zone, book.residential[order], weight, volume)
    wrong = np.flatnonzero((zone < 0) | (transport.micro < 0))
    if len(wrong):
        at = wrong[0]
        raise ModelError(f"order {order[at]}, node {node[at]}: service {service[at]} cannot carry {weight[at]} g")
    late_days = lanes.late_days[each, service]
    return Shipments(
        of_allocation=of_allocation.astype(np.int64),
        order=order,
        node=node,
        service=service,
        units=units,
        parcels=transport.parcels,
        billable_g=transport.billable_g,
        distance_m=lanes.distance_m,
        zone=zone,
        ship_day=book.ship_day[node].astype(np.int64),
        delivery_day=lanes.delivery_day[each, service].astype(np.int64),
        late_days=late_days.astype(np.int64),
        transport=transport.micro,
        handling=book.handling(node, units),
        distance=book.distance_cost(lanes.distance_m, units),
        late=book.late_cost(late_days),
    )


def unserved_units(problem: PlanningProblem, sourcing: Sourcing) -> Ints:
    """Return the units of each line that a sourcing leaves backordered.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The decision.

    Returns
    -------
    ndarray, shape (n_lines,), int64

    Raises
    ------
    ModelError
        If a line is served beyond its quantity.
    """
    unserved = problem.line_quantity.copy()
    np.subtract.at(unserved, sourcing.line, sourcing.quantity)
    if np.any(unserved < 0):
        raise ModelError(f"line {int(np.argmin(unserved))} is served beyond its quantity")
    return unserved
