"""Trim demand to what could ever be served: units that no stock in reach covers are backordered in every plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from solver_models.sourcing import exact_sum

LINES_AT_ONCE = 20_000
"""Lines that name nodes, or lie within a radius, whose stock is looked at in one go: bounds memory."""


def trim(problem: PlanningProblem) -> tuple[PlanningProblem, int]:
    """Take out of the demand what no plan can serve.

    A line loses the units beyond the stock of all nodes allowed for it; all of them where it must be complete, and all
    lines of an order that must ship complete and cannot. Quantities may become 0.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    trimmed
        The same problem with smaller quantities: every plan of one is a plan of the other.
    constant_micro
        What every plan of `problem` costs more than in `trimmed`: the backorders taken out.
    """
    quantity = np.minimum(problem.line_quantity, _in_reach(problem))
    short = quantity < problem.line_quantity
    quantity[short & problem.line_complete] = 0
    short_order = np.zeros(problem.n_orders, dtype=bool)
    short_order[problem.line_order[short]] = True
    quantity[(short_order & problem.order_complete)[problem.line_order]] = 0
    spared = problem.line_spared
    if spared is not None:
        spared = np.maximum(0, spared - (problem.line_quantity - quantity))
    removed = (problem.line_quantity - quantity) * problem.line_backorder_micro
    charged = np.where(short_order, problem.order_backorder_micro, 0)
    trimmed = replace(
        problem,
        line_quantity=quantity,
        line_spared=spared,
        order_backorder_micro=problem.order_backorder_micro - charged,
    )
    return trimmed, exact_sum(removed) + exact_sum(charged)


def _in_reach(problem: PlanningProblem) -> NDArray[np.int64]:
    """Units in stock at the nodes allowed for each line."""
    anywhere = problem.available @ problem.access[0].astype(np.int64)
    reach: NDArray[np.int64] = anywhere[problem.line_sku]
    everywhere = problem.line_access == 0 if not problem.policy.service.max_distance_km else np.False_
    special = np.flatnonzero(np.broadcast_to(~everywhere, problem.n_lines))
    for first in range(0, len(special), LINES_AT_ONCE):
        lines = special[first : first + LINES_AT_ONCE]
        stock = problem.available[problem.line_sku[lines]]
        line = np.repeat(lines, np.diff(stock.indptr))
        stock.data = stock.data * problem.allowed_at(line, stock.indices)
        reach[lines] = stock.sum(axis=1)
    return reach
