"""The next best options after the best, and how options are ranked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.decode import objective_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.search import LargeSearch, Search, served
from quartermaster.planning.rules.remaining import Take
from quartermaster.planning.shipments import shipments_of
from quartermaster.planning.sourcing import sourcing_of
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Rank = tuple[int, int, int, list[tuple[int, int, int, int]]]


def decision_micro(problem: PlanningProblem, takes: Sequence[Take], stock_price: Ints | None) -> int:
    """Return the exact cost of an option and the value of the stock it takes, micro.

    Parameters
    ----------
    problem
        Of the order alone.
    takes
        The option.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.
    """
    line, node, service, quantity = np.array(takes, dtype=np.int64).reshape(-1, 4).T
    shipments = shipments_of(problem, sourcing_of(line, node, service, quantity))
    cost = objective_of(problem, shipments, problem.line_quantity - served(problem, list(takes))).total_micro
    return cost if stock_price is None else cost + int(stock_price[problem.line_sku[line], node] @ quantity)


def rank_of(problem: PlanningProblem, takes: Sequence[Take], stock_price: Ints | None) -> Rank:
    """Return what options are sorted by: decision cost, then the ties of the rule `cheapest`.

    Parameters
    ----------
    problem, takes, stock_price
        As for `decision_micro`.
    """
    short = int(problem.line_quantity.sum()) - sum(take.quantity for take in takes)
    shipments = len({(take.node, take.service) for take in takes})
    tuples = sorted((int(problem.node_rank[take.node]), take.service, take.line, -take.quantity) for take in takes)
    return decision_micro(problem, takes, stock_price), short, shipments, tuples


def next_best(search: Search, best: list[Take], stock_price: Ints | None, count: int) -> list[list[Take]]:
    """Find the next best options.

    Parameters
    ----------
    search
        The order's.
    best
        The best option.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.
    count
        Most options.

    Returns
    -------
    list of list of Take
        The cheapest distinct ones of: the best option through each node that the best option does not use, and the best
        option without each node that it does use. Of an order too large to be solved exactly only the latter.
    """
    if count <= 0:
        return []
    problem = search.problem
    used = sorted({take.node for take in best})
    found: list[tuple[Rank, list[Take]]] = []
    known = {frozenset(best)}

    def add(takes: list[Take] | None) -> None:
        if takes is not None and frozenset(takes) not in known:
            known.add(frozenset(takes))
            found.append((rank_of(problem, takes, stock_price), takes))

    for node in used:
        add(search.without(node))
    if not isinstance(search, LargeSearch):
        least = search.bounds.least.copy()
        least[used] = INFEASIBLE
        for node in np.argsort(least, kind="stable").tolist():
            worst = sorted(rank[0] for rank, _ in found)[:count]
            if least[node] >= INFEASIBLE or (len(worst) == count and least[node] > worst[-1]):
                break
            add(search.through(node))
    return [takes for _, takes in sorted(found, key=lambda pair: pair[0])[:count]]
