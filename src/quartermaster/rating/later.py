"""Dates of shipments that leave later than their node's next shipping day, as those of inbound units do.

Every day is an integer: days since 1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.domain.snapshot import Snapshot
from quartermaster.domain.table import Table
from quartermaster.rating.book import RateBook
from quartermaster.rating.calendars import NO_DAY, delivery_days, holidays_by, ship_days_from


@dataclass(frozen=True, slots=True, eq=False)
class LaterDates:
    """Ship and delivery days from any day on.

    Parameters
    ----------
    nodes, holidays
        Tables of the snapshot.
    next_ship_day
        (n_nodes,) day on which each node ships next as of now; `NO_DAY` = never.
    transit_days
        (n_services, n_zones) delivery days of transit; meaningless where a service has none for the zone. None where
        the snapshot has no services: then everything is delivered on its ship day.
    delivers_on
        Delivery weekdays of each service.
    closed
        Days on which the carrier of each service does not deliver.
    """

    nodes: Table[Node]
    holidays: Table[Holiday]
    next_ship_day: NDArray[np.int32]
    transit_days: NDArray[np.int64] | None
    delivers_on: tuple[str, ...]
    closed: tuple[frozenset[int], ...]

    def ship_day(self, node: NDArray[Any], arrives: NDArray[Any]) -> NDArray[np.int64]:
        """Find the first day on which units that arrive can ship: today's cut-off counts today and on no other day.

        Parameters
        ----------
        node
            (n,) rows of the snapshot.
        arrives
            (n,) first day on which the units are there; it may have passed.

        Returns
        -------
        ndarray of int64, shape (n,)
            `NO_DAY` where the node never ships.
        """
        first = np.maximum(self.next_ship_day[node].astype(np.int64), arrives)
        return ship_days_from(self.nodes, self.holidays, node, first)

    def delivery_day(self, zone: NDArray[Any], ship_day: NDArray[Any]) -> NDArray[np.int64]:
        """Find the day on which each service delivers.

        Parameters
        ----------
        zone
            (n, n_services) zone of the lane by each service, from `RateBook.lanes`; -1 = not offered.
        ship_day
            (n,) ship days, none of them `NO_DAY`.

        Returns
        -------
        ndarray of int64, shape (n, n_services)
            `NO_DAY` where not offered.
        """
        if self.transit_days is None:
            return np.where(zone >= 0, np.asarray(ship_day, dtype=np.int64)[:, None], NO_DAY)
        delivered = np.full(zone.shape, NO_DAY, dtype=np.int64)
        for service, (delivers_on, closed) in enumerate(zip(self.delivers_on, self.closed, strict=True)):
            offered = np.flatnonzero(zone[:, service] >= 0)
            transit, column = np.unique(self.transit_days[service, zone[offered, service]], return_inverse=True)
            shipped, row = np.unique(ship_day[offered], return_inverse=True)
            delivered[offered, service] = delivery_days(shipped, transit, delivers_on, closed)[row, column]
        return delivered


def later_dates(snapshot: Snapshot, book: RateBook) -> LaterDates:
    """Prepare the later dates of a snapshot.

    Parameters
    ----------
    snapshot
        Checked.
    book
        Its rate book.
    """
    services = snapshot.services
    transit_days = None
    if len(services):
        transit_days = np.zeros((len(services), len(book.zone_names)), dtype=np.int64)
        service_index = {name: index for index, name in enumerate(book.service_names)}
        zone_index = {name: index for index, name in enumerate(book.zone_names)}
        columns = (snapshot.transit[name].tolist() for name in ("carrier", "service", "zone", "days"))
        for carrier, service, zone, days in zip(*columns, strict=True):
            if (carrier, service) in service_index and zone in zone_index:
                transit_days[service_index[carrier, service], zone_index[zone]] = days
    closed = holidays_by(snapshot.holidays, "carrier")
    return LaterDates(
        nodes=snapshot.nodes,
        holidays=snapshot.holidays,
        next_ship_day=book.ship_day,
        transit_days=transit_days,
        delivers_on=tuple(services["delivers_on"].tolist()),
        closed=tuple(closed[carrier] for carrier in services["carrier"].tolist()),
    )
