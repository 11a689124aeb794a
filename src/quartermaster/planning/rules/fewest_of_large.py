"""The rule `fewest_shipments` for orders with too many quantity vectors to list.

The same dynamic program over (served vector, next node) as for smaller orders, forwards and over the vectors that are
reached only; where those are too many, the most promising are kept.
"""

from __future__ import annotations

from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.order_view import OrderView
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.rules.walks import takes_at

Ints = NDArray[np.int64]
Served = tuple[int, ...]
Chosen = tuple[int, ...]
States = dict[tuple[Served, int], Chosen]
"""The places chosen, by (units served of each line, shipments)."""

MAX_STATES = 256
"""States kept after each node."""
MAX_LEFT_OUT = 32
"""Choices of complete lines to leave out that are tried."""


def fewest_of_large(view: OrderView, remaining: Remaining) -> tuple[list[Take], bool]:
    """Serve most units from fewest nodes.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.

    Returns
    -------
    takes
        What the order takes.
    exact
        False when the work limit was reached, so that a better set of nodes may exist.
    """
    search = _Reached(view, remaining)
    complete = np.flatnonzero(view.problem.line_complete[view.lines]).tolist()
    left_out = (out for size in range(len(complete) + 1) for out in combinations(complete, size))
    best = search.best(())
    if best[0] < sum(view.quantities):
        # more units first, then fewer nodes, then the better priorities
        others = [search.best(out) for out in islice(left_out, 1, MAX_LEFT_OUT)]
        best = min([best, *others], key=lambda found: (-found[0], len(found[1]), found[1]))
        search.exact &= 2 ** len(complete) <= MAX_LEFT_OUT
    return search.takes(best[1], best[2]), search.exact


class _Reached:
    """The dynamic program of one order.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    """

    def __init__(self, view: OrderView, remaining: Remaining) -> None:
        self.view = view
        self.skus = view.skus.tolist()
        stock = view.stock(remaining)
        ranked = np.argsort(view.problem.node_rank)
        self.nodes: list[int] = ranked[stock[:, ranked].any(axis=0)].tolist()
        self.stock: list[list[int]] = stock[:, self.nodes].T.tolist()
        self.room: list[int] = remaining.units[self.nodes].tolist()
        self.most = int(min(view.problem.order_max_shipments[view.order], len(self.nodes)))
        self.exact = True
        self._services: dict[tuple[int, tuple[tuple[int, int], ...]], int | None] = {}

    def best(self, out: tuple[int, ...]) -> tuple[int, Chosen, tuple[int, ...]]:
        """Find the best set of places when some lines are left out: units served, places, the lines left out.

        Parameters
        ----------
        out
            Positions of the lines left out.
        """
        wanted = [0 if at in out else quantity for at, quantity in enumerate(self.view.quantities)]
        states: States = {((0,) * len(wanted), 0): ()}
        for place in range(len(self.nodes)):
            for (served, count), chosen in list(states.items()):
                units = self._units(place, served, wanted) if count < self.most else {}
                if not units:
                    continue
                after = tuple(have + units.get(at, 0) for at, have in enumerate(served))
                key = after, count + 1
                states[key] = min(states.get(key, (*chosen, place)), (*chosen, place))
            states = self._promising(states)
        ends = [(-sum(served), count, chosen) for (served, count), chosen in states.items() if self._may_end(served)]
        units_served, _, chosen = min(ends, default=(0, 0, ()))
        return -units_served, chosen, out

    def takes(self, chosen: Chosen, out: tuple[int, ...]) -> list[Take]:
        """Write the visit of some places as takes.

        Parameters
        ----------
        chosen, out
            From `best`.
        """
        wanted = [0 if at in out else quantity for at, quantity in enumerate(self.view.quantities)]
        served: Served = (0,) * len(wanted)
        takes = []
        for place in chosen:
            units = self._units(place, served, wanted)
            service = self._service(place, units)
            for at, quantity in units.items():
                takes.append(Take(int(self.view.lines[at]), self.nodes[place], service or 0, quantity))
            served = tuple(have + units.get(at, 0) for at, have in enumerate(served))
        return takes

    def _units(self, place: int, served: Served, wanted: list[int]) -> dict[int, int]:
        """Return what a place gives next; nothing when no service carries it."""
        unserved = [want - have for want, have in zip(wanted, served, strict=True)]
        units = takes_at(self.skus, self.stock[place], self.room[place], unserved)
        return units if units and self._service(place, units) is not None else {}

    def _service(self, place: int, units: dict[int, int]) -> int | None:
        key = place, tuple(units.items())
        if key not in self._services:
            self._services[key] = self.view.service(self.nodes[place], units)
        return self._services[key]

    def _promising(self, states: States) -> States:
        if len(states) <= MAX_STATES:
            return states
        self.exact = False
        ranked = sorted(states, key=lambda state: (-sum(state[0]), state[1], states[state]))
        return {state: states[state] for state in ranked[:MAX_STATES]}

    def _may_end(self, served: Served) -> bool:
        """Tell whether lines and order that want all or nothing have it."""
        problem, quantities = self.view.problem, self.view.quantities
        if problem.order_complete[self.view.order] and any(served) and served != quantities:
            return False
        complete = problem.line_complete[self.view.lines].tolist()
        return all(
            have in (0, quantity) or not whole
            for have, quantity, whole in zip(served, quantities, complete, strict=True)
        )
