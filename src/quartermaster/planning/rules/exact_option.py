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

from quartermaster.planning.rules.bulk_options import backorder_costs
from quartermaster.planning.rules.node_parts import Part, node_parts
from quartermaster.planning.rules.priced import PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class ExactOption:
    """Search of one order.

    All costs here hold `extra_shipment` once per shipment; the end of an option gives the first one back.

    Parameters
    ----------
    order
        The order by itself (`shape_of`, so that its vectors follow the line ids) and its prices on what is left.
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
        end = backorder_costs(problem, group, np.array([order.row]))[0]
        end[1:] -= np.where(end[1:] < INFEASIBLE, self.extra, 0)
        self.end = end
        self.opening, self.room = remaining.opening_micro[nodes], remaining.shipments[nodes]
        self.fits = order.fits(remaining)
        cost = np.where(self.fits, order.costs.cost[order.row], INFEASIBLE)
        self.single = np.minimum(cost + self.extra, INFEASIBLE)

    def solve(self) -> list[Take]:
        """Return the cheapest option."""
        rest = self._rest()
        known = self._known(rest)
        parts = self._parts(rest, known)
        takes = self._choose(parts, known, None)
        return self._choose(parts, known, self.limit) or [] if takes is None else takes

    def _rest(self) -> Ints:
        """Return (V,): least cost of going on from exactly a vector served, if any vector may leave from anywhere."""
        block = self.single.min(axis=0).reshape(self.shape)
        serve = np.full(self.shape, INFEASIBLE, dtype=np.int64)
        serve.flat[0] = 0
        for vector in range(len(self.vectors)):
            cost = int(serve.flat[vector])
            if cost < INFEASIBLE:
                target = serve[self._above(vector)]
                np.minimum(target, block[self._below(vector)] + cost, out=target)
        np.minimum(serve, INFEASIBLE, out=serve)
        end = self.end.reshape(self.shape)
        rest = [(serve[self._below(at)] + end[self._above(at)]).min() for at in range(len(self.vectors))]
        return np.minimum(np.array(rest, dtype=np.int64), INFEASIBLE)

    def _above(self, vector: int) -> tuple[slice, ...]:
        """Index the vectors that contain a vector."""
        return tuple(slice(units, None) for units in self.vectors[vector].tolist())

    def _below(self, vector: int) -> tuple[slice, ...]:
        """Index those same vectors less that vector."""
        own = self.vectors[vector].tolist()
        return tuple(slice(0, size - units) for size, units in zip(self.shape, own, strict=True))

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

    def _parts(self, rest: Ints, known: int) -> list[list[Part]]:
        """List what each node may ship in an option that costs no more than the known one."""
        by_service = self.order.costs.by_service(self.order.row)
        by_service = np.where(self.fits[:, None, :], np.minimum(by_service + self.extra, INFEASIBLE), INFEASIBLE)
        slack = known - self.opening[:, None] - rest[None, :]
        kept = (by_service < INFEASIBLE) & (by_service <= slack[:, None, :])
        parts: list[list[Part]] = []
        for place in range(len(by_service)):
            if not kept[place].any():
                parts.append([])
                continue
            most = int(min(self.room[place], self.limit))
            found = node_parts(self.vectors, by_service[place], kept[place], slack[place], self.fits[place], most)
            opening = int(self.opening[place])
            parts.append([part._replace(cost=part.cost + opening) for part in found])
        return parts

    def _choose(self, parts: list[list[Part]], known: int, limit: int | None) -> list[Take] | None:
        """Choose at most one part per node; None when the best has more shipments than the order may have."""
        scale = int(self.units[-1]) + 1
        # cost and shipments in one number; Python integers where 64 bits would not hold it
        dtype = np.int64 if (known + self.extra) * scale < INFEASIBLE else object
        none = INFEASIBLE if dtype is np.int64 else INFEASIBLE * scale
        layers = 1 if limit is None else limit + 1
        after = np.full((layers, *self.shape), none, dtype=dtype)
        after.reshape(layers, -1)[:, 0] = 0
        tables = [after]
        for here in reversed(parts):
            table = after.copy() if here else after
            for part in here:
                first = 0 if limit is None else part.shipments
                above, below = self._above(part.vector), self._below(part.vector)
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
        self, parts: list[list[Part]], flat: list[NDArray[Any]], whole: list[int], scale: int, limit: int | None
    ) -> list[Take]:
        """Walk from the first node on, keeping every equally good end open until quantities settle it."""
        takes: list[Take] = []
        layer = 0 if limit is None else limit
        lines, group = self.order.lines.tolist(), self.order.costs.group
        for place, here in enumerate(parts):
            now, then = flat[place], flat[place + 1]
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
        """Write a part as vector number by service: larger is earlier in the order of ties."""
        dense = [0] * self.order.costs.problem.book.n_services
        for service, vector in part.by_service:
            dense[service] = vector
        return tuple(dense)
