"""The lower bound that anybody can recompute from prices alone.

    L(lambda, mu) = sum_o min_p (c_op + lambda usage_op + sum_{n in p} mu_on) - sum_r lambda_r capacity_r
                    + sum_n min(0, f_n - sum_o mu_on)

Prices and shares are integers >= 0, so L is an exact integer: a lower bound on the cost of every plan, whatever the
prices (Lagrangian duality). No solver takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.pricing import GroupPricer, Pricer
from solver_models.sourcing import OrderGroup, SourcingArrays, exact_sum

Ints = NDArray[np.int64]

DEAREST = 1 << 56
"""Most that prices add to the cost of a column; beyond all real costs, and sums of a few stay inside int64."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Prices of resources and shares of opening costs.

    Parameters
    ----------
    resource
        (n_resources,) int64 >= 0: price of one unit. [lambda]
    share
        (n_orders, n_opening) int64 >= 0: what an order pays towards opening a node. [mu]
    opening_node
        (n_opening,): the nodes that cost something to open.
    """

    resource: Ints
    share: Ints
    opening_node: Ints


def no_prices(arrays: SourcingArrays) -> Prices:
    """Return prices of zero.

    Parameters
    ----------
    arrays
        The problem.
    """
    opening = np.flatnonzero(arrays.opening)
    return Prices(
        resource=np.zeros(arrays.n_resources, dtype=np.int64),
        share=np.zeros((arrays.n_orders, len(opening)), dtype=np.int64),
        opening_node=opening,
    )


def priced_columns(arrays: SourcingArrays, prices: Prices) -> Ints:
    """Add to each column's cost the prices of what it takes and its share of opening its node.

    Parameters
    ----------
    arrays
        The problem.
    prices
        Prices and shares.

    Returns
    -------
    ndarray, shape (n_columns,), int64
    """
    cost: Ints = arrays.column_cost + _taken(arrays, prices.resource)
    if len(prices.opening_node):
        where = np.full(arrays.n_nodes, -1, dtype=np.int64)
        where[prices.opening_node] = np.arange(len(prices.opening_node))
        index = where[arrays.column_node]
        share = np.minimum(prices.share, DEAREST)  # a lower share keeps the bound valid, a wrapped sum would not
        cost = cost + np.where(index >= 0, share[arrays.column_order, np.maximum(index, 0)], 0)
    return cost


def _taken(arrays: SourcingArrays, price: Ints) -> Ints:
    """Return the prices of what each column takes; absurd ones are cut, not wrapped: lower costs keep a bound valid."""
    taken: Ints = arrays.usage.T @ price
    if float(price.max(initial=0)) * float(arrays.usage.data.max(initial=0)) > 2.0**50:
        roughly = arrays.usage.T.astype(np.float64) @ price.astype(np.float64)
        taken = np.where(roughly < DEAREST, taken, DEAREST)
    return taken


def constant_of(arrays: SourcingArrays, prices: Prices) -> int:
    """Return the part of the bound that no order's choice enters.

    Parameters
    ----------
    arrays, prices
        Problem and prices.
    """
    paid = [exact_sum(share) for share in prices.share.T]
    return bound_constant(prices.resource, arrays.capacity, arrays.opening[prices.opening_node], paid)


def bound_constant(price: Ints, capacity: Ints, opening: Ints, paid: Sequence[int]) -> int:
    """Compute - sum_r lambda_r capacity_r + sum_n min(0, f_n - sum_o mu_on) exactly, whatever the size of the prices.

    Every priced resource counts its whole capacity, whether or not anything can take of it.

    Parameters
    ----------
    price, capacity
        (n_resources,) int64 >= 0: price of one unit, units there are. [lambda, capacity]
    opening
        (n_opening,) int64 >= 0: cost of opening a node. [f]
    paid
        (n_opening,) what all orders together pay towards it. [sum mu]
    """
    opened = sum(min(0, one - shares) for one, shares in zip(opening.tolist(), paid, strict=True))
    return int(opened) - _exact_product(price, capacity)


def _exact_product(price: Ints, capacity: Ints) -> int:
    """Return the sum of price * capacity; never wrapped, whatever a solver made of the prices."""
    if np.dot(price.astype(np.float64), capacity.astype(np.float64)) < 2.0**62:
        return int(np.dot(price, capacity))
    return sum(one * most for one, most in zip(price.tolist(), capacity.tolist(), strict=True))


def cheapest_options(arrays: SourcingArrays, prices: Prices) -> int:
    """Compute sum_o min_p (c_op + lambda usage_op + sum_{n in p} mu_on) over the orders of some arrays.

    L is this over all orders, in as many portions as memory asks for, plus one `bound_constant`.

    Parameters
    ----------
    arrays
        Some orders with every column they have.
    prices
        Any prices and shares >= 0 for the resources and orders of these arrays.
    """
    cost = priced_columns(arrays, prices)
    return sum(exact_sum(_cheapest_of(arrays, group, cost)) for group in arrays.groups)


def _cheapest_of(arrays: SourcingArrays, group: OrderGroup, column_cost: Ints) -> Ints:
    """Return (G,) the cost of each order's cheapest option, exactly.

    First every node is pooled, which is fast; an order whose answer names no watched node twice is settled by it, since
    that answer is an option. The others are priced again, each watched node by itself.
    """
    pooled = GroupPricer(arrays, group, exact=False)
    found = pooled.price(column_cost)
    if not np.any(arrays.column_once[group.columns]):
        return found.best
    chosen = pooled.options(column_cost, found)
    chosen = chosen[arrays.column_once[chosen]]
    pairs, times = np.unique(
        arrays.column_order[chosen] * arrays.n_nodes + arrays.column_node[chosen], return_counts=True
    )
    rows = np.flatnonzero(np.isin(group.orders, pairs[times > 1] // arrays.n_nodes))
    if not len(rows):
        return found.best
    kept = np.zeros(arrays.n_columns, dtype=bool)
    kept[group.columns] = np.isin(arrays.column_order[group.columns], group.orders[rows])
    again = group.of_rows(rows, 0, int(kept.sum()))
    best = found.best.copy()
    best[rows] = GroupPricer(arrays.restricted(kept), again).price(column_cost[kept]).best
    return best


def lower_bound(arrays: SourcingArrays, pricer: Pricer, prices: Prices) -> int:
    """Compute L(lambda, mu).

    Parameters
    ----------
    arrays, pricer
        The problem and its pricer.
    prices
        Any prices and shares >= 0.
    """
    return pricer.total(priced_columns(arrays, prices)) + constant_of(arrays, prices)
