"""Which orders can wait for the next wave without missing their promise."""

from __future__ import annotations

import numpy as np

from quartermaster import rating
from quartermaster.replay.conduct import Moment
from quartermaster.replay.state import Departure


def in_time_next_wave(moment: Moment, departures: list[Departure]) -> frozenset[int]:
    """List the orders whose shipments would all be by the promise if they left when the next window closes.

    An order without a promise is among them; one without a shipment is not.

    Parameters
    ----------
    moment
        What is open; not the last window.
    departures
        Shipments planned for now; each lane is looked at by the service that it uses now.
    """
    if moment.next_as_of is None or not departures:
        return frozenset()
    state = moment.state
    rows = np.array([state.order_row(departure.order_id) for departure in departures], dtype=np.int64)
    orders = np.unique(rows)
    snapshot = state.snapshot(orders, moment.next_as_of, window=moment.window + 1)
    book = rating.rate_book(snapshot, moment.policy)
    services = {name: index for index, name in enumerate(book.service_names)}
    nodes = {node_id: index for index, node_id in enumerate(snapshot.nodes["node_id"].tolist())}
    node = np.array([nodes[departure.node_id] for departure in departures], dtype=np.int64)
    lanes = book.lanes(np.searchsorted(orders, rows), node)
    used = np.array([services[departure.service] for departure in departures], dtype=np.int64)
    lane = np.arange(len(departures))
    in_time = (lanes.zone[lane, used] >= 0) & (lanes.late_days[lane, used] == 0)
    missed = set(rows[~in_time].tolist())
    return frozenset(order for order in orders.tolist() if order not in missed)
