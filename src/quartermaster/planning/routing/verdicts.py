"""Why each node lost: the first reason that applies, else what the best option through it costs more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.routing import NodeReason, NodeVerdict
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.options import decision_micro
from quartermaster.planning.routing.search import LargeSearch, Search
from quartermaster.planning.rules.remaining import Take
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def verdicts_of(
    search: Search, best: Sequence[Take], stock_price: Ints | None, node_ids: Sequence[str]
) -> tuple[NodeVerdict, ...]:
    """Judge every node that ships nothing in the best option.

    Parameters
    ----------
    search
        The order's.
    best
        The best option.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.
    node_ids
        Id of each node.
    """
    problem = search.problem
    barred = _barred(problem)
    total = decision_micro(problem, best, stock_price)
    used = {take.node for take in best}
    found = []
    for node, node_id in enumerate(node_ids):
        if node in used:
            continue
        reason = next((reason for reason, at in barred if at[node]), None)
        if reason is not None:
            found.append(NodeVerdict(node_id=node_id, reason=reason))
        elif isinstance(search, LargeSearch):
            found.append(NodeVerdict(node_id=node_id, reason=NodeReason.COSTS_MORE))
        else:
            through = _through(search, node, stock_price)
            reason = NodeReason.NO_OPTION if through is None else NodeReason.COSTS_MORE
            extra = None if through is None else through - total
            found.append(NodeVerdict(node_id=node_id, reason=reason, extra_micro=extra))
    return tuple(found)


def _barred(problem: PlanningProblem) -> list[tuple[NodeReason, Flags]]:
    """Tell which nodes could ship nothing of the order, and why, in the order of the reasons."""
    every = np.arange(problem.n_nodes)
    allowed = problem.allowed(np.arange(problem.n_lines))
    stocked = allowed & (problem.available_rows(problem.line_sku) > 0)
    order = np.zeros(problem.n_nodes, dtype=np.int64)
    carried = _carries(problem, problem.book.lanes(order, every).zone, stocked)
    in_time = _carries(problem, problem.lanes(order, every).zone, stocked)
    closed = (problem.node_max_shipments <= 0) | (problem.node_max_units <= 0)
    return [
        (NodeReason.NOT_ALLOWED, np.all(~allowed, axis=0)),
        (NodeReason.NO_STOCK, np.all(~stocked, axis=0)),
        (NodeReason.NO_SERVICE, ~carried),
        (NodeReason.LATE, ~in_time),
        (NodeReason.NO_CAPACITY, closed),
    ]


def _carries(problem: PlanningProblem, zone: NDArray[np.int32], stocked: Flags) -> Flags:
    """Tell from which nodes any service carries one unit of any line: (n_nodes,); more units are never lighter."""
    line, node = np.nonzero(stocked)
    sku = problem.line_sku[line]
    service = np.arange(problem.book.n_services)
    transport = problem.book.transport(
        service[None, :],
        zone[node],
        problem.book.residential[0],
        problem.weight_g[sku][:, None],
        problem.volume_mm3[sku][:, None],
    )
    carries = np.zeros(problem.n_nodes, dtype=bool)
    carries[node[np.any(transport.micro >= 0, axis=1)]] = True
    return carries


def _through(search: Search, node: int, stock_price: Ints | None) -> int | None:
    """Return the decision cost of the best option through a node; None where none is allowed."""
    if isinstance(search, LargeSearch):
        return None
    costs = search.costs_through
    if costs.least[node] >= INFEASIBLE:
        return None
    if costs.attained[node]:
        return int(costs.least[node])
    takes = search.through(node)
    return None if takes is None else decision_micro(search.problem, takes, stock_price)
