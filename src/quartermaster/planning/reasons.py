"""Why units are backordered: the first reason that applies, line by line.

The first four reasons ask what could have been served had the order been alone: nodes are narrowed step by step
(allowed, stocked, carried by any service, carried in time), and the step that leaves fewer units than the line asks for
is the reason. The others look at the plan as it is: what the order has used, what stock and capacity are left.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.plan import Reason
from quartermaster.planning.carried import most_units
from quartermaster.planning.kpis import node_load
from quartermaster.planning.problem import UNLIMITED, PlanningProblem
from quartermaster.planning.shipments import Shipments
from quartermaster.planning.sourcing import Sourcing

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHUNK = 4096
"""Short lines judged at once: bounds memory to (CHUNK, n_nodes) arrays."""
MAX_SHARED = 6
"""Lines of one SKU in one order whose every combination is checked against the stock they share."""


def backorder_reasons(
    problem: PlanningProblem, sourcing: Sourcing, shipments: Shipments, unserved: Ints, short: Ints
) -> NDArray[np.object_]:
    """Give the reason of each short line.

    Parameters
    ----------
    problem
        The problem.
    sourcing, shipments
        The plan.
    unserved
        (n_lines,) units backordered.
    short
        (n,) the lines with any, rising.

    Returns
    -------
    ndarray, shape (n,), object
        Values of `quartermaster.domain.plan.Reason` as text.
    """
    reasons = np.empty(len(short), dtype=object)
    left = _Left(problem, sourcing, shipments)
    key = problem.line_order * problem.n_skus + problem.line_sku
    by_key = np.argsort(key, kind="stable")
    for at in range(0, len(short), CHUNK):
        lines = short[at : at + CHUNK]
        # lines that share a SKU with a short line of their order are judged along, since they share its stock
        begin = np.searchsorted(key[by_key], key[lines])
        stop = np.searchsorted(key[by_key], key[lines], side="right")
        judged = np.unique(by_key[_runs(begin, stop - begin)])
        reasons[at : at + CHUNK] = _chunk(problem, shipments, unserved, judged, left)[np.searchsorted(judged, lines)]
    return reasons


def _runs(begin: Ints, count: Ints) -> Ints:
    """Return the numbers of each run in turn: count[0] of them from begin[0], then count[1] from begin[1], and on."""
    return np.repeat(begin - np.cumsum(count) + count, count) + np.arange(int(count.sum()))


class _Left:
    """Stock and capacity that a plan leaves over.

    Parameters
    ----------
    problem, sourcing, shipments
        The plan.
    """

    def __init__(self, problem: PlanningProblem, sourcing: Sourcing, shipments: Shipments) -> None:
        self._problem = problem
        key = problem.line_sku[sourcing.line] * problem.n_nodes + sourcing.node
        self._key, where = np.unique(key, return_inverse=True)
        self._taken = np.zeros(len(self._key), dtype=np.int64)
        np.add.at(self._taken, where, sourcing.quantity)
        used_shipments, used_units = node_load(problem, shipments)
        self.shipments = np.where(
            problem.node_max_shipments >= UNLIMITED, UNLIMITED, problem.node_max_shipments - used_shipments
        )
        self.units = np.where(problem.node_max_units >= UNLIMITED, UNLIMITED, problem.node_max_units - used_units)

    def stock(self, available: Ints, skus: Ints) -> Ints:
        """Return what is left of some SKUs' availability.

        Parameters
        ----------
        available
            (n, n_nodes) availability before the plan.
        skus
            (n,) SKU indices.
        """
        left = available.copy()
        nodes = self._problem.n_nodes
        begin = np.searchsorted(self._key, skus * nodes)
        count = np.searchsorted(self._key, (skus + 1) * nodes) - begin
        row = np.repeat(np.arange(len(skus)), count)
        entry = _runs(begin, count)
        left[row, self._key[entry] % nodes] -= self._taken[entry]
        return left


def _chunk(
    problem: PlanningProblem, shipments: Shipments, unserved: Ints, lines: Ints, left: _Left
) -> NDArray[np.object_]:
    """Judge some lines; one that is not short gets a meaningless answer."""
    order, sku = problem.line_order[lines], problem.line_sku[lines]
    allowed = problem.allowed(lines)
    available = problem.available_rows(sku)
    stocked = available * allowed
    carried, in_time = _carried(problem, lines, stocked)
    used = np.bincount(shipments.order, minlength=problem.n_orders)[order]
    all_or_nothing = problem.order_complete[order] | problem.line_complete[lines]
    unused = np.minimum(left.stock(available, sku), in_time)
    usable = np.minimum(unused, left.units[None, :])
    usable[(left.shipments <= 0)[None, :] & ~_ships_from(problem, shipments, order)] = 0
    enough_free = usable.sum(axis=1) >= unserved[lines]
    blocked = np.any(unused > usable, axis=1)
    applies: list[tuple[Reason, Any]] = [
        (Reason.NOT_ALLOWED, ~allowed.any(axis=1)),
        (Reason.NO_STOCK, _short_of(problem, lines, stocked, stocked)),
        (Reason.NO_SERVICE, _short_of(problem, lines, stocked, carried)),
        (Reason.LATE_EVERYWHERE, _short_of(problem, lines, stocked, in_time)),
        (Reason.MAX_SHIPMENTS, (used > 0) & (used >= problem.order_max_shipments[order])),
        (Reason.SHIP_COMPLETE, all_or_nothing),
        (Reason.NO_CAPACITY, ~enough_free & blocked),
        (Reason.STOCK_TAKEN, ~enough_free),
    ]
    index = np.select([flags for _, flags in applies], range(len(applies)), default=len(applies))
    texts: NDArray[np.object_] = np.array(
        [*(reason.value for reason, _ in applies), Reason.TOO_COSTLY.value], dtype=object
    )
    chosen: NDArray[np.object_] = texts[index]
    return chosen


def _ships_from(problem: PlanningProblem, shipments: Shipments, order: Ints) -> Flags:
    """Tell from which nodes some orders ship already: (n, n_nodes) bool."""
    begin = np.searchsorted(shipments.order, order)
    count = np.searchsorted(shipments.order, order, side="right") - begin
    ships = np.zeros((len(order), problem.n_nodes), dtype=bool)
    row = np.repeat(np.arange(len(order)), count)
    ships[row, shipments.node[_runs(begin, count)]] = True
    return ships


def _carried(problem: PlanningProblem, lines: Ints, stocked: Ints) -> tuple[Ints, Ints]:
    """Return the stock that services can carry, by any day and in time: two (n, n_nodes) arrays.

    A node's services together carry at most so many units of the line, one shipment each.
    """
    row, node = np.nonzero(stocked)
    lanes = problem.book.lanes(problem.line_order[lines[row]], node)
    most = most_units(problem, lines[row], problem.line_quantity[lines[row]], lanes.zone)
    both = []
    for offered in (lanes.zone >= 0, (lanes.zone >= 0) & ~(problem.late_forbidden & (lanes.late_days > 0))):
        units = np.zeros_like(stocked)
        units[row, node] = np.minimum(stocked[row, node], np.where(offered, most, 0).sum(axis=1))
        both.append(units)
    return both[0], both[1]


def _short_of(problem: PlanningProblem, lines: Ints, stocked: Ints, units: Ints) -> Flags:
    """Tell which lines ask for more than the units, part of the stock, that nodes could give to their order alone.

    Lines of one SKU in one order share its stock: a line is short, too, when it and others of them together ask for
    more than all nodes open to any of them have.
    """
    short: Flags = units.sum(axis=1) < problem.line_quantity[lines]
    key = problem.line_order[lines] * problem.n_skus + problem.line_sku[lines]
    _, where, counts = np.unique(key, return_inverse=True, return_counts=True)
    for shared in np.flatnonzero(counts > 1):
        members = np.flatnonzero(where == shared)
        sizes = range(2, len(members) + 1) if len(members) <= MAX_SHARED else (len(members),)
        for size in sizes:
            for chosen in combinations(members.tolist(), size):
                together = list(chosen)
                most = np.minimum(stocked[together].max(axis=0), units[together].sum(axis=0))
                if problem.line_quantity[lines[together]].sum() > most.sum():
                    short[together] = True
    return short
