"""What the best option through each node costs, exactly and for all nodes at once.

Nodes are joined one by one, from the first on and from the last on, each with what it may ship in all; what is before a
node and what is behind it, joined, is everything without that node. Costs only: ties need `ExactOption`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.lattice_bounds import least_finish, least_in_two
from quartermaster.planning.rules.remaining import Remaining
from quartermaster.planning.shipment_costs import ShipmentCosts
from solver_models.lattice import lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BEYOND = INFEASIBLE // 2
"""No option costs so much; any sum with something infeasible does."""
AT_ONCE = 2_000_000
"""Pairs of vectors joined in one go: bounds memory."""


def node_costs(costs: ShipmentCosts, fits: Flags, remaining: Remaining) -> Ints | None:
    """Return the least cost of what each node may ship in all, by one service or several.

    Parameters
    ----------
    costs
        Of a group of one order, nodes by rank.
    fits
        (N, V) bool: the node has the units.
    remaining
        What is left.

    Returns
    -------
    ndarray, shape (N, V), or None
        Micro, `extra_shipment` of each shipment and the node's opening included; None where a node that might gain from
        several shipments has room for some, but not for one by each service.
    """
    problem, quantities = costs.problem, tuple(costs.group.quantities.tolist())
    cost = np.where(fits, costs.cost[0] + problem.extra_shipment_micro, INFEASIBLE)
    cost = np.minimum(cost, INFEASIBLE)
    several = np.flatnonzero(np.any(fits & (least_in_two(quantities, cost) < cost), axis=1))
    room = remaining.shipments[costs.nodes[several]]
    if np.any((room > 1) & (room < problem.book.n_services)):
        return None
    several = several[room > 1]
    if len(several):
        by_service = np.minimum(costs.by_service(0, several) + problem.extra_shipment_micro, INFEASIBLE)
        joined = np.full_like(cost[several], INFEASIBLE)
        joined[:, 0] = 0
        by_service[:, :, 0] = 0
        for service in range(by_service.shape[1]):
            joined = _joined(quantities, by_service[:, service], joined)
        cost[several] = np.where(fits[several], joined, INFEASIBLE)
    return np.asarray(np.minimum(cost + remaining.opening_micro[costs.nodes][:, None], INFEASIBLE))


def least_through(quantities: tuple[int, ...], cost: Ints, end: Ints) -> Ints:
    """Return the cost of the best option in which each node ships something.

    Parameters
    ----------
    quantities
        Units of each line.
    cost
        (N, V) from `node_costs`.
    end
        (V,) cost of ending with exactly a vector served.

    Returns
    -------
    ndarray, shape (N,), int64
        `INFEASIBLE` where there is none.
    """
    shipping = np.flatnonzero((cost < BEYOND).any(axis=1))
    part = cost[shipping]
    part[:, 0] = 0
    before, behind = _running(quantities, part), _running(quantities, part[::-1])[::-1]
    least = np.full(len(cost), INFEASIBLE, dtype=np.int64)
    step = max(1, AT_ONCE // pair_count(quantities))
    for at in range(0, len(shipping), step):
        here = slice(at, at + step)
        others = _joined(quantities, before[here], behind[here])
        whole = part[here] + least_finish(quantities, others, end[None])
        least[shipping[here]] = whole[:, 1:].min(axis=1)
    return np.where(least < BEYOND, least, INFEASIBLE)


def _running(quantities: tuple[int, ...], part: Ints) -> Ints:
    """Return (M, V) the least cost of serving exactly a vector from the nodes before each."""
    running = np.full_like(part, INFEASIBLE)
    running[:1, 0] = 0
    for at in range(1, len(part)):
        running[at] = _joined(quantities, part[at - 1 : at], running[at - 1 : at])[0]
    return running


def _joined(quantities: tuple[int, ...], one: Ints, other: Ints) -> Ints:
    """Return (R, V) the least cost of serving exactly a vector by two together."""
    part, start = lattice_of(quantities).parts
    rest = lattice_of(quantities).rests
    return np.minimum(np.minimum.reduceat(one[:, part] + other[:, rest], start[:-1], axis=1), INFEASIBLE)
