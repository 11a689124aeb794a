"""The rule `fewest_shipments`: most units, then fewest nodes, then the node set whose best priorities come first.

Within a set, nodes are visited by priority and each line takes what is available. What a node gives then depends only
on what was served before it, so a dynamic program over (served vector, next node) finds the best set exactly.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.priced import PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
IMPOSSIBLE = -(1 << 40)
"""Value of a state from which no allowed end is reached."""


class _Sets:
    """The dynamic program of one order.

    Parameters
    ----------
    order
        The order and its prices.
    remaining
        What is left.
    """

    def __init__(self, order: PricedOrder, remaining: Remaining) -> None:
        self.order = order
        problem, group = order.costs.problem, order.costs.group
        units = order.units(remaining)
        units[(remaining.shipments <= 0)[order.costs.nodes]] = 0
        self.places = np.flatnonzero(units.any(axis=1) & (remaining.units > 0)[order.costs.nodes])
        self.units = units[self.places]
        self.capacity = remaining.units[order.costs.nodes[self.places]]
        self.most = int(problem.order_max_shipments[order.costs.group.orders[order.row]])
        self.whole = len(group.vectors) - 1
        self.complete = problem.line_complete[order.lines]
        self.all_or_nothing = bool(problem.order_complete[group.orders[order.row]])
        self.strides = np.cumprod(np.r_[1, group.quantities[:0:-1] + 1])[::-1]

    def single(self) -> list[int] | None:
        """Return the first node that serves the whole order alone, if any."""
        quantities = self.order.costs.group.quantities
        enough = np.all(self.units >= quantities, axis=1) & (self.capacity >= quantities.sum())
        for columns in self.order.costs.group.same_sku:
            together = list(columns)
            enough &= self.units[:, together].min(axis=1) >= quantities[together].sum()
        enough &= self.order.costs.cost[self.order.row, self.places, self.whole] < INFEASIBLE
        found = np.flatnonzero(enough)
        return [int(found[0])] if len(found) else None

    def best(self) -> tuple[list[int], Flags]:
        """Return the best set of places, and which lines take part."""
        candidates = [frozenset[int]()]
        after, moves = self._moves(np.ones(len(self.complete), dtype=bool))
        best = (*self._search(after, moves, self._ends(candidates[0])), np.ones(len(self.complete), dtype=bool))
        if best[0][0] == int(self.order.costs.group.quantities.sum()) or not self.complete.any():
            return list(best[1]), best[2]
        positions = np.flatnonzero(self.complete).tolist()
        for size in range(1, len(positions) + 1):
            for out in combinations(positions, size):
                part = np.ones(len(self.complete), dtype=bool)
                part[list(out)] = False
                found = (*self._search(*self._moves(part), self._ends(frozenset(out))), part)
                if (-found[0][0], found[0][1], found[1]) < (-best[0][0], best[0][1], best[1]):
                    best = found
        return list(best[1]), best[2]

    def _moves(self, part: Flags) -> tuple[Ints, Flags]:
        """Return what is served after visiting a place, and whether the visit is a shipment: two (M, V) arrays."""
        costs = self.order.costs
        vectors, skus = costs.group.vectors, costs.problem.line_sku[self.order.lines]
        taken = np.zeros((len(self.places), len(vectors), len(skus)), dtype=np.int64)
        capacity = np.repeat(self.capacity[:, None], len(vectors), axis=1)
        for column in np.argsort(self.order.lines).tolist():
            if not part[column]:
                continue
            wanted = costs.group.quantities[column] - vectors[None, :, column]
            left = self.units[:, None, column] - taken[:, :, skus == skus[column]].sum(axis=2)
            taken[:, :, column] = np.maximum(0, np.minimum(np.minimum(wanted, left), capacity))
            capacity -= taken[:, :, column]
        step = taken @ self.strides
        moves = costs.cost[self.order.row, self.places[:, None], step] < INFEASIBLE
        return np.arange(len(vectors))[None, :] + step, moves

    def _ends(self, out: frozenset[int]) -> Flags:
        """Tell which served vectors may be final when some lines are left out."""
        vectors, quantities = self.order.costs.group.vectors, self.order.costs.group.quantities
        if self.all_or_nothing:
            return np.asarray((vectors == quantities).all(axis=1) | (vectors == 0).all(axis=1))
        ends = np.ones(len(vectors), dtype=bool)
        for column in np.flatnonzero(self.complete).tolist():
            if column in out:
                ends &= vectors[:, column] == 0
            else:
                ends &= (vectors[:, column] == 0) | (vectors[:, column] == quantities[column])
        return ends

    def _search(self, after: Ints, moves: Flags, ends: Flags) -> tuple[tuple[int, int], tuple[int, ...]]:
        """Return (units, nodes) of the best set of places, and the set."""
        found = self._limited(after, moves, ends, 0)
        if found[0][1] > self.most:
            found = self._limited(after, moves, ends, self.most)
        return found

    def _limited(self, after: Ints, moves: Flags, ends: Flags, most: int) -> tuple[tuple[int, int], tuple[int, ...]]:
        """Search with at most so many nodes; 0 = any number."""
        n_places, scale = len(self.places), len(self.places) + 1
        end = np.where(ends, self.order.costs.group.vectors.sum(axis=1) * scale, IMPOSSIBLE)
        layers = 1 if most == 0 else most + 1
        # value[i][r, w]: the best end from served vector w with places i, i+1, … and r more nodes
        value = np.empty((n_places + 1, layers, len(end)), dtype=np.int64)
        value[n_places] = end
        lower = np.arange(layers) - (1 if most else 0)
        for place in range(n_places - 1, -1, -1):
            value[place] = value[place + 1]
            visit = np.where(moves[place], value[place + 1][:, after[place]] - 1, IMPOSSIBLE)
            allowed = lower >= 0
            value[place][allowed] = np.maximum(value[place][allowed], visit[lower[allowed]])
        chosen, served, left = [], 0, layers - 1
        for place in range(n_places):
            if not moves[place, served] or lower[left] < 0:
                continue
            # taking the earliest node that is in any best set gives the set whose best priorities come first
            if value[place + 1, lower[left], after[place, served]] - 1 == value[place, left, served]:
                chosen.append(place)
                served, left = int(after[place, served]), int(lower[left])
        units, nodes = int(self.order.costs.group.vectors[served].sum()), len(chosen)
        return (units, nodes), tuple(chosen)


def fewest_shipments(order: PricedOrder, remaining: Remaining) -> list[Take]:
    """Serve most units from fewest nodes.

    Parameters
    ----------
    order
        The order and its prices.
    remaining
        What is left.
    """
    sets = _Sets(order, remaining)
    chosen, part = sets.single(), np.ones(len(order.lines), dtype=bool)
    if chosen is None:
        chosen, part = sets.best()
    return _takes(sets, chosen, part)


def _takes(sets: _Sets, chosen: list[int], part: Flags) -> list[Take]:
    order, group = sets.order, sets.order.costs.group
    after, _ = sets._moves(part)
    served, takes = 0, []
    for place in chosen:
        step = int(after[place, served]) - served
        at = int(sets.places[place])
        service = int(order.costs.service[order.row, at, step])
        for line, quantity in zip(order.lines.tolist(), group.vectors[step].tolist(), strict=True):
            if quantity:
                takes.append(Take(line, int(order.costs.nodes[at]), service, quantity))
        served += step
    return takes
