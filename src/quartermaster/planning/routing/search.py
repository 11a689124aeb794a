"""The best option of one order, the best through a node, and the best without one; each exact, ties included."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.relaxation import RelaxedOrder, Through, relaxable
from quartermaster.planning.routing.through import least_through, node_costs
from quartermaster.planning.rules.bulk_options import ends
from quartermaster.planning.rules.exact_option import ExactOption
from quartermaster.planning.rules.large_option import large_option
from quartermaster.planning.rules.order_view import order_views
from quartermaster.planning.rules.priced import MAX_VECTORS, PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.shapes import lattice_sizes, shape_of
from quartermaster.planning.shipment_cells import ShipmentCells, shipment_cells, with_stock_price
from quartermaster.planning.shipment_costs import ShipmentCosts, as_table
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
FIRST = np.zeros(1, dtype=np.int64)
FEW = 4
"""Nodes up to which an exact search for each is faster than one for all."""


class OrderSearch:
    """Options of one order that is small enough for an exact search.

    Parameters
    ----------
    problem
        Of the order alone.
    cells
        Its shipments, nodes by rank.
    at_least
        (L,) units that must be served of each line; None = nothing.
    alternatives
        (N,) as for `ExactOption`.
    """

    def __init__(
        self,
        problem: PlanningProblem,
        cells: ShipmentCells,
        at_least: Ints | None = None,
        alternatives: Ints | None = None,
    ) -> None:
        self.problem, self.cells = problem, cells
        self._alternatives = alternatives
        end = ends(problem, cells.group, FIRST)[0]
        if at_least is not None:
            short = np.any(cells.group.vectors < at_least, axis=1)
            end = np.where(short, INFEASIBLE, end)
        self.end = end

    def best(self) -> list[Take] | None:
        """Return the best option; None where none is allowed."""
        relaxed = self._relaxed.best() if self._relaxed is not None else None
        if relaxed is None:
            return self._exact().find()
        group, service = self.cells.group, self._costs.service[0]
        takes = []
        for place, vector in relaxed:
            node, by = int(self.cells.nodes[place]), int(service[place, vector])
            units = zip(group.lines[0].tolist(), group.vectors[vector].tolist(), strict=True)
            takes += [Take(line, node, by, quantity) for line, quantity in units if quantity]
        return takes

    def through(self, node: int) -> list[Take] | None:
        """Return the best option in which a node ships something; None where none is allowed.

        Parameters
        ----------
        node
            The node.
        """
        return self._exact(through=int(np.flatnonzero(self.cells.nodes == node)[0])).find()

    def without(self, node: int) -> list[Take] | None:
        """Return the best option in which a node ships nothing; None where none is allowed.

        Parameters
        ----------
        node
            The node.
        """
        return self._exact(closed=node).find()

    @cached_property
    def bounds(self) -> Through:
        """What the best option through each node costs at least, by node; see `RelaxedOrder.through`."""
        n_nodes = self.problem.n_nodes
        if self._relaxed is None:
            reached = np.any(self._costs.cost[0] < INFEASIBLE, axis=1)
            least, attained = np.where(reached, 0, INFEASIBLE), np.zeros(n_nodes, dtype=bool)
        else:
            through = self._relaxed.through()
            least, attained = through.least, through.attained
        by_node = np.argsort(self.cells.nodes)
        return Through(least[by_node], attained[by_node])

    @cached_property
    def costs_through(self) -> Through:
        """As `bounds`, but attained at nearly all nodes; takes longer."""
        bounds = self.bounds
        if np.count_nonzero(bounds.least[~bounds.attained] < INFEASIBLE) > FEW and self._relaxed is not None:
            least = self._least_through()
            if least is not None:
                return Through(least[np.argsort(self.cells.nodes)], np.ones(len(least), dtype=bool))
        return bounds

    def _least_through(self) -> Ints | None:
        """Return the cost of the best option through each place; None where that cannot be had for all at once."""
        limit = int(self.problem.order_max_shipments[0])
        if limit < int(self.problem.line_quantity.sum()):
            return None
        remaining = Remaining(self.problem)
        cost = node_costs(self._costs, PricedOrder(self._costs, 0).fits(remaining), remaining)
        return None if cost is None else least_through(tuple(self.cells.group.quantities.tolist()), cost, self.end)

    @cached_property
    def _costs(self) -> ShipmentCosts:
        return as_table(self.cells)

    @cached_property
    def _relaxed(self) -> RelaxedOrder | None:
        """The relaxation; None where the order is too large for it."""
        quantities = tuple(self.cells.group.quantities.tolist())
        if self._alternatives is not None or not relaxable(quantities) or not len(self.cells.nodes):
            return None
        cost = np.minimum(self._costs.cost[0] + self.problem.extra_shipment_micro, INFEASIBLE)
        opening = self.problem.node_opening_micro[self.cells.nodes]
        return RelaxedOrder(quantities, cost, opening, self.end, int(self.problem.order_max_shipments[0]))

    def _exact(self, through: int | None = None, closed: int | None = None) -> ExactOption:
        remaining = Remaining(self.problem)
        if closed is not None:
            remaining.shipments[closed] = 0
        order = PricedOrder(self._costs, 0)
        return ExactOption(order, remaining, end=self.end, through=through, alternatives=self._alternatives)


class LargeSearch:
    """Options of one order that is too large for an exact search: the best within a fixed work limit.

    Parameters
    ----------
    problem
        Of the order alone.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.
    at_least
        (L,) units that must be served of each line; None = nothing.
    """

    def __init__(self, problem: PlanningProblem, stock_price: Ints | None, at_least: Ints | None = None) -> None:
        self.problem, self._stock_price, self._at_least = problem, stock_price, at_least

    def best(self) -> list[Take] | None:
        """Return a good option; None where none that is allowed was found."""
        return self._find(Remaining(self.problem))

    def without(self, *nodes: int) -> list[Take] | None:
        """Return a good option in which some nodes ship nothing; None where none that is allowed was found.

        Parameters
        ----------
        nodes
            The nodes.
        """
        remaining = Remaining(self.problem)
        remaining.shipments[list(nodes)] = 0
        return self._find(remaining)

    def _find(self, remaining: Remaining) -> list[Take] | None:
        takes = large_option(next(order_views(self.problem, FIRST)), remaining, self._stock_price)
        if self._at_least is None or np.all(served(self.problem, takes) >= self._at_least):
            return takes
        return None


Search = OrderSearch | LargeSearch


def search_of(problem: PlanningProblem, stock_price: Ints | None, *, may_backorder: bool) -> Search:
    """Prepare the search of one order.

    Parameters
    ----------
    problem
        Of the order alone.
    stock_price
        (n_skus, n_nodes) micro of a unit, part of the cost that decides; None = nothing.
    may_backorder
        Whether an option may backorder more than the best option would if stock were worth nothing.

    Returns
    -------
    OrderSearch or LargeSearch
        Unless `may_backorder`, of the options that backorder no more of any line than the best option would if stock
        were worth nothing.
    """
    if is_large(problem):
        plain = LargeSearch(problem, None)
        if stock_price is None:
            return plain
        at_least = None if may_backorder else served(problem, plain.best() or [])
        priced = LargeSearch(problem, stock_price, at_least)
        return priced if priced.best() is not None else plain
    cells = shipment_cells(problem, shape_of(problem, 0), np.argsort(problem.node_rank))
    search = OrderSearch(problem, cells)
    if stock_price is None:
        return search
    at_least = None if may_backorder else served(problem, search.best() or [])
    return OrderSearch(problem, with_stock_price(cells, stock_price), at_least)


def is_large(problem: PlanningProblem) -> bool:
    """Tell whether an order is too large to be solved exactly.

    Parameters
    ----------
    problem
        Of the order alone.
    """
    return bool(lattice_sizes(problem)[0] - 1 > MAX_VECTORS)


def served(problem: PlanningProblem, takes: list[Take]) -> Ints:
    """Return the units of each line that an option serves: (L,).

    Parameters
    ----------
    problem
        Of the order alone.
    takes
        The option.
    """
    units = np.zeros(problem.n_lines, dtype=np.int64)
    for take in takes:
        units[take.line] += take.quantity
    return units
