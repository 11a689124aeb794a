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
    end
        (V,) cost of ending with exactly a vector served, in place of what `ends` says; `INFEASIBLE` = not allowed.
    through
        A place that must ship something.
    alternatives
        (N,) rising: places of equal number are alternatives to each other, at most one of which may ship; by default
        there are none.
    """

    def __init__(
        self,
        order: PricedOrder,
        remaining: Remaining,
        *,
        end: Ints | None = None,
        through: int | None = None,
        alternatives: Ints | None = None,
    ) -> None:
        self.order = order
        group, problem = order.costs.group, order.costs.problem
        nodes = order.costs.nodes
        self.vectors, self.units = group.vectors, group.vectors.sum(axis=1)
        self.shape = tuple((group.quantities + 1).tolist())
        self.extra = problem.extra_shipment_micro
        self.limit = min(int(problem.order_max_shipments[group.orders[order.row]]), int(self.units[-1]))
        self.end = ends(problem, group, np.array([order.row]))[0] if end is None else end
        self.through = through
        self.alternatives = np.arange(len(nodes)) if alternatives is None else alternatives
        # numbers of the vectors if lines stood in the order of their ids: larger comes first in the order of ties
        by_id = np.argsort(order.lines)
        self.tie = self.vectors[:, by_id] @ np.cumprod(np.r_[1, group.quantities[by_id][:0:-1] + 1])[::-1]
        self.opening, self.room = remaining.opening_micro[nodes], remaining.shipments[nodes]
        self.fits = order.fits(remaining)
        cost = np.where(self.fits, order.costs.cost[order.row], INFEASIBLE)
        self.single = np.minimum(cost + self.extra, INFEASIBLE)

    def solve(self) -> list[Take]:
        """Return the cheapest option, of an order that may be backordered whole."""
        return self.find() or []

    def find(self) -> list[Take] | None:
        """Return the cheapest option; None where none is allowed."""
        rest = self._rest()
        known = self._known(rest)
        if self.through is None:
            known = min(known, self._without_combinations(rest, known))
        steps = self._steps(rest, known)
        takes = self._choose(steps, known, None)
        limited = self.limit < int(self.units[-1])
        return self._choose(steps, known, self.limit) if takes is None and limited else takes

    def _rest(self) -> Ints:
        """Return (V,): least cost of going on from exactly a vector served, if any vector may leave from anywhere."""
        quantities = tuple(self.order.costs.group.quantities.tolist())
        served = least_served(quantities, self.single.min(axis=0)[None])
        return np.asarray(least_finish(quantities, served, self.end[None])[0])

    def _known(self, rest: Ints) -> int:
        """Return the cost of a good option: the relaxed optimum as far as it leads, each node used once."""
        cost = np.minimum(self.single + self.opening[:, None], INFEASIBLE)
        through = self.through
        if through is None:
            best = int(min(self.end[0], np.minimum(cost + self.end, INFEASIBLE).min()))
        else:
            best = int(np.minimum(cost[through] + self.end, INFEASIBLE).min())
        spent, served, used = 0, 0, 0
        while used < self.limit:
            inside = np.flatnonzero(np.all(self.vectors + self.vectors[served] <= self.vectors[-1], axis=1))
            ahead = cost[:, inside] + rest[inside + served]
            if through is not None and not used:
                ahead[np.arange(len(ahead)) != through] = INFEASIBLE
            place, at = np.unravel_index(int(ahead.argmin()), ahead.shape)
            if ahead[place, at] >= INFEASIBLE or cost[place, inside[at]] >= INFEASIBLE:
                break
            spent, served, used = spent + int(cost[place, inside[at]]), served + int(inside[at]), used + 1
            cost[self.alternatives == self.alternatives[place]] = INFEASIBLE
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
        of = self.alternatives[places]
        for node in np.unique(of).tolist():
            before = served.copy()
            for place, vector in zip(places[of == node].tolist(), kept[of == node].tolist(), strict=True):
                above, below = window(self.shape, vectors[vector])
                np.minimum(served[above], before[below] + cost[place, vector], out=served[above])
        return int((np.minimum(served, INFEASIBLE).ravel() + self.end).min())

    def _steps(self, rest: Ints, known: int) -> list[list[Part]]:
        """List, by node, what it may ship in an option that costs no more than the known one."""
        slack = known - self.opening[:, None] - rest[None, :]
        if self.through is not None:
            # beside any other shipment there is one from the place that must ship
            quantities, must = tuple(self.order.costs.group.quantities.tolist()), self.through
            with_it = least_finish(quantities, self.single[must][None], rest[None])[0] + self.opening[must]
            other = np.arange(len(slack)) != must
            slack[other] = known - self.opening[other, None] - with_it
        places = np.flatnonzero(np.any((self.single < INFEASIBLE) & (self.single <= slack), axis=1))
        by_service = np.minimum(self.order.costs.by_service(self.order.row, places) + self.extra, INFEASIBLE)
        by_service[~np.repeat(self.fits[places][:, None, :], by_service.shape[1], axis=1)] = INFEASIBLE
        steps: dict[int, list[Part]] = {}
        combining = self._combining(slack, places)
        for place, cost, several in zip(places.tolist(), by_service, combining.tolist(), strict=True):
            kept = (cost < INFEASIBLE) & (cost <= slack[place])
            most = int(min(self.room[place], self.limit)) if several else 1
            found = node_parts(self.vectors, self.tie, cost, kept, slack[place], self.fits[place], most)
            opening = int(self.opening[place])
            if found:
                step = steps.setdefault(int(self.alternatives[place]), [])
                step += [part._replace(cost=part.cost + opening, place=place) for part in found]
        return list(steps.values())

    def _combining(self, slack: Ints, places: Ints) -> Flags:
        """Tell at which places several shipments may be cheaper than one: if no two are, no more are.

        Of two shipments that are worth considering together, each is worth considering by itself, so no other place has
        any.
        """
        quantities = tuple(self.order.costs.group.quantities.tolist())
        if pair_count(quantities) > MAX_PAIRS:
            return np.ones(len(places), dtype=bool)
        single = self.single[places]
        two = least_in_two(quantities, single)
        return np.asarray(np.any(self.fits[places] & (two < single) & (two <= slack[places]), axis=1))

    def _choose(self, steps: list[list[Part]], known: int, limit: int | None) -> list[Take] | None:
        """Choose at most one part per node; None when there is no choice within the order's number of shipments."""
        if self.through is not None and not any(part.place == self.through for step in steps for part in step):
            return None
        scale = int(self.units[-1]) + 1
        # cost and shipments in one number; Python integers where 64 bits would not hold it
        dtype = np.int64 if (known + self.extra) * scale < PACKED_BELOW else object
        none = INFEASIBLE if dtype is np.int64 else INFEASIBLE * scale
        layers = 1 if limit is None else limit + 1
        after = np.full((layers, *self.shape), none, dtype=dtype)
        after.reshape(layers, -1)[:, 0] = 0
        tables = [after]
        vectors = list(map(tuple, self.vectors.tolist()))
        for step in reversed(steps):
            own = self._forced(step)
            table = after.copy() if own is None else np.full_like(after, none)
            for part in step if own is None else own:
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
        if best[0] >= INFEASIBLE:
            return None
        if limit is None and best[2] > self.limit:
            return None
        return self._walk(steps, flat, [at for at, end in enumerate(ends) if end == best], scale, limit)

    def _forced(self, step: list[Part]) -> list[Part] | None:
        """Return what a node that must ship may ship; None where it need not."""
        if self.through is None or self.alternatives[step[0].place] != self.alternatives[self.through]:
            return None
        return [part for part in step if part.place == self.through]

    def _walk(
        self,
        steps: list[list[Part]],
        flat: list[NDArray[Any]],
        whole: list[int],
        scale: int,
        limit: int | None,
    ) -> list[Take]:
        """Walk from the first node on, keeping every equally good end open until quantities settle it."""
        takes: list[Take] = []
        layer = 0 if limit is None else limit
        lines, group = self.order.lines.tolist(), self.order.costs.group
        for here, now, then in zip(steps, flat, flat[1:], strict=False):
            own = self._forced(here)
            for part in sorted(here if own is None else own, key=lambda part: self._dense(part), reverse=True):
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
                node = int(self.order.costs.nodes[part.place])
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
