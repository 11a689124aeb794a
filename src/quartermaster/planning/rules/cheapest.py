"""The rule `cheapest`: each order in turn takes its cheapest option, backorder included, from what is left.

Orders are first solved in bulk on the stock left at the start of a chunk. Taking stock only removes options, so a bulk
answer that is still possible at its turn is still the best; otherwise the order is solved again. Opening a node makes
options cheaper, so a chunk ends there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.bulk_options import BulkOptions, solvable_in_bulk
from quartermaster.planning.rules.exact_option import ExactOption
from quartermaster.planning.rules.large_option import large_option
from quartermaster.planning.rules.order_view import order_views
from quartermaster.planning.rules.priced import MAX_VECTORS, PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.shipment_costs import lattice_sizes, shape_of, shapes, shipment_costs
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

FIRST_CHUNK = 64
"""Orders in a chunk after a node was opened; each chunk without an opening doubles it."""
MAX_CHUNK = 2048
MAX_CELLS = 8_000_000
"""Cells (order, node, vector) held at once: bounds memory to some 200 MB."""


class Cheapest:
    """The rule over a whole problem.

    Parameters
    ----------
    problem
        The problem.
    remaining
        What is left; orders take from it.
    """

    def __init__(self, problem: PlanningProblem, remaining: Remaining) -> None:
        self.problem, self.remaining = problem, remaining
        self.sizes = lattice_sizes(problem)
        self.by_rank = np.argsort(problem.node_rank)
        self.inexact = 0

    def run(self, proceed: Callable[[int], bool]) -> None:
        """Serve the orders in sequence.

        Parameters
        ----------
        proceed
            Told how many orders are done; returns False to stop.
        """
        sequence = self.problem.order_sequence
        done, size = 0, FIRST_CHUNK if self.remaining.opening_micro.any() else MAX_CHUNK
        while done < len(sequence) and proceed(done):
            chunk = sequence[done : done + size]
            cells = np.cumsum(np.minimum(self.sizes[chunk], MAX_VECTORS)) * max(self.problem.n_nodes, 1)
            chunk = chunk[: max(1, int(np.searchsorted(cells, MAX_CELLS)))]
            served, opened = self._serve(chunk)
            done += served
            size = FIRST_CHUNK if opened else min(2 * size, MAX_CHUNK)
        proceed(done)

    def _serve(self, chunk: Ints) -> tuple[int, bool]:
        """Serve orders up to the first that opens a node; return how many, and whether one did."""
        found = self._bulk(chunk)
        for position, order in enumerate(chunk.tolist()):
            if self.sizes[order] - 1 > MAX_VECTORS:
                self.inexact += 1
                takes = large_option(next(order_views(self.problem, np.array([order]))), self.remaining)
            else:
                bulk, row, option = found.get(order, (None, 0, None))
                takes = (
                    self._option(order, bulk, row) if option is None or not self.remaining.covers(option) else option
                )
            if self.remaining.take(takes):
                return position + 1, True
        return len(chunk), False

    def _bulk(self, chunk: Ints) -> dict[int, tuple[BulkOptions, int, list[Take] | None]]:
        """Solve the orders of a chunk on what is left now: their group, row in it, and option if it is certain."""
        found: dict[int, tuple[BulkOptions, int, list[Take] | None]] = {}
        remaining = self.remaining
        for group in shapes(self.problem, chunk[self.sizes[chunk] - 1 <= MAX_VECTORS]):
            if not solvable_in_bulk(group):
                continue
            costs = shipment_costs(self.problem, group, self.by_rank, remaining.stock)
            bulk = BulkOptions(self.problem, costs)
            cost = costs.cost + remaining.opening_micro[self.by_rank][:, None]
            units = group.vectors.sum(axis=1)
            beyond = units[None, :] > remaining.units[self.by_rank][:, None]
            beyond |= (remaining.shipments[self.by_rank] <= 0)[:, None]
            cost[:, beyond] = INFEASIBLE
            np.minimum(cost, INFEASIBLE, out=cost)
            options = bulk.best(np.arange(len(group.orders)), cost, remaining.opening_micro[self.by_rank])
            for row, (order, option) in enumerate(zip(group.orders.tolist(), options, strict=True)):
                found[order] = bulk, row, option
        return found

    def _option(self, order: int, bulk: BulkOptions | None, row: int) -> list[Take]:
        """Solve one order on what is left now."""
        remaining, opening = self.remaining, self.remaining.opening_micro[self.by_rank]
        if bulk is not None:
            fits = PricedOrder(bulk.costs, row).fits(remaining)
            cost = np.where(fits, bulk.costs.cost[row] + opening[:, None], INFEASIBLE)
            option = bulk.best(np.array([row]), np.minimum(cost, INFEASIBLE)[None], opening)[0]
            if option is not None:
                return option
        costs = shipment_costs(self.problem, shape_of(self.problem, order), self.by_rank, remaining.stock)
        return ExactOption(PricedOrder(costs, 0), remaining).solve()
