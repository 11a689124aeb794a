"""Units on their way to nodes, as promises count them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.snapshot import Snapshot

Ints = NDArray[np.int64]


EPOCH = date(1970, 1, 1).toordinal()
"""Ordinal of the day that days are counted from."""


class Arrival(NamedTuple):
    """Units of one SKU that come to a node: its row, the day (since 1970-01-01) and how many."""

    node: int
    day: int
    units: int


class Inbound:
    """What is still to arrive, by SKU.

    Parameters
    ----------
    snapshot
        Gives `replenishment`.
    sku_of, node_of
        Row of each id.
    """

    def __init__(self, snapshot: Snapshot, sku_of: Mapping[str, int], node_of: Mapping[str, int]) -> None:
        rows = snapshot.replenishment
        self._zones = snapshot.nodes["timezone"].tolist()
        columns = (rows["sku"].tolist(), rows["node_id"].tolist())
        days = rows["arrives_on"].astype("datetime64[D]").astype(np.int64).tolist()
        self._arrivals: dict[int, list[Arrival]] = {}
        for sku, node_id, day, units in zip(*columns, days, rows["quantity"].tolist(), strict=True):
            self._arrivals.setdefault(sku_of[sku], []).append(Arrival(node_of[node_id], day, units))

    def of(self, sku: int) -> Sequence[Arrival]:
        """Return what is to arrive of a SKU.

        Parameters
        ----------
        sku
            SKU row.
        """
        return self._arrivals.get(sku, ())

    def due(self, instant: datetime) -> None:
        """Forget what was due by the day of an instant.

        Parameters
        ----------
        instant
            With its time zone.
        """
        self._arrivals = {
            sku: [arrival for arrival in arrivals if arrival.day > self._day(arrival.node, instant)]
            for sku, arrivals in self._arrivals.items()
        }

    def arrived(self, sku: int, node: int, units: int, instant: datetime) -> None:
        """Take units that came into stock off what was due by the day of an instant, the earliest first.

        Parameters
        ----------
        sku, node
            Rows.
        units
            How many came; more than was due is no fault.
        instant
            With its time zone.
        """
        today = self._day(node, instant)
        left = []
        for arrival in sorted(self._arrivals.get(sku, ()), key=lambda arrival: arrival.day):
            if arrival.node == node and arrival.day <= today and units:
                met = min(units, arrival.units)
                units -= met
                arrival = arrival._replace(units=arrival.units - met)
            if arrival.units:
                left.append(arrival)
        if sku in self._arrivals:
            self._arrivals[sku] = left

    def _day(self, node: int, instant: datetime) -> int:
        """Return the day, since 1970-01-01, that it is at a node."""
        return instant.astimezone(ZoneInfo(self._zones[node])).toordinal() - EPOCH
