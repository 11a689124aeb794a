"""Units on their way to nodes, as promises count them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.snapshot import Snapshot

Ints = NDArray[np.int64]


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

    def arrived(self, sku: int, node: int, units: int, today: int) -> None:
        """Take units that came into stock off what was due by today, the earliest first.

        Parameters
        ----------
        sku, node
            Rows.
        units
            How many came; more than was due is no fault.
        today
            Day since 1970-01-01.
        """
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
