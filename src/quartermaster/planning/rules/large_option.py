"""A cheap option for an order too large to be solved exactly: a fixed amount of deterministic local search.

Greedy: the node whose shipment saves most (or most per cost) goes first, until no shipment saves anything. It starts
from nothing, from each of the best first nodes and from what the walks take; then shipments are taken out one at a time
and the order is completed anew without that node.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.order_view import OrderView
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.rules.walks import nearest, priority
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

STARTS = 6
"""First nodes that are tried."""
MAX_STEPS = 250
"""Rounds of pricing every node that one order may cost."""
FRACTIONS = (1, 2, 4, 8, 16)
"""A node is offered everything it has, a half, a quarter ...: the whole may be too heavy for any service."""


def large_option(view: OrderView, remaining: Remaining, stock_price: Ints | None = None) -> list[Take]:
    """Find a cheap option within the work limit.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    stock_price
        (n_skus, n_nodes) micro, what giving a unit away costs beyond what is paid; None = nothing.
    """
    wanted = np.array(view.quantities, dtype=np.int64)
    complete = view.problem.line_complete[view.lines]
    whole = True
    while True:
        search = _Search(view, remaining, wanted, stock_price)
        found = search.best([search.option(rule(view, remaining)) for rule in (nearest, priority)] if whole else [])
        served = search.served(found)
        broken = np.flatnonzero(complete & (served > 0) & (served < wanted))
        if not len(broken):
            break
        wanted[broken[0]], whole = 0, False
    if view.problem.order_complete[view.order] and np.any(served < view.quantities):
        return []
    if search.total(found) >= search.total([]):
        return []
    lines = view.lines.tolist()
    return [
        Take(line, int(search.nodes[place]), service, quantity)
        for place, units, service in found
        for line, quantity in zip(lines, units.tolist(), strict=True)
        if quantity
    ]


Found = list[tuple[int, Ints, int]]
"""Shipments of an option: place, (L,) units, service."""


class _Search:
    """Local search of one order over the units wanted of each line.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    wanted
        (L,) units of each line that may be served.
    stock_price
        As for `large_option`.

    Attributes
    ----------
    nodes : ndarray, shape (N,)
        Nodes by rank; a place is a position among them, so that the first of equals has the best priority.
    """

    def __init__(self, view: OrderView, remaining: Remaining, wanted: Ints, stock_price: Ints | None = None) -> None:
        self.view, self.wanted = view, wanted
        problem = view.problem
        self.stock_price = None if stock_price is None else stock_price[view.skus].T
        self.nodes = np.argsort(problem.node_rank)
        self.stock = view.stock(remaining).T[self.nodes]
        self.room = remaining.units[self.nodes]
        self.opening = remaining.opening_micro[self.nodes]
        self.saved = problem.line_backorder_micro[view.lines]
        self.most = int(problem.order_max_shipments[view.order])
        self.whole_only = bool(problem.order_complete[view.order])
        self.steps = 0

    def best(self, starts: list[Found]) -> Found:
        """Search from given options and from several first places, then improve the best.

        Parameters
        ----------
        starts
            Options to start from.
        """
        gain, units, service = self._offers(self.wanted, [])
        for place in np.argsort(-gain.max(axis=1), kind="stable")[:STARTS].tolist():
            at = int(gain[place].argmax())
            if gain[place, at] > -INFEASIBLE:
                starts.append([(place, units[place, at], int(service[place, at]))])
        found: Found = []
        for start in [[], *starts]:
            for thrifty in (False, True):
                found = min(found, self._complete(start, [], thrifty), key=self.total)
        improved = True
        while improved and self.steps < MAX_STEPS:
            improved = False
            for position, (place, _, _) in enumerate(found):
                rest = found[:position] + found[position + 1 :]
                fresh = min((self._complete(rest, [place], thrifty) for thrifty in (False, True)), key=self.total)
                if self.total(fresh) < self.total(found):
                    found, improved = fresh, True
                    break
        return found

    def option(self, takes: list[Take]) -> Found:
        """Return what a walk took as an option of this search.

        Parameters
        ----------
        takes
            The walk's takes.
        """
        place_of = {node: place for place, node in enumerate(self.nodes.tolist())}
        position = {line: at for at, line in enumerate(self.view.lines.tolist())}
        shipped: dict[tuple[int, int], Ints] = {}
        for take in takes:
            units = shipped.setdefault((place_of[take.node], take.service), np.zeros_like(self.wanted))
            units[position[take.line]] += take.quantity
        return [(place, units, service) for (place, service), units in shipped.items()]

    def total(self, found: Found) -> int:
        """Return what an option costs; `INFEASIBLE` for part of an order that ships complete.

        Parameters
        ----------
        found
            The option.
        """
        problem = self.view.problem
        missing = np.array(self.view.quantities) - self.served(found)
        if self.whole_only and found and missing.any():
            return INFEASIBLE
        cost = int(self.saved @ missing) + int(problem.order_backorder_micro[self.view.order]) * bool(missing.any())
        cost += problem.extra_shipment_micro * max(0, len(found) - 1)
        for place, units, service in found:
            prices = self._prices(np.array([place]), units[None, :])[0]
            cost += int(prices[service]) + int(self.opening[place])
        return cost

    def served(self, found: Found) -> Ints:
        """Return the units of each line that an option serves.

        Parameters
        ----------
        found
            The option.
        """
        return sum((units for _, units, _ in found), np.zeros_like(self.wanted))

    def _complete(self, found: Found, barred: list[int], thrifty: bool) -> Found:
        """Add shipments from places not barred while any saves: the one that saves most, or most per cost, first."""
        found = list(found)
        left = self.wanted - self.served(found)
        while left.any() and len(found) < self.most and self.steps < MAX_STEPS:
            gain, units, service = self._offers(left, barred + [place for place, _, _ in found])
            merit = gain / np.maximum(units @ self.saved - gain, 1) if thrifty else gain
            # an order that ships complete needs its last shipment even where that one alone does not pay
            worth = gain > (-INFEASIBLE if self.whole_only else 0)
            place, at = divmod(int(np.where(worth, merit, -np.inf).argmax()), gain.shape[1])
            if not worth[place, at]:
                break
            found.append((place, units[place, at], int(service[place, at])))
            left = left - units[place, at]
        return found

    def _offers(self, left: Ints, closed: list[int]) -> tuple[Ints, Ints, Ints]:
        """Price what each place could ship: savings (N, F), units (N, F, L) and service (N, F)."""
        self.steps += 1
        units = self._whole(left)[:, None, :] // np.array(FRACTIONS)[None, :, None]
        places = np.repeat(np.arange(len(units)), len(FRACTIONS))
        prices = self._prices(places, units.reshape(len(places), -1))
        service, price = prices.argmin(axis=1).reshape(-1, len(FRACTIONS)), prices.min(axis=1)
        price = price.reshape(service.shape)
        gain = units @ self.saved - price - self.opening[:, None] - self.view.problem.extra_shipment_micro
        gain[(price >= INFEASIBLE) | (units.sum(axis=2) == 0)] = -INFEASIBLE
        gain[closed] = -INFEASIBLE
        return gain, units, service

    def _whole(self, left: Ints) -> Ints:
        """Return what each place would ship if every line in turn took what it can: (N, L)."""
        skus = self.view.skus
        whole = np.zeros_like(self.stock)
        room = self.room.copy()
        for position in range(len(left)):
            taken = whole[:, skus == skus[position]].sum(axis=1)
            whole[:, position] = np.clip(np.minimum(left[position], self.stock[:, position] - taken), 0, room)
            room -= whole[:, position]
        return whole

    def _prices(self, places: Ints, units: Ints) -> Ints:
        """Return the cost of shipments by every service: (P, S), `INFEASIBLE` where one does not carry it."""
        view, problem = self.view, self.view.problem
        book, skus, nodes = problem.book, view.skus, self.nodes[places]
        zone = view.zone[nodes]
        weight, volume = units @ problem.weight_g[skus], units @ problem.volume_mm3[skus]
        home = book.residential[view.order]
        service = np.arange(book.n_services)[None, :]
        transport = book.transport(service, zone, home, weight[:, None], volume[:, None]).micro
        count = units.sum(axis=1)
        rest = book.handling(nodes, count) + book.distance_cost(view.distance_m[nodes], count)
        if self.stock_price is not None:
            rest = rest + np.sum(units * self.stock_price[nodes], axis=1)
        cost = transport + view.late_micro[nodes] + rest[:, None]
        return np.where((transport >= 0) & (zone >= 0), cost, INFEASIBLE)
