"""Plans by a named rule, order by order, as the order-management systems in use today do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import ModelError
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.cheapest import Cheapest
from quartermaster.planning.rules.fewest_of_large import fewest_of_large
from quartermaster.planning.rules.fewest_shipments import fewest_shipments
from quartermaster.planning.rules.order_view import OrderView, order_views
from quartermaster.planning.rules.priced import MAX_VECTORS, PricedOrder, priced_orders
from quartermaster.planning.rules.remaining import Remaining, Take
from quartermaster.planning.rules.walks import highest_stock, nearest, priority
from quartermaster.planning.shapes import lattice_sizes
from quartermaster.planning.sourcing import Sourcing
from quartermaster.policy import RULES

Ints = NDArray[np.int64]
Progress = Callable[[str, float], None]
Walk = Callable[[OrderView, Remaining], list[Take]]

WALKS: dict[str, Walk] = {"nearest": nearest, "priority": priority, "highest_stock": highest_stock}
"""The rules that walk ranked nodes."""
MAX_CELLS = 1_000_000
"""Cells (order, node, vector) of `fewest_shipments` priced at once, between two looks at the clock."""
REPORT_EVERY = 64
"""Orders between two reports of progress."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleResult:
    """What a rule decided.

    Parameters
    ----------
    sourcing
        The decision.
    inexact_orders
        Orders too large for the rule's exact search, which got the best within a fixed work limit.
    finished
        False when time ran out; the orders not reached are backordered.
    """

    sourcing: Sourcing
    inexact_orders: int
    finished: bool


class _Proceed:
    """Looks at the clock after each order, since one can take a second; reports progress now and then.

    Parameters
    ----------
    name, n_orders
        The rule, and how many orders there are.
    deadline, progress
        As given to `run_rule`.
    """

    def __init__(
        self, name: str, n_orders: int, deadline: Callable[[], bool] | None, progress: Progress | None
    ) -> None:
        self._name, self._n_orders, self._deadline, self._progress = name, n_orders, deadline, progress
        self._next = 0
        self.finished = True

    def __call__(self, done: int) -> bool:
        """Tell whether to go on after so many orders."""
        if done >= self._n_orders:
            if self._progress:
                self._progress(self._name, 1.0)
            return False
        if done >= self._next:
            self._next = done + REPORT_EVERY
            if self._progress:
                self._progress(self._name, done / self._n_orders)
        return not self.out_of_time()

    def out_of_time(self) -> bool:
        """Look at the clock now."""
        if self._deadline and self._deadline():
            self.finished = False
        return not self.finished


def run_rule(
    problem: PlanningProblem,
    name: str,
    deadline: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> RuleResult:
    """Plan all orders by a named rule.

    Parameters
    ----------
    problem
        The problem.
    name
        One of `quartermaster.policy.RULES`.
    deadline
        Asked now and then; True = time is up.
    progress
        Told the rule's name and the fraction done.

    Raises
    ------
    ModelError
        If there is no rule of that name.
    """
    if name not in RULES:
        raise ModelError(f"{name!r} is not a named rule")
    remaining = Remaining(problem)
    proceed = _Proceed(name, problem.n_orders, deadline, progress)
    inexact = 0
    if not problem.n_nodes:
        proceed(problem.n_orders)  # nowhere to take from
    elif name in WALKS:
        _walk_all(problem, remaining, WALKS[name], proceed)
    elif name == "fewest_shipments":
        inexact = _fewest_all(problem, remaining, proceed)
    else:
        rule = Cheapest(problem, remaining)
        rule.run(proceed, proceed.out_of_time)
        inexact = rule.inexact
    return RuleResult(remaining.sourcing(), inexact, proceed.finished)


def _walk_all(problem: PlanningProblem, remaining: Remaining, rule: Walk, proceed: _Proceed) -> None:
    for done, view in enumerate(order_views(problem, problem.order_sequence)):
        if not proceed(done):
            return
        remaining.take(rule(view, remaining))
    proceed(problem.n_orders)


def _fewest_all(problem: PlanningProblem, remaining: Remaining, proceed: _Proceed) -> int:
    inexact = done = 0
    small = lattice_sizes(problem) - 1 <= MAX_VECTORS
    for chunk in _chunks(problem):
        priced = {
            order: PricedOrder(costs, row)
            for costs in priced_orders(problem, chunk[small[chunk]])
            for row, order in enumerate(costs.group.orders.tolist())
        }
        for order in chunk.tolist():
            if not proceed(done):
                return inexact
            if order in priced:
                takes = fewest_shipments(priced[order], remaining)
            else:
                takes, exact = fewest_of_large(next(order_views(problem, np.array([order]))), remaining)
                inexact += not exact
            remaining.take(takes)
            done += 1
    proceed(done)
    return inexact


def _chunks(problem: PlanningProblem) -> Iterator[Ints]:
    """Cut the sequence of orders where the cells of a chunk would be too many."""
    sizes = np.minimum(lattice_sizes(problem), MAX_VECTORS)[problem.order_sequence] * max(problem.n_nodes, 1)
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // MAX_CELLS)) + 1
    yield from np.split(problem.order_sequence, cuts)
