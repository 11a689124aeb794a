"""The lower bound that prices prove, recomputed from the snapshot: no solver, no presolve, published capacities.

Capacity is what allocations that stand (`Snapshot.fixed`) leave of it, as the problem holds it.
L(lambda, mu) of `solver_models.bound`, summed over the orders in portions, so that memory does not grow with the day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quartermaster.planning.every_column import PricedResources, every_column, priced_resources
from quartermaster.planning.large_orders import large_order
from quartermaster.planning.listing import small_orders
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.resource_prices import ResourcePrices
from quartermaster.planning.shapes import shapes
from quartermaster.planning.trim import trim
from solver_models.bound import DEAREST, Prices, bound_constant, cheapest_options
from solver_models.sourcing import exact_sum

CELLS_AT_ONCE = 1_000_000
"""Cells (order, node, vector) priced in one portion: bounds memory to some 300 MB."""


@dataclass(frozen=True, slots=True)
class CertifiedBound:
    """A lower bound on the cost of every plan, and how it was found.

    Parameters
    ----------
    bound_micro
        The bound.
    orders
        Orders of the problem.
    floored_orders
        Those too large to list every option: each counts a lower bound on its cheapest option instead.
    """

    bound_micro: int
    orders: int
    floored_orders: int


def certified_bound(
    problem: PlanningProblem, prices: ResourcePrices, progress: Callable[[float], None] | None = None
) -> CertifiedBound:
    """Compute the lower bound that prices and shares >= 0 prove, whatever they are.

    Parameters
    ----------
    problem
        The problem.
    prices
        Any prices and shares >= 0.
    progress
        Told the share of the orders that is done.
    """
    # what no stock in reach covers is backordered in every plan
    trimmed, backordered = trim(problem)
    resources = priced_resources(trimmed, prices)
    paid = prices.share.tocsc()
    opening_node = np.flatnonzero(np.diff(paid.indptr))
    shares = [exact_sum(paid.data[paid.indptr[node] : paid.indptr[node + 1]]) for node in opening_node.tolist()]
    constant = bound_constant(resources.price, resources.capacity, trimmed.node_opening_micro[opening_node], shares)
    total, done = backordered + constant, 0
    small = small_orders(trimmed)
    for shape in shapes(trimmed, np.flatnonzero(small), max_cells=CELLS_AT_ONCE, only_stocked=True):
        arrays = every_column(trimmed, shape, resources)
        share = prices.share[shape.orders][:, opening_node].toarray()
        total += cheapest_options(arrays, Prices(resources.price, share, opening_node))
        done += len(shape.orders)
        if progress is not None:
            progress(done / problem.n_orders)
    large = np.flatnonzero(~small)
    total += _floors(trimmed, large.tolist(), prices, resources)
    return CertifiedBound(total, problem.n_orders, len(large))


def _floors(problem: PlanningProblem, orders: list[int], prices: ResourcePrices, resources: PricedResources) -> int:
    """Add up floors under the options of large orders; shares only add to what those cost and are left out."""
    if not orders:
        return 0
    pairs = (prices.stock_sku * problem.n_nodes + prices.stock_node).tolist()
    row = {pair: number for number, pair in enumerate(pairs)}
    price = np.minimum(resources.price, DEAREST)
    return sum(large_order(problem, order, row, resources.n_stock).floor(price) for order in orders)
