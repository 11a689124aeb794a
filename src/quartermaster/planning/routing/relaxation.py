"""One order's options when each quantity vector leaves from its cheapest node, whatever its other vectors do.

What comes out costs no more than any true option. It is itself a true option, and then the best, when its shipments
leave from different nodes; `RelaxedOrder` says when that is not so, and the order is solved by `ExactOption`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.lattice_bounds import least_finish, least_in_two, least_served
from solver_models.lattice import lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Parts = list[tuple[int, int]]
"""(place, vector number) of each shipment."""

BEYOND = INFEASIBLE // 2
"""No option costs so much; any sum with something infeasible does, even where an end gives `extra_shipment` back."""
MAX_PAIRS = 60_000
"""Larger lattices go to the exact search at once."""


def relaxable(quantities: tuple[int, ...]) -> bool:
    """Tell whether an order is small enough for this module.

    Parameters
    ----------
    quantities
        Units of each line.
    """
    return pair_count(quantities) <= MAX_PAIRS


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """What the best option through each place costs at least.

    Parameters
    ----------
    least
        (N,) micro; `INFEASIBLE` where there is none.
    attained
        (N,) bool: an option costs just that.
    """

    least: Ints
    attained: NDArray[np.bool_]


class RelaxedOrder:
    """The relaxation of one order.

    Parameters
    ----------
    quantities
        Units of each line.
    cost
        (N, V) cost of each shipment, `extra_shipment` included, micro; `INFEASIBLE` where it cannot be.
    opening
        (N,) cost of opening each node.
    end
        (V,) cost of ending with exactly a vector served.
    limit
        Most shipments.
    """

    def __init__(self, quantities: tuple[int, ...], cost: Ints, opening: Ints, end: Ints, limit: int) -> None:
        self._quantities, self._end = quantities, end
        self._cost, self._opening = cost, opening
        self._units = lattice_of(quantities).units
        self._limit = min(limit, int(self._units[-1]))
        self._paid = np.minimum(cost + opening[:, None], INFEASIBLE) if opening.any() else cost
        self._place = self._paid.argmin(axis=0)
        self._block = self._paid[self._place, np.arange(len(end))]

    def best(self) -> Parts | None:
        """Return the shipments of the best option; None where the relaxation cannot tell."""
        if self.shares_opening:
            return None
        layers = self._layers()
        totals = np.stack(layers) + self._end
        least = int(totals.min())
        if least >= BEYOND:
            return None
        shipments, served = np.nonzero(totals == least)
        key = self._units[served] * len(layers) - shipments
        first = np.flatnonzero(key == key.max())
        if len(first) > 1:
            return None
        vectors = self._undone(layers, int(shipments[first[0]]), int(served[first[0]]))
        parts = None if vectors is None else [(int(self._place[vector]), vector) for vector in vectors]
        return parts if parts is None or len({place for place, _ in parts}) == len(parts) else None

    def through(self) -> Through:
        """Bound the best option through each place, and tell where the bound is attained."""
        finish, served = self._finish
        ahead = self._paid + finish
        vector = ahead.argmin(axis=1)
        least = ahead[np.arange(len(vector)), vector]
        found = least < BEYOND
        least[~found] = INFEASIBLE
        if self.shares_opening:
            # a node pays its opening once for several shipments: then only a bound without it holds
            least = np.where(found, (self._cost + self._finish_open).min(axis=1), INFEASIBLE)
            return Through(least, np.zeros(len(least), dtype=bool))
        attained = np.zeros(len(least), dtype=bool)
        for first in np.unique(vector[found]).tolist():
            after = self._after(first, finish, served)
            if after is not None and len(set(after)) == len(after):
                mine = np.flatnonzero(found & (vector == first))
                attained[mine] = ~np.isin(mine, after)
        return Through(least, attained)

    @cached_property
    def shares_opening(self) -> bool:
        """True where two shipments from one node might be cheaper than one, and would open it only once."""
        closed = np.flatnonzero(self._opening)
        if not len(closed) or self._limit < 2:
            return False
        cost = self._cost[closed]
        return bool(np.any(least_in_two(self._quantities, cost) < cost))

    def _layers(self) -> list[Ints]:
        """Return, by number of shipments, the least cost of serving exactly a vector; as many as can matter."""
        block, steps = self._block, lattice_of(self._quantities).steps
        nothing = np.full_like(block, INFEASIBLE)
        nothing[0] = 0
        layers = [nothing, block]
        cheapest_end = int(self._end.min())
        best = min(int(self._end[0]), int((block + self._end).min()))
        paid = block[steps.part]
        for _ in range(2, self._limit + 1):
            # one shipment more never makes it cheaper than the cheapest of the last layer
            if int(layers[-1].min()) + cheapest_end > best:
                break
            layer = np.full_like(block, INFEASIBLE)
            sums = np.minimum.reduceat(paid + layers[-1][steps.rest], steps.start)
            layer[steps.whole] = np.minimum(sums, INFEASIBLE)
            layers.append(layer)
            best = min(best, int((layer + self._end).min()))
        return layers

    def _undone(self, layers: list[Ints], shipments: int, whole: int) -> list[int] | None:
        """Return the vectors of a partition; None when another partition costs the same."""
        steps = lattice_of(self._quantities).steps
        vectors = []
        for layer in range(shipments, 1, -1):
            pairs = steps.parts(whole)
            part, rest = steps.part[pairs], steps.rest[pairs]
            found = np.flatnonzero(self._block[part] + layers[layer - 1][rest] == layers[layer][whole])
            if len(found) > 1:
                return None
            vectors.append(int(part[found[0]]))
            whole = int(rest[found[0]])
        return vectors if shipments == 0 else [*vectors, whole]

    @cached_property
    def _finish(self) -> tuple[Ints, list[Ints]]:
        """(V,) least cost of going on when a vector is served by one shipment, and what it is made of."""
        served = self._served(self._block)
        finish = least_finish(self._quantities, served[-1][None], self._end[None])[0]
        return finish, served

    @cached_property
    def _finish_open(self) -> Ints:
        """The same were every node open."""
        served = self._served(self._cost.min(axis=0))
        return np.asarray(least_finish(self._quantities, served[-1][None], self._end[None])[0])

    def _served(self, block: Ints) -> list[Ints]:
        """Return the least cost of serving a vector in at most 0, 1, 2 ... shipments; one entry if nothing limits."""
        if self._limit >= self._units[-1]:
            return [least_served(self._quantities, block[None])[0]]
        steps = lattice_of(self._quantities).steps
        nothing = np.full_like(block, INFEASIBLE)
        nothing[0] = 0
        served = [nothing]
        for _ in range(1, self._limit):
            more = served[-1].copy()
            more[steps.whole] = np.minimum.reduceat(block[steps.part] + served[-1][steps.rest], steps.start)
            more[0] = 0
            served.append(np.minimum(more, INFEASIBLE))
        return served

    def _after(self, first: int, finish: Ints, served: list[Ints]) -> list[int] | None:
        """Return the places that go on after a vector in one of the cheapest ways."""
        steps, depth = lattice_of(self._quantities).steps, len(served) - 1
        inside = np.flatnonzero(np.all(self._vectors + self._vectors[first] <= self._vectors[-1], axis=1))
        whole = int(inside[np.argmin(served[depth][inside] + self._end[inside + first])])
        if served[depth][whole] + self._end[whole + first] != finish[first]:
            return None
        places = []
        while whole:
            below = served[max(depth - 1, 0)]
            pairs = steps.parts(whole)
            part, rest = steps.part[pairs], steps.rest[pairs]
            found = np.flatnonzero(self._block[part] + below[rest] == served[depth][whole])
            if not len(found):
                return None
            places.append(int(self._place[part[found[0]]]))
            whole, depth = int(rest[found[0]]), max(depth - 1, 0)
        return places

    @property
    def _vectors(self) -> Ints:
        return lattice_of(self._quantities).vectors
