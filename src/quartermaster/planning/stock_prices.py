"""Prices of stock: what one more unit at a node would save the orders that a forecast expects.

Expected orders (`expected_orders`) are served as a fluid (`solver_models.fluid`) from the stock and from what arrives
within the horizon, at the costs of a plan, each option at its exact price. Capacities of nodes and opening costs are of
one plan and play no part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC

import numpy as np
from scipy import sparse

from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.expected_orders import ExpectedOrders, Floats
from quartermaster.planning.listing import list_candidates, units_wanted
from quartermaster.planning.problem import UNLIMITED, PlanningProblem, build_problem
from quartermaster.planning.sourcing import NOTHING
from quartermaster.planning.stock_value import StockValue
from quartermaster.planning.trim import trim
from quartermaster.policy import Policy
from solver_models.fluid import fluid_prices
from solver_models.runner import IN_PROCESS, Runner

STEP = 0.2
"""First step of the prices, in typical costs of a shipment."""


@dataclass(frozen=True, slots=True)
class PricedStock:
    """Prices of stock, and how they came to be.

    Parameters
    ----------
    value
        The prices.
    bound
        What the expected orders cost at least, as a fluid, in micro; an estimate where `finished` is False.
    finished
        True when the prices are duals of the whole model: of every option of every order.
    clocked
        True when the clock ended the search for them.
    """

    value: StockValue
    bound: float
    finished: bool
    clocked: bool


def price_stock(
    expected: ExpectedOrders,
    policy: Policy,
    supply: sparse.csr_array,
    *,
    seconds_left: Callable[[], float],
    runner: Runner = IN_PROCESS,
) -> PricedStock:
    """Price stock for expected orders.

    Parameters
    ----------
    expected
        The orders, and how often each comes.
    policy
        Costs and rules.
    supply
        (n_skus, n_nodes) units that there are.
    seconds_left
        Wall clock left.
    runner
        Who solves the programs.
    """
    problem = build_problem(expected.snapshot, policy)
    unlimited = np.full(problem.n_nodes, UNLIMITED, dtype=np.int64)
    problem = replace(
        problem,
        available=supply,
        node_max_shipments=unlimited,
        node_max_units=unlimited,
        node_opening_micro=np.zeros(problem.n_nodes, dtype=np.int64),
    )
    trimmed, _ = trim(problem)
    candidates = list_candidates(trimmed, NOTHING, units_wanted(trimmed, expected.times))
    arrays, pair = candidates.arrays, candidates.stock_pair
    cost = arrays.column_cost
    found = fluid_prices(
        arrays,
        expected.times,
        step=STEP * float(np.median(cost)) if len(cost) else 1.0,
        seconds_left=seconds_left,
        runner=runner,
    )
    exact = found.finished and arrays.all_listed and not candidates.large
    price = found.price[: len(pair)]
    priced = np.flatnonzero(price)
    value = StockValue(problem.n_nodes, pair[priced], price[priced])
    return PricedStock(value, found.bound + _backordered(problem, trimmed, expected.times), exact, found.clocked)


def _backordered(problem: PlanningProblem, trimmed: PlanningProblem, times: Floats) -> float:
    """Return what it costs to backorder what no stock in reach covers, as often as each order comes."""
    removed = (problem.line_quantity - trimmed.line_quantity) * problem.line_backorder_micro
    charged = problem.order_backorder_micro - trimmed.order_backorder_micro
    return float(removed @ times[problem.line_order] + charged @ times)


def supply_within(stock: sparse.csr_array, snapshot: Snapshot, horizon_days: int) -> sparse.csr_array:
    """Add to some stock what arrives within the horizon.

    Parameters
    ----------
    stock
        (n_skus, n_nodes) units that are there.
    snapshot
        The checked snapshot.
    horizon_days
        Days from the snapshot's instant on, by UTC.

    Returns
    -------
    sparse.csr_array, shape (n_skus, n_nodes), int64
    """
    inbound = snapshot.replenishment
    last = np.datetime64(snapshot.as_of.astimezone(UTC).replace(tzinfo=None), "D") + horizon_days
    rows = np.flatnonzero(inbound["arrives_on"] <= last)
    sku = {name: number for number, name in enumerate(snapshot.products["sku"].tolist())}
    node = {name: number for number, name in enumerate(snapshot.nodes["node_id"].tolist())}
    arriving = sparse.csr_array(
        (
            inbound["quantity"][rows].astype(np.int64),
            (
                np.array([sku[name] for name in inbound["sku"][rows].tolist()], dtype=np.int64),
                np.array([node[name] for name in inbound["node_id"][rows].tolist()], dtype=np.int64),
            ),
        ),
        shape=stock.shape,
    )
    supply = sparse.csr_array(stock + arriving)
    supply.eliminate_zeros()
    supply.sort_indices()
    return supply
