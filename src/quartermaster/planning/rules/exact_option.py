"""The cheapest option of one order, exactly, ties included.

A lower bound for every shipment (its cost, plus the least cost of the rest of the order from anywhere), held against
the cost of a known option, leaves few shipments; a dynamic program over (node, served vector) chooses among them. It
runs from the last node to the first, so that walking back from the first node can settle ties: of equal options the one
wins whose sorted tuples (node priority, node id, carrier, service, line id, -quantity) come first. Written as
quantities by (node, service, line), with as many units in all, that is the lexicographically largest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.bulk_options import ends
from quartermaster.planning.rules.lattice_bounds import (
    MAX_PAIRS,
    least_finish,
    least_in_two,
    least_served,
    window,
)
from quartermaster.planning.rules.node_parts import Part, node_parts
from quartermaster.planning.rules.priced import PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from solver_models.lattice import pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PACKED_BELOW = INFEASIBLE
"""Cost and shipments packed into one number below this fit 64 bits, sums of two included."""
MANY = 5000
"""Shipments left by the first bound that are worth a second, better known option."""


class ExactOption:
    """Search of one order.

    All costs here hold `extra_shipment` once per shipment; the end of an option gives the first one back.

    Parameters
    ----------
    order
        The order and its prices, on what is left or was left before.
    remaining
        What is left.
    """

    def __init__(self, order: PricedOrder, remaining: Remaining) -> None:
        self.order = order
        group, problem = order.costs.group, order.costs.problem
        nodes = order.costs.nodes
        self.vectors, self.units = group.vectors, group.vectors.sum(axis=1)
        self.shape = tuple((group.quantities + 1).tolist())
        self.extra = problem.extra_shipment_micro
        self.limit = int(problem.order_max_shipments[group.orders[order.row]])
        self.end = ends(problem, group, np.array([order.row]))[0]
        # numbers of the vectors if lines stood in the order of their ids: larger comes first in the order of ties
        by_id = np.argsort(order.lines)
        self.tie = self.vectors[:, by_id] @ np.cumprod(np.r_[1, group.quantities[by_id][:0:-1] + 1])[::-1]
        self.opening, self.room = remaining.opening_micro[nodes], remaining.shipments[nodes]
        self.fits = order.fits(remaining)
        cost = np.where(self.fits, order.costs.cost[order.row], INFEASIBLE)
        self.single = np.minimum(cost + self.extra, INFEASIBLE)

    def solve(self) -> list[Take]:
        """Return the cheapest option."""
        rest = self._rest()
        known = self._known(rest)
        known = min(known, self._without_combinations(rest, known))
        parts = self._parts(rest, known)
        takes = self._choose(parts, known, None)
        return self._choose(parts, known, self.limit) or [] if takes is None else takes

    def _rest(self) -> Ints:
        """Return (V,): least cost of going on from exactly a vector served, if any vector may leave from anywhere."""
        quantities = tuple(self.order.costs.group.quantities.tolist())
        served = least_served(quantities, self.single.min(axis=0)[None])
        return np.asarray(least_finish(quantities, served, self.end[None])[0])

    def _known(self, rest: Ints) -> int:
        """Return the cost of a good option: the relaxed optimum as far as it leads, each node used once."""
        cost = np.minimum(self.single + self.opening[:, None], INFEASIBLE)
        best = int(min(self.end[0], np.minimum(cost + self.end, INFEASIBLE).min()))
        spent, served, used = 0, 0, 0
        while used < self.limit:
            inside = np.flatnonzero(np.all(self.vectors + self.vectors[served] <= self.vectors[-1], axis=1))
            ahead = cost[:, inside] + rest[inside + served]
            place, at = np.unravel_index(int(ahead.argmin()), ahead.shape)
            if ahead[place, at] >= INFEASIBLE or cost[place, inside[at]] >= INFEASIBLE:
                break
            spent, served, used = spent + int(cost[place, inside[at]]), served + int(inside[at]), used + 1
            cost[place] = INFEASIBLE
            best = min(best, spent + int(self.end[served]))
        return best

    def _without_combinations(self, rest: Ints, known: int) -> int:
        """Return the cost of the best option with one shipment per node, where finding it saves more than it takes."""
        cost = np.minimum(self.single + self.opening[:, None], INFEASIBLE)
        places, kept = np.nonzero((cost < INFEASIBLE) & (cost + rest <= known))
        if len(kept) < MANY or self.limit < self.units[-1]:
            return known
        served = np.full(self.shape, INFEASIBLE, dtype=np.int64)
        served.flat[0] = 0
        vectors = list(map(tuple, self.vectors.tolist()))
        for place in np.unique(places).tolist():
            before = served.copy()
            for vector in kept[places == place].tolist():
                above, below = window(self.shape, vectors[vector])
                np.minimum(served[above], before[below] + cost[place, vector], out=served[above])
        return int((np.minimum(served, INFEASIBLE).ravel() + self.end).min())

    def _parts(self, rest: Ints, known: int) -> list[tuple[int, list[Part]]]:
        """List, by place, what a node may ship in an option that costs no more than the known one."""
        slack = known - self.opening[:, None] - rest[None, :]
        places = np.flatnonzero(np.any((self.single < INFEASIBLE) & (self.single <= slack), axis=1))
        by_service = np.minimum(self.order.costs.by_service(self.order.row, places) + self.extra, INFEASIBLE)
        by_service[~np.repeat(self.fits[places][:, None, :], by_service.shape[1], axis=1)] = INFEASIBLE
        parts: list[tuple[int, list[Part]]] = []
        combining = self._combining(slack)
        for place, cost in zip(places.tolist(), by_service, strict=True):
            kept = (cost < INFEASIBLE) & (cost <= slack[place])
            most = int(min(self.room[place], self.limit)) if combining[place] else 1
            found = node_parts(self.vectors, self.tie, cost, kept, slack[place], self.fits[place], most)
            opening = int(self.opening[place])
            if found:
                parts.append((place, [part._replace(cost=part.cost + opening) for part in found]))
        return parts

    def _combining(self, slack: Ints) -> Flags:
        """Tell at which places several shipments may be cheaper than one: if no two are, no more are."""
        quantities = tuple(self.order.costs.group.quantities.tolist())
        if pair_count(quantities) > MAX_PAIRS:
            return np.ones(len(slack), dtype=bool)
        two = least_in_two(quantities, self.single)
        return np.asarray(np.any(self.fits & (two < self.single) & (two <= slack), axis=1))

    def _choose(self, parts: list[tuple[int, list[Part]]], known: int, limit: int | None) -> list[Take] | None:
        """Choose at most one part per node; None when the best has more shipments than the order may have."""
        scale = int(self.units[-1]) + 1
        # cost and shipments in one number; Python integers where 64 bits would not hold it
        dtype = np.int64 if (known + self.extra) * scale < PACKED_BELOW else object
        none = INFEASIBLE if dtype is np.int64 else INFEASIBLE * scale
        layers = 1 if limit is None else limit + 1
        after = np.full((layers, *self.shape), none, dtype=dtype)
        after.reshape(layers, -1)[:, 0] = 0
        tables = [after]
        vectors = list(map(tuple, self.vectors.tolist()))
        for _, here in reversed(parts):
            table = after.copy()
            for part in here:
                first = 0 if limit is None else part.shipments
                above, below = window(self.shape, vectors[part.vector])
                source = after[(slice(0, layers - first), *below)] + (part.cost * scale + part.shipments)
                target = table[(slice(first, None), *above)]
                np.minimum(target, source, out=target)
            tables.append(table)
            after = table
        tables.reverse()
        flat = [table.reshape(layers, -1) for table in tables]
        total = np.array([int(cost) for cost in flat[0][-1]], dtype=object)
        ends = [
            (int(total[at]) // scale + int(self.end[at]), -int(self.units[at]), int(total[at]) % scale)
            if total[at] < none and self.end[at] < INFEASIBLE
            else (int(none) * 2, 0, 0)
            for at in range(len(total))
        ]
        best = min(ends)
        if limit is None and best[2] > self.limit:
            return None
        return self._walk(parts, flat, [at for at, end in enumerate(ends) if end == best], scale, limit)

    def _walk(
        self,
        parts: list[tuple[int, list[Part]]],
        flat: list[NDArray[Any]],
        whole: list[int],
        scale: int,
        limit: int | None,
    ) -> list[Take]:
        """Walk from the first node on, keeping every equally good end open until quantities settle it."""
        takes: list[Take] = []
        layer = 0 if limit is None else limit
        lines, group = self.order.lines.tolist(), self.order.costs.group
        for (place, here), now, then in zip(parts, flat, flat[1:], strict=False):
            for part in sorted(here, key=lambda part: self._dense(part), reverse=True):
                left = layer if limit is None else layer - part.shipments
                if left < 0:
                    continue
                step = part.cost * scale + part.shipments
                rest = [
                    at - part.vector
                    for at in whole
                    if np.all(self.vectors[at] >= self.vectors[part.vector])
                    and then[left, at - part.vector] + step == now[layer, at]
                ]
                if not rest:
                    continue
                whole, layer = rest, left
                node = int(self.order.costs.nodes[place])
                for service, vector in part.by_service:
                    units = zip(lines, group.vectors[vector].tolist(), strict=True)
                    takes += [Take(line, node, service, quantity) for line, quantity in units if quantity]
                break
            else:
                whole = [at for at in whole if then[layer, at] == now[layer, at]]
        return takes

    def _dense(self, part: Part) -> tuple[int, ...]:
        """Write a part as number by service: larger is earlier in the order of ties."""
        dense = [0] * self.order.costs.problem.book.n_services
        for service, vector in part.by_service:
            dense[service] = int(self.tie[vector])
        return tuple(dense)
