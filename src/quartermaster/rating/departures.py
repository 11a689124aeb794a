"""Departures: nodes that ship on other days than the rate book says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.snapshot import Snapshot
from quartermaster.rating.book import RateBook
from quartermaster.rating.geography import Places
from quartermaster.rating.offers import service_offers, unserviced_offers


def departing(book: RateBook, snapshot: Snapshot, node: NDArray[np.intp], ship_day: NDArray[np.int32]) -> RateBook:
    """Put departures (a node on a day) in the place of nodes.

    Parameters
    ----------
    book
        Rates the snapshot's nodes.
    snapshot
        What it was made for.
    node
        (n_departures,) row of each departure's node; a node may have several.
    ship_day
        (n_departures,) int32, days since 1970-01-01; -1 = never.

    Returns
    -------
    RateBook
        Its nodes are the departures.
    """
    if book.cards is None:
        offers = unserviced_offers(snapshot, ship_day)
    else:
        zone_index = {name: row for row, name in enumerate(book.zone_names)}
        offers = service_offers(snapshot, ship_day, zone_index, book.cards.offered, node)
    places, costs = book.origins, book.costs
    return replace(
        book,
        ship_day=ship_day,
        origins=Places(*(part[node] for part in (places.lat, places.lon, places.x, places.y, places.z))),
        carriers=tuple(replace(carrier, origin_class=carrier.origin_class[node]) for carrier in book.carriers),
        offers=offers,
        costs=replace(costs, per_shipment=costs.per_shipment[node], per_unit=costs.per_unit[node]),
    )
