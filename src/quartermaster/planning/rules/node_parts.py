"""What one node may ship to one order: single shipments, and several by different services where that is cheaper."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_CELLS = 500_000
"""Pairs of a shipment and a combination that are joined at once."""


class Part(NamedTuple):
    """What one node ships to the order.

    Parameters
    ----------
    vector
        Number of the vector it serves in all.
    shipments
        How many.
    cost
        Their cost in micro, `extra_shipment` of each included.
    by_service
        (service, vector number) of each shipment, services rising.
    place
        Position of the node among those of the search.
    """

    vector: int
    shipments: int
    cost: int
    by_service: tuple[tuple[int, int], ...]
    place: int = -1


class _Joined(NamedTuple):
    """Best combination per (vector, number of shipments), over the services from some service on."""

    vector: Ints
    shipments: Ints
    cost: Ints
    by_service: list[tuple[tuple[int, int], ...]]


def node_parts(vectors: Ints, tie: Ints, cost: Ints, kept: Flags, slack: Ints, fits: Flags, most: int) -> list[Part]:
    """List the parts worth considering at one node.

    Parameters
    ----------
    vectors
        (V, L) the lattice.
    tie
        (V,) of two vectors by one service the larger comes first in the order of ties.
    cost
        (S, V) cost of single shipments, micro.
    kept
        (S, V) bool: the shipments worth considering.
    slack
        (V,) most that a part serving a vector may cost.
    fits
        (V,) bool: the node has the units.
    most
        Shipments the node may send to the order.

    Returns
    -------
    list of Part
        For each vector the cheapest by number of shipments, where more shipments are strictly cheaper; of equals the
        one that comes first in the order of ties.
    """
    services = np.flatnonzero(kept.any(axis=1))
    if most < 2 or len(services) < 2:
        least = np.where(kept, cost, INFEASIBLE)
        chosen = least.argmin(axis=0)
        found = np.flatnonzero(least.min(axis=0) < INFEASIBLE).tolist()
        return [Part(at, 1, int(least[chosen[at], at]), ((int(chosen[at]), at),)) for at in found]
    zero = np.zeros(1, dtype=np.int64)
    joined = _Joined(zero, zero, zero, [()])
    for service in services[::-1].tolist():
        joined = _join(joined, service, np.flatnonzero(kept[service]), cost[service], vectors, tie, slack, fits, most)
    order = np.lexsort((joined.shipments, joined.vector))
    parts: list[Part] = []
    for at in order[1:].tolist():  # the first is the empty combination
        part = Part(int(joined.vector[at]), int(joined.shipments[at]), int(joined.cost[at]), joined.by_service[at])
        if not parts or parts[-1].vector != part.vector or part.cost < parts[-1].cost:
            parts.append(part)
    return parts


def _join(
    joined: _Joined,
    service: int,
    found: Ints,
    cost: Ints,
    vectors: Ints,
    tie: Ints,
    slack: Ints,
    fits: Flags,
    most: int,
) -> _Joined:
    """Add one service in front: each combination as it is, or with one shipment by the service."""
    pieces = [
        (joined.vector, joined.shipments, joined.cost, np.arange(len(joined.vector)), np.zeros_like(joined.vector))
    ]
    step = max(1, MAX_CELLS // len(joined.vector))
    for at in range(0, len(found), step):
        own = found[at : at + step]
        inside = np.all(vectors[own][:, None, :] + vectors[joined.vector][None, :, :] <= vectors[-1], axis=2)
        inside &= (joined.shipments < most)[None, :]
        first, second = np.nonzero(inside)
        vector, total = own[first] + joined.vector[second], cost[own[first]] + joined.cost[second]
        good = np.flatnonzero(fits[vector] & (total <= slack[vector]))
        first, second = first[good], second[good]
        pieces.append((vector[good], joined.shipments[second] + 1, total[good], second, own[first]))
    vector, shipments, total, before, own = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
    # of equal cost, the larger vector by the earlier service comes first in the order of ties
    order = np.lexsort((-tie[own], total, shipments, vector))
    fresh = np.r_[True, (np.diff(vector[order]) != 0) | (np.diff(shipments[order]) != 0)]
    best = order[fresh]
    by_service = [
        (((service, mine),) if mine else ()) + joined.by_service[tail]
        for mine, tail in zip(own[best].tolist(), before[best].tolist(), strict=True)
    ]
    return _Joined(vector[best], shipments[best], total[best], by_service)
