"""What is to come, for everything that calls us: prices of stock for the orders that a forecast expects."""

from __future__ import annotations

from time import monotonic

from quartermaster import io
from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.planning.expected_orders import expected_orders
from quartermaster.planning.problem import build_problem
from quartermaster.planning.stock_prices import price_stock, supply_within
from quartermaster.planning.stock_value import stock_prices_of
from quartermaster.policy import Policy
from quartermaster.solver_processes import SolverProcesses


def stock_prices(snapshot: Snapshot, policy: Policy) -> StockPrices:
    """Price all available stock, and what arrives, for the orders that the forecast expects within the horizon.

    The open orders take none of it here: they are what is expected to come again. `quartermaster.plan` prices what its
    plan leaves.

    Parameters
    ----------
    snapshot
        With a forecast.
    policy
        Its `future.horizon_days` must be above 0; its time limit is that of the pricing.

    Returns
    -------
    StockPrices
        What one more unit would save, by node and SKU; what is not listed would save nothing.

    Raises
    ------
    InputError
        If the snapshot is not valid, has no forecast, or the policy no horizon.
    """
    ready = io.ready(snapshot)
    horizon_days = policy.future.horizon_days
    missing = []
    if not len(ready.forecast):
        missing.append(Problem("missing_field", "stock is priced for expected demand; there is none", file="forecast"))
    if not horizon_days:
        detail = "must be above 0 to price stock"
        missing.append(Problem("policy_value", detail, file="policy", column="future.horizon_days", value="0"))
    if missing:
        raise InputError(missing)
    end = monotonic() + float(policy.solver.time_limit_seconds)
    supply = supply_within(build_problem(ready, policy).available, ready, horizon_days)
    with SolverProcesses(policy.solver.threads) as processes:
        priced = price_stock(
            expected_orders(ready, horizon_days),
            policy,
            supply,
            seconds_left=lambda: end - monotonic(),
            runner=processes,
        )
    return stock_prices_of(ready, priced.value)
