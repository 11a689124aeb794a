"""Offers: which service is offered from which node to whom, and the day it delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.snapshot import Snapshot
from quartermaster.rating.calendars import NO_DAY, delivery_days, holidays_by


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Delivery days by classes of orders and nodes, precomputed.

    Orders fall into classes by the service level they ask for, nodes by their ship day and the services they have;
    there are few of each, so that a lane needs one look-up however many lanes there are.

    Parameters
    ----------
    order_class
        (n_orders,) int.
    node_class
        (n_nodes,) int.
    day
        (n_order_classes, n_node_classes, n_services, n_zones + 1) int32, delivery day; -1 = not offered. Column 0
        stands for "no zone".
    """

    order_class: NDArray[np.intp]
    node_class: NDArray[np.intp]
    day: NDArray[np.int32]

    def delivery_day(
        self, zone: NDArray[np.int32], order: NDArray[np.integer], node: NDArray[np.integer]
    ) -> NDArray[np.int32]:
        """Look up the delivery day of each lane and service.

        Parameters
        ----------
        zone
            (n_lanes, n_services) int32, zone of each lane; -1 = none.
        order, node
            (n_lanes,) positions.

        Returns
        -------
        ndarray of int32, shape (n_lanes, n_services)
            Days since 1970-01-01; -1 where not offered.
        """
        _, n_node_classes, n_services, n_columns = self.day.shape
        row = self.order_class[order] * n_node_classes + self.node_class[node]
        start = row[:, None] * n_services + np.arange(n_services)
        days: NDArray[np.int32] = self.day.ravel().take(start * n_columns + (zone + 1))
        return days


def unserviced_offers(snapshot: Snapshot, ship_day: NDArray[np.int32]) -> Offers:
    """Prepare the offers of a snapshot without services: one that delivers on the ship date, for everybody.

    Parameters
    ----------
    snapshot
        Checked.
    ship_day
        (n_nodes,) int32.
    """
    days, node_class = np.unique(ship_day, return_inverse=True)
    day = np.full((1, len(days), 1, 2), NO_DAY, dtype=np.int32)
    day[0, :, 0, 1] = days
    return Offers(np.zeros(len(snapshot.orders), dtype=np.intp), node_class, day)


def service_offers(
    snapshot: Snapshot,
    ship_day: NDArray[np.int32],
    zone_index: Mapping[str, int],
    has_card: NDArray[np.bool_],
    node: NDArray[np.intp] | None = None,
) -> Offers:
    """Prepare the offers of a snapshot's services.

    Parameters
    ----------
    snapshot
        Checked.
    ship_day
        (n_nodes,) int32; -1 = the node never ships.
    zone_index
        Position of each zone by its name.
    has_card
        (n_services, n_zones) bool: there is a rate card.
    node
        (n_departures,) row of each departure's node, where `ship_day` is by departure; else each node departs once.
    """
    services = snapshot.services
    levels = {"": 0}
    order_class = [levels.setdefault(level, len(levels)) for level in snapshot.orders["service_level"].tolist()]
    wanted = np.array([[level in ("", mine) for mine in services["service_level"].tolist()] for level in levels])
    node_row = {node_id: row for row, node_id in enumerate(snapshot.nodes["node_id"].tolist())}
    at_node = np.ones((len(node_row), len(services)), dtype=bool)
    for index, named in enumerate(services["nodes"].tolist()):
        if named:
            at_node[:, index] = False
            at_node[[node_row[node_id] for node_id in named if node_id in node_row], index] = True
    if node is not None:
        at_node = at_node[node]
    node_kinds, node_class = np.unique(
        np.column_stack([ship_day, at_node]).astype(np.int64), axis=0, return_inverse=True
    )
    node_day, offered_at = node_kinds[:, 0], node_kinds[:, 1:].astype(bool)
    day = np.full((len(levels), len(node_kinds), len(services), len(zone_index) + 1), NO_DAY, dtype=np.int32)
    closed = holidays_by(snapshot.holidays, "carrier")
    transit = _transit(snapshot, zone_index)
    names = zip(*(services[name].tolist() for name in ("carrier", "service", "delivers_on")), strict=True)
    for index, (carrier, service, delivers_on) in enumerate(names):
        rows = np.array(transit.get((carrier, service), ()), dtype=np.intp).reshape(-1, 2)
        zones, days = rows[has_card[index, rows[:, 0]]].T
        ships = np.flatnonzero((node_day != NO_DAY) & offered_at[:, index])
        arrival = delivery_days(node_day[ships], days, delivers_on, closed[carrier])
        for level in np.flatnonzero(wanted[:, index]):
            day[level, ships[:, None], index, zones + 1] = arrival
    return Offers(np.array(order_class, dtype=np.intp), node_class.ravel(), day)


def _transit(snapshot: Snapshot, zone_index: Mapping[str, int]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Collect zone and transit days of each service."""
    transit: dict[tuple[str, str], list[tuple[int, int]]] = {}
    columns = (snapshot.transit[name].tolist() for name in ("carrier", "service", "zone", "days"))
    for carrier, service, zone, days in zip(*columns, strict=True):
        if zone in zone_index:
            transit.setdefault((carrier, service), []).append((zone_index[zone], days))
    return transit
