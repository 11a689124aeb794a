"""The network: a few deep distribution centres, many shallow stores, a vendor or two, at real places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.demo.columns import filled, tuples
from quartermaster.demo.published import places
from quartermaster.demo.size import Size
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.network import Node
from quartermaster.domain.table import Table

_CENT = 10_000
"""One cent in micro."""
_MONDAY_TO_SATURDAY, _MONDAY_WEDNESDAY_FRIDAY = 0b0111111, 0b0010101
_STORE_DAYS = (0b0011111, _MONDAY_TO_SATURDAY, 0b1111111, 0b0111110)
"""Monday to Friday, to Saturday, to Sunday; Tuesday to Saturday."""
_STORE_DAY_SHARES = (0.3, 0.4, 0.2, 0.1)
_MAKE_ROOM = 1.8
"""Shipment capacity of the whole network over the number of orders, about."""


def draw_nodes(size: Size) -> Table[Node]:
    """Draw the network of a demo; the first places always stand, so that a larger network contains a smaller one.

    Distribution centres ship cheaply and late into the day. A store picks from its shelves: dearer by the unit, a
    morning cut-off, room for a few shipments, and a third of them has to call somebody in (`opening_cost`). A vendor
    ships on three days a week. In a network of 20 nodes or more one store is closed for works.

    Parameters
    ----------
    size
        How many, for how many orders, and the seed.
    """
    kinds = size.kinds()
    held = [place for kind, count in kinds.items() for place in places(kind)[:count]]
    rng, n = size.stream("nodes"), len(held)
    kind = np.array([place.kind for place in held], dtype=object)
    dc, store, vendor = kind == "dc", kind == "store", kind == "vendor"

    cutoff = np.where(dc, rng.choice([14, 15, 16, 17], n) * 60, rng.choice([9 * 60 + 30, 660, 720, 780, 840], n))
    days = np.where(vendor, _MONDAY_WEDNESDAY_FRIDAY, _MONDAY_TO_SATURDAY)
    days = np.where(store, rng.choice(_STORE_DAYS, n, p=_STORE_DAY_SHARES), days)

    per_shipment = np.where(dc, rng.integers(90, 141, n), rng.integers(120, 221, n))
    per_shipment[vendor] += 150
    per_unit = np.where(store, rng.integers(40, 81, n), rng.integers(25, 46, n))
    opening = np.where(store & (rng.random(n) < 0.33), rng.choice([600, 900, 1200], n), 0)

    room = _shares(dc, store, rng) * size.orders * _MAKE_ROOM
    shipments = np.maximum(np.rint(room), 3).astype(np.int64)
    units = np.rint(shipments * rng.uniform(1.7, 2.5, n)).astype(np.int64)
    shipments[vendor] = NOT_GIVEN
    units[(rng.random(n) < 0.5) | vendor] = NOT_GIVEN

    enabled = np.ones(n, dtype=bool)
    if n >= 20:
        enabled[rng.choice(np.flatnonzero(store)[5:])] = False
    return filled(
        Node,
        n,
        node_id=np.array([place.node_id for place in held], dtype=object),
        kind=kind,
        postal_code=np.array([place.postal_code for place in held], dtype=object),
        timezone=np.array([place.timezone for place in held], dtype=object),
        cutoff=cutoff,
        ships_on=days,
        max_shipments=shipments,
        max_units=units,
        cost_per_shipment=per_shipment * _CENT,
        cost_per_unit=per_unit * _CENT,
        opening_cost=opening * _CENT,
        priority=np.select([dc, vendor], [10, 90], 50),
        enabled=enabled,
        labels=tuples(n, {row: (f"{place.place}, {place.state}",) for row, place in enumerate(held)}),
    )


def _shares(dc: NDArray[np.bool_], store: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Share of the network's shipments that each node has room for: 60 % in the centres, the rest in the stores."""
    weight = rng.uniform(0.6, 1.4, len(dc))
    share = np.zeros(len(dc))
    share[dc] = weight[dc] / weight[dc].sum() * (0.6 if store.any() else 1.0)
    if store.any():
        share[store] = weight[store] / weight[store].sum() * 0.4
    return share
