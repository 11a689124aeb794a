"""What is to come, for everything that calls us: prices of stock for the orders that a forecast expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from quartermaster import io
from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.planning.expected_orders import ExpectedOrders, expected_orders
from quartermaster.planning.problem import build_problem
from quartermaster.planning.stock_prices import price_stock, supply_within
from quartermaster.planning.stock_value import stock_prices_of
from quartermaster.policy import Policy
from quartermaster.solver_processes import SolverProcesses


def stock_prices(
    snapshot: Snapshot, policy: Policy, *, kinds: Snapshot | None = None, times: Sequence[float] = ()
) -> StockPrices:
    """Price all available stock, and what arrives, for the orders that are expected within the horizon.

    The open orders take none of it here: with the forecast they say what is expected to come. `quartermaster.plan`
    prices what its plan leaves.

    Parameters
    ----------
    snapshot
        The stock, the network and the forecast.
    policy
        Its `future.horizon_days` must be above 0 for a forecast; its time limit is that of the pricing.
    kinds
        Where the order mix is known better than from a forecast: a snapshot whose orders are the kinds of orders that
        come, with the same products and nodes.
    times
        How often each of these is expected to come, > 0, in the order of their ids.

    Returns
    -------
    StockPrices
        What one more unit would save, by node and SKU; what is not listed would save nothing.

    Raises
    ------
    InputError
        If a snapshot is not valid; without kinds, if it has no forecast or the policy no horizon.
    ValueError
        If there are not as many times as kinds.
    """
    ready = io.ready(snapshot)
    horizon_days = policy.future.horizon_days
    if kinds is None:
        _refuse_without_forecast(ready, horizon_days)
        expected = expected_orders(ready, horizon_days)
    else:
        mix = io.ready(kinds)
        if len(times) != len(mix.orders):
            raise ValueError(f"{len(times)} times for {len(mix.orders)} kinds of orders")
        known = replace(ready, orders=mix.orders, order_lines=mix.order_lines)
        expected = ExpectedOrders(known, np.array(times, dtype=np.float64))
    end = monotonic() + float(policy.solver.time_limit_seconds)
    supply = supply_within(build_problem(ready, policy).available, ready, horizon_days)
    with SolverProcesses(policy.solver.threads) as processes:
        priced = price_stock(expected, policy, supply, seconds_left=lambda: end - monotonic(), runner=processes)
    return stock_prices_of(ready, priced.value)


def _refuse_without_forecast(ready: Snapshot, horizon_days: int) -> None:
    missing = []
    if not len(ready.forecast):
        missing.append(Problem("missing_field", "stock is priced for expected demand; there is none", file="forecast"))
    if not horizon_days:
        detail = "must be above 0 to price stock"
        missing.append(Problem("policy_value", detail, file="policy", column="future.horizon_days", value="0"))
    if missing:
        raise InputError(missing)
