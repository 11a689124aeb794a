"""Prices from the linear relaxation, by column generation over the listed columns.

A restricted master holds the columns that look best under the prices so far; its duals are the next prices; pricing all
columns under them says which to add (Gilmore and Gomory 1961; Desaulniers, Desrosiers and Solomon 2005). Every price
vector on the way gives a valid bound, so stopping early is safe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver_models.ascent import ascend
from solver_models.backend import Solver
from solver_models.bound import Prices, constant_of, no_prices, priced_columns
from solver_models.model import CompactModel, build_compact
from solver_models.pricing import Pricer
from solver_models.runner import IN_PROCESS, Runner, SolveJob
from solver_models.sourcing import SourcingArrays, exact_sum

Ints = NDArray[np.int64]

ASCENT_ROUNDS = 80
"""Steps of the ascent, at the most."""
MASTER_ORDERS = 4_000
"""Orders beyond which no master is solved: the ascent comes as near in a fraction of the time."""
FIRST_COLUMNS = 10
"""Columns of each order in the first master, at the most."""
MASTER_COLUMNS = 40_000
"""Columns of the first master, about, when there are many orders; each order has three at least."""
ROUND_COLUMNS = 5
"""Columns of each order that a later round may add."""
MAX_ROUNDS = 4
"""Masters solved at the most; the last ones move the bound little."""
HIGHEST_PRICE = 1e15
"""No resource is worth more than the dearest order: beyond it, or not a number, its dual is not believed."""
CLOSE = 2e-4
"""Stop when the bound is this close to the master's value, relative."""


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """Prices, their bound, and what each column costs beyond it.

    Parameters
    ----------
    prices
        The best prices found.
    bound
        L of these prices: a valid lower bound.
    excess
        (n_columns,) int64 >= 0: every plan with the column costs at least bound + excess.
    order_cost
        (n_orders,) int64: cost of each order's cheapest option at these prices; the bound is their sum and a constant.
    finished
        False when time ran out before the prices settled.
    """

    prices: Prices
    bound: int
    excess: Ints
    order_cost: Ints
    finished: bool


def settle_prices(
    arrays: SourcingArrays,
    *,
    step: float,
    seconds_left: Callable[[], float],
    seed: int,
    runner: Runner = IN_PROCESS,
    start: Prices | None = None,
) -> Priced:
    """Find good prices.

    Parameters
    ----------
    arrays
        The problem.
    step
        First step of the ascent, in cost units.
    seconds_left
        Wall clock left for this.
    seed
        Passed to the solver.
    runner
        Who solves the masters.
    start
        Where to begin; None = every resource free.
    """
    rough = Pricer(arrays, exact=False)
    prices, _ = ascend(
        arrays,
        rough,
        start or no_prices(arrays),
        rounds=ASCENT_ROUNDS,
        step=step,
        out_of_time=lambda: seconds_left() <= 0,
    )
    order_cost, excess = rough.excess(priced_columns(arrays, prices))
    best_prices, best_bound = prices, exact_sum(order_cost) + constant_of(arrays, prices)
    held = np.zeros(arrays.n_columns, dtype=bool)
    finished = seconds_left() > 0  # else the clock may have ended the ascent, also where no master follows
    first = min(FIRST_COLUMNS, max(3, MASTER_COLUMNS // max(1, arrays.n_orders)))
    for number in range(MAX_ROUNDS if arrays.n_orders <= MASTER_ORDERS else 0):
        if seconds_left() <= 0:
            finished = False
            break
        new = lowest(arrays, excess, first if number == 0 else min(first, ROUND_COLUMNS)) & ~held
        if number and not np.any(new):
            break
        held |= new
        master = _master(arrays.restricted(held), prices, seconds_left(), seed, runner)
        if master is None:
            finished = False
            break
        prices, value = master
        order_cost, excess = rough.excess(priced_columns(arrays, prices))
        bound = exact_sum(order_cost) + constant_of(arrays, prices)
        if bound > best_bound:
            best_prices, best_bound = prices, bound
        if value - best_bound <= CLOSE * abs(value):
            break
    order_cost, excess = Pricer(arrays).excess(priced_columns(arrays, best_prices))
    bound = exact_sum(order_cost) + constant_of(arrays, best_prices)
    return Priced(best_prices, bound, excess, order_cost, finished)


def lowest(arrays: SourcingArrays, excess: Ints, count: int) -> NDArray[np.bool_]:
    """Mark the columns of least excess of each order.

    Parameters
    ----------
    arrays
        The problem.
    excess
        (n_columns,) as in `Priced`.
    count
        Columns to mark of each order, at the most.

    Returns
    -------
    ndarray, shape (n_columns,), bool
    """
    order = np.lexsort((excess, arrays.column_order))
    first = np.searchsorted(arrays.column_order[order], np.arange(arrays.n_orders))
    marked = np.zeros(arrays.n_columns, dtype=bool)
    marked[order[np.arange(len(order)) - first[arrays.column_order[order]] < count]] = True
    return marked


def _master(
    arrays: SourcingArrays, start: Prices, seconds: float, seed: int, runner: Runner
) -> tuple[Prices, float] | None:
    """Solve the linear relaxation over some columns; return its duals as prices, and its value."""
    everything = np.ones(arrays.n_orders, dtype=bool)
    model = build_compact(arrays, everything, np.ones(arrays.n_resources, dtype=bool))
    relaxed = replace(model.linear, integer=np.zeros(len(model.linear.cost), dtype=bool))
    answer = runner.run([SolveJob(relaxed, Solver.GLOP, seconds, seed=seed)])[0]
    if answer.row_duals is None or not answer.finished:
        return None
    # duals of other rows are no prices: that of a demand may be as high as the cost of an order
    priced = answer.row_duals[np.r_[model.resource_rows, model.link_rows]]
    if not np.all(np.abs(priced) * model.scale <= HIGHEST_PRICE):
        return None
    return prices_of(arrays, model, answer.row_duals, start), answer.bound * model.scale


def prices_of(arrays: SourcingArrays, model: CompactModel, row_duals: NDArray[np.float64], start: Prices) -> Prices:
    """Read prices off the duals of a compact model: whole numbers >= 0.

    Parameters
    ----------
    arrays
        The problem.
    model
        A compact model of it.
    row_duals
        (n_rows,) duals of its linear relaxation.
    start
        Prices of the same form; resources without a row become free.
    """
    resource = np.zeros_like(start.resource)
    resource[model.resources] = _whole(row_duals[model.resource_rows], model.scale)
    share = np.zeros_like(start.share)
    if len(model.link_rows):
        where = np.full(arrays.n_nodes, -1, dtype=np.int64)
        where[start.opening_node] = np.arange(len(start.opening_node))
        share[model.link_order, where[model.link_node]] = _whole(row_duals[model.link_rows], model.scale)
    return Prices(resource, share, start.opening_node)


def _whole(duals: NDArray[np.float64], scale: float) -> Ints:
    return np.rint(np.maximum(0.0, -duals) * scale).astype(np.int64)
