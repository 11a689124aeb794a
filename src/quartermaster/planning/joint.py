"""Joint shipments: one node serves part of an order by several services at once, because that is cheaper.

A shipment has one service, and an order at most one shipment of a node and service. Where a weight limit or an odd rate
card makes two shipments from the same node cheaper than the best single one, that pair is an option of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.pair_tables import PairTables
from quartermaster.planning.shipment_cells import service_costs
from solver_models.lattice import Lattice
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

CHUNK = 4_000_000
"""Sums of two vectors looked at in one go: bounds memory."""


@dataclass(frozen=True, slots=True)
class JointShipments:
    """Several shipments of one order from one node that together serve one vector.

    Parameters
    ----------
    pair, node
        Number of the (order, node) pair in its group, and node index.
    services, vectors
        Service and vector number of each shipment.
    cost
        Their transport + handling + distance + late, micro.
    """

    pair: int
    node: int
    services: tuple[int, ...]
    vectors: tuple[int, ...]
    cost: int


def joint_shipments(tables: PairTables, lattice: Lattice) -> list[JointShipments]:
    """Find every joint shipment that is cheaper than any way of fewer shipments, `extra_shipment` included.

    Parameters
    ----------
    tables
        Costs of the single shipments of one shape group.
    lattice
        How its vectors add up.

    Returns
    -------
    list of JointShipments
        By pair, rising.
    """
    cells = tables.cells
    n_services, extra = cells.problem.book.n_services, cells.problem.extra_shipment_micro
    if n_services < 2 or lattice.units[-1] < 2:
        return []
    found: list[JointShipments] = []
    gaining = _could_gain(lattice, tables, extra)
    for pairs in _portions(gaining, n_services * _pairs_of(lattice)):
        by_service = service_costs(cells, cells.pairs.row[pairs], cells.pairs.place[pairs])
        single, fits = tables.of(pairs)
        gains = _several_beat_one(lattice, by_service, single, fits, extra)
        node = cells.nodes[cells.pairs.place[pairs[gains]]]
        found += _of_pairs(lattice, by_service[gains], single[gains], fits[gains], extra, pairs[gains], node)
    return found


def needs_watching(tables: PairTables, joint: list[JointShipments], lattice: Lattice) -> NDArray[np.bool_]:
    """Tell, per (order, node), whether two of its columns can sum to a vector that costs more, or cannot be, as one.

    Parameters
    ----------
    tables, lattice
        As in `joint_shipments`.
    joint
        Its result.

    Returns
    -------
    ndarray, shape (P,), bool
    """
    extra = tables.cells.problem.extra_shipment_micro
    watched = np.zeros(len(tables.cells.pairs.row), dtype=bool)
    owner = np.array([found.pair for found in joint], dtype=np.int64)
    whole = np.array([sum(found.vectors) for found in joint], dtype=np.int64)
    paid = np.array([found.cost + extra * (len(found.services) - 1) for found in joint], dtype=np.int64)
    for pairs in _portions(tables.with_several(), _pairs_of(lattice)):
        cost, _ = tables.of(pairs)
        here = np.flatnonzero(np.isin(owner, pairs))
        np.minimum.at(cost, (np.searchsorted(pairs, owner[here]), whole[here]), paid[here])
        watched[pairs] = _two_beat_one(lattice, cost, None, extra)
    return watched


def _pairs_of(lattice: Lattice) -> int:
    return sum(len(part) for _, part, _, _ in lattice.levels)


def _portions(pairs: NDArray[np.intp], sums: int) -> list[NDArray[np.intp]]:
    """Cut some pairs into portions of `CHUNK`, each pair having so many sums."""
    width = max(1, CHUNK // max(1, sums))
    return [pairs[at : at + width] for at in range(0, len(pairs), width)]


def _could_gain(lattice: Lattice, tables: PairTables, extra: int) -> NDArray[np.intp]:
    """Number the pairs of which two shipments could beat one if the same service were allowed twice."""
    gaining = [np.empty(0, dtype=np.intp)]
    for pairs in _portions(tables.with_several(), _pairs_of(lattice)):
        cost, fits = tables.of(pairs)
        least, most = cost.min(axis=1), np.where(fits, cost, 0).max(axis=1)
        worth = np.flatnonzero((least < INFEASIBLE) & (most > 2 * np.minimum(least, INFEASIBLE) + extra))
        gaining.append(pairs[worth[_two_beat_one(lattice, cost[worth], fits[worth], extra)]])
    return np.concatenate(gaining)


def _two_beat_one(lattice: Lattice, cost: Ints, fits: NDArray[np.bool_] | None, extra: int) -> NDArray[np.bool_]:
    """Tell, per pair, whether two vectors cost less apart than their sum (where that fits)."""
    beaten = np.zeros(len(cost), dtype=bool)
    for whole, part, rest, start in lattice.levels:
        two = np.minimum.reduceat(cost[:, part] + cost[:, rest], start, axis=1) + extra
        better = (two < cost[:, whole]) & (two < INFEASIBLE)
        beaten |= np.any(better if fits is None else better & fits[:, whole], axis=1)
    return beaten


def _several_beat_one(
    lattice: Lattice, by_service: Ints, single: Ints, fits: NDArray[np.bool_], extra: int
) -> NDArray[np.bool_]:
    """Tell, per pair, whether shipments by distinct services could beat one, for any vector: never a false no."""
    n_services = by_service.shape[1]
    order = np.argsort(by_service, axis=1, kind="stable")[:, :2]
    least = np.take_along_axis(by_service, order, axis=1)
    # what each vector costs by the cheapest service that is not the one at hand
    other = np.where(order[:, :1] == np.arange(n_services)[None, :, None], least[:, 1:2], least[:, :1])
    shipped = np.full_like(single, INFEASIBLE)  # by two distinct services; then, a floor under one service more
    for whole, part, rest, start in lattice.levels:
        for service in range(n_services):
            sums = by_service[:, service][:, part] + other[:, service][:, rest]
            shipped[:, whole] = np.minimum(shipped[:, whole], np.minimum.reduceat(sums, start, axis=1))
    gains = np.zeros(len(single), dtype=bool)
    for count in range(2, n_services + 1):
        better = fits & (shipped < INFEASIBLE) & (shipped + extra * (count - 1) < single)
        gains |= np.any(better, axis=1)
        if gains.all() or count == n_services:
            break
        more = np.full_like(shipped, INFEASIBLE)
        for whole, part, rest, start in lattice.levels:
            sums = np.minimum(least[:, 0][:, part] + shipped[:, rest], shipped[:, part] + least[:, 0][:, rest])
            more[:, whole] = np.minimum(np.minimum.reduceat(sums, start, axis=1), INFEASIBLE)
        shipped = more
    return gains


def _of_pairs(
    lattice: Lattice,
    by_service: Ints,
    single: Ints,
    fits: NDArray[np.bool_],
    extra: int,
    number: NDArray[np.intp],
    node: Ints,
) -> list[JointShipments]:
    """Exact: cheapest sets of shipments with distinct services for every vector of some (order, node) pairs."""
    n_pairs, n_services, size = by_service.shape
    part, start = lattice.parts
    whole = np.repeat(np.arange(size), np.diff(start))
    nothing = np.full((n_pairs, size), INFEASIBLE, dtype=np.int64)
    nothing[:, 0] = 0
    # by number of shipments: cost of each vector; and for each service the vector that it ships of it, 0 = none
    tables = [nothing]
    taken: list[list[Ints]] = []
    for service in range(n_services):
        grown = [*(cost.copy() for cost in tables), np.full_like(nothing, INFEASIBLE)]
        steps = [np.zeros_like(nothing) for _ in grown]
        for count, cost in enumerate(tables, start=1):
            sums = by_service[:, service][:, part] + cost[:, whole - part]
            least = np.minimum.reduceat(sums, start[:-1], axis=1)
            # of equals the first
            first = np.minimum.reduceat(
                np.where(sums == least[:, whole], np.arange(len(part)), len(part)), start[:-1], 1
            )
            better = least < grown[count]
            steps[count] = np.where(better, part[first], steps[count])
            grown[count] = np.where(better, least, grown[count])
        tables = grown
        taken.append(steps)
    best, found = single.copy(), []
    for count, cost in enumerate(tables[2:], start=2):
        total = cost + extra * (count - 1)
        gains = fits & (total < best) & (cost < INFEASIBLE)
        best = np.where(gains, total, best)
        for pair, vector in zip(*(index.tolist() for index in np.nonzero(gains)), strict=True):
            services, vectors = _ways(taken, count, pair, vector)
            found.append(
                (pair, JointShipments(int(number[pair]), int(node[pair]), services, vectors, int(cost[pair, vector])))
            )
    return [joint for _, joint in sorted(found, key=lambda one: one[0])]


def _ways(taken: list[list[Ints]], count: int, pair: int, vector: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Trace back which services ship which vectors."""
    shipped = []
    for service, steps in reversed(list(enumerate(taken))):
        piece = int(steps[count][pair, vector]) if count < len(steps) else 0
        if piece:
            shipped.append((service, piece))
            count, vector = count - 1, vector - piece
    services, vectors = zip(*shipped[::-1], strict=True)
    return services, vectors
