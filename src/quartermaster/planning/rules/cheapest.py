"""The rule `cheapest`: each order in turn takes its cheapest option, backorder included, from what is left.

Orders are first solved in bulk on the stock left at the start of a chunk. Taking stock only removes options, so a bulk
answer that is still possible at its turn is still the best; otherwise the order is solved again. Opening a node makes
options cheaper: an order is also solved again when a bound says that it might gain from a node opened since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.bulk_options import BulkOptions, solvable_in_bulk
from quartermaster.planning.rules.exact_option import ExactOption
from quartermaster.planning.rules.large_option import large_option
from quartermaster.planning.rules.order_view import order_views
from quartermaster.planning.rules.priced import MAX_VECTORS, PricedOrder
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.shapes import lattice_sizes, shape_of, shapes
from quartermaster.planning.shipment_cells import cells_of_order, shipment_cells
from quartermaster.planning.shipment_costs import as_table, shipment_costs
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

MAX_CHUNK = 2048
"""Orders solved in bulk on the same stock."""
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

    def run(self, proceed: Callable[[int], bool], out_of_time: Callable[[], bool] = lambda: False) -> None:
        """Serve the orders in sequence.

        Parameters
        ----------
        proceed
            Told how many orders are done; returns False to stop. Orders of the chunk at hand whose answer is known by
            then are served nevertheless.
        out_of_time
            Asked between two groups of equal orders; True = solve no more of them.
        """
        sequence = self.problem.order_sequence
        cells = np.minimum(self.sizes, MAX_VECTORS)[sequence] * self._stocking()[sequence]
        done = 0
        while done < len(sequence) and proceed(done):
            inside = int(np.searchsorted(np.cumsum(cells[done : done + MAX_CHUNK]), MAX_CELLS))
            chunk = sequence[done : done + max(1, inside)]
            self._serve(chunk, done, proceed, out_of_time)
            done += len(chunk)
        proceed(done)

    def _stocking(self) -> Ints:
        """Return, for each order, most nodes that could serve any of it."""
        problem = self.problem
        by_line = np.diff(problem.available.indptr)[problem.line_sku]
        nodes = np.bincount(problem.line_order, by_line, minlength=problem.n_orders)
        return np.minimum(nodes, max(problem.n_nodes, 1)).astype(np.int64)

    def _serve(self, chunk: Ints, done: int, proceed: Callable[[int], bool], out_of_time: Callable[[], bool]) -> None:
        """Serve some orders, so many others being done."""
        found, opened, in_time = self._bulk(chunk, out_of_time), list[int](), True
        for position, order in enumerate(chunk.tolist()):
            in_time = in_time and proceed(done + position)
            answer = found.get(order)
            known = answer.option if answer is not None and not answer.gains_from(opened) else None
            if known is not None and self.remaining.covers(known):
                takes = known
            elif not in_time:
                continue
            elif self.sizes[order] - 1 > MAX_VECTORS:
                self.inexact += 1
                takes = large_option(next(order_views(self.problem, np.array([order]))), self.remaining)
            elif answer is None:
                costs = shipment_costs(self.problem, shape_of(self.problem, order), self.by_rank, self.remaining.stock)
                takes = ExactOption(PricedOrder(costs, 0), self.remaining).solve()
            else:
                takes = self._again(answer)
            opened += self.problem.node_rank[self.remaining.take(takes)].tolist()

    def _bulk(self, chunk: Ints, out_of_time: Callable[[], bool]) -> dict[int, _Answer]:
        """Solve the orders of a chunk on what is left now, as many as time allows."""
        found: dict[int, _Answer] = {}
        remaining = self.remaining
        for group in shapes(self.problem, chunk[self.sizes[chunk] - 1 <= MAX_VECTORS]):
            if out_of_time():
                break
            if not solvable_in_bulk(group):
                continue
            cells = shipment_cells(self.problem, group, self.by_rank, remaining.stock)
            bulk = BulkOptions(self.problem, cells)
            node = self.by_rank[cells.pairs.place]
            beyond = group.vectors.sum(axis=1)[cells.vector] > remaining.units[node][cells.pair]
            beyond |= (remaining.shipments[node] <= 0)[cells.pair]
            cost = np.where(beyond, INFEASIBLE, cells.cost)
            solved = bulk.best_of_all(cost, remaining.opening_micro[self.by_rank])
            for row, order in enumerate(group.orders.tolist()):
                finish = (
                    None if solved.finish is None or solved.cost is None else (solved.finish[row], solved.cost[row])
                )
                found[order] = _Answer(bulk, row, solved.options[row], int(solved.total[row]), finish)
        return found

    def _again(self, answer: _Answer) -> list[Take]:
        """Solve one order on what is left now."""
        costs = as_table(cells_of_order(answer.bulk.cells, answer.row))
        order = PricedOrder(costs, 0)
        if answer.option is not None:
            cost = np.where(order.fits(self.remaining), costs.cost[0], INFEASIBLE)
            opening = self.remaining.opening_micro[self.by_rank]
            left = replace(costs, cost=cost[None])
            option = answer.bulk.best(np.array([answer.row]), left, opening).options[0]
            if option is not None:
                return option
        return ExactOption(order, self.remaining).solve()


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What the bulk solution says about one order.

    Parameters
    ----------
    bulk, row
        Where its prices are.
    option, total
        As in `Solved`, of this order.
    finish
        `finish` and `cost` of `Solved`, of this order; None when no opening cost was left to pay.
    """

    bulk: BulkOptions
    row: int
    option: list[Take] | None
    total: int
    finish: tuple[Ints, Ints] | None

    def gains_from(self, opened: list[int]) -> bool:
        """Tell whether an option might now be as cheap, some nodes having been opened since.

        Parameters
        ----------
        opened
            Their places by rank.
        """
        if not opened or self.finish is None:
            return False
        finish, cost = self.finish
        extra = self.bulk.problem.extra_shipment_micro
        return bool(np.any(cost[opened] + (extra - self.total) + finish <= 0))
