"""One order as a named rule sees it: where its lines may come from, and the service each shipment would take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.remaining import Remaining

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CHUNK = 512
"""Orders whose lanes are rated at once."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderView:
    """One order and its lanes.

    Parameters
    ----------
    problem
        The problem.
    order
        Order index.
    lines
        (L,) line indices, in the order of their ids.
    quantities
        Units of each line.
    allowed
        (L, n_nodes) bool.
    distance_m
        (n_nodes,).
    zone
        (n_nodes, S), -1 = not offered, or late where that is forbidden.
    late_micro
        (n_nodes, S).
    """

    problem: PlanningProblem
    order: int
    lines: Ints
    quantities: tuple[int, ...]
    allowed: Flags
    distance_m: Ints
    zone: NDArray[np.int32]
    late_micro: Ints

    @property
    def skus(self) -> Ints:
        """(L,) SKU indices."""
        return self.problem.line_sku[self.lines]

    def stock(self, remaining: Remaining) -> Ints:
        """Return the units each line could take at each node: (L, n_nodes), 0 where it is not allowed.

        Lines of one SKU see the same units; what one takes the other cannot.

        Parameters
        ----------
        remaining
            What is left.
        """
        stock: Ints = remaining.rows(self.skus) * self.allowed
        stock[:, (remaining.shipments <= 0) | (remaining.units <= 0)] = 0
        return stock

    def service(self, node: int, units: dict[int, int]) -> int | None:
        """Choose the service of a shipment: the least transport + late cost, of equals the first.

        Parameters
        ----------
        node
            Where it leaves.
        units
            Units by position of the line.

        Returns
        -------
        int or None
            None when no service carries it in time.
        """
        problem = self.problem
        skus = self.skus
        weight = sum(int(problem.weight_g[skus[position]]) * quantity for position, quantity in units.items())
        volume = sum(int(problem.volume_mm3[skus[position]]) * quantity for position, quantity in units.items())
        offered = np.flatnonzero(self.zone[node] >= 0)
        if not len(offered):
            return None
        home = problem.book.residential[self.order]
        micro = problem.book.transport(offered, self.zone[node, offered], home, weight, volume).micro
        carried = np.flatnonzero(micro >= 0)
        if not len(carried):
            return None
        return int(offered[carried[np.argmin(micro[carried] + self.late_micro[node, offered[carried]])]])


def order_views(problem: PlanningProblem, orders: Ints) -> Iterator[OrderView]:
    """Yield the views of some orders, in that sequence; lanes are rated a chunk of orders at a time.

    Parameters
    ----------
    problem
        The problem.
    orders
        (n,) order indices.
    """
    every = np.arange(problem.n_nodes)
    for at in range(0, len(orders), CHUNK):
        chunk = orders[at : at + CHUNK]
        lanes = problem.lanes(np.repeat(chunk, problem.n_nodes), np.tile(every, len(chunk)))
        late = problem.book.late_cost(lanes.late_days)
        spans = [np.arange(problem.line_start[order], problem.line_start[order + 1]) for order in chunk]
        allowed = problem.allowed(np.concatenate(spans))
        first = 0
        for row, (order, lines) in enumerate(zip(chunk.tolist(), spans, strict=True)):
            here = slice(row * problem.n_nodes, (row + 1) * problem.n_nodes)
            yield OrderView(
                problem=problem,
                order=order,
                lines=lines,
                quantities=tuple(problem.line_quantity[lines].tolist()),
                allowed=allowed[first : first + len(lines)],
                distance_m=lanes.distance_m[here],
                zone=lanes.zone[here],
                late_micro=late[here],
            )
            first += len(lines)
