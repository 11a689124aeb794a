"""Orders take their best options in rounds, all at once: the greedy choice for many orders, in array operations.

In a round every order that has none yet names its best option from what is left. Where orders ask for more of a
resource than there is, they are served by rank, and whoever does not get everything that it named asks again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver_models.greedy import take_in_turn
from solver_models.portion import Portions
from solver_models.pricing import Pricer
from solver_models.sourcing import Choice, SourcingArrays, cost_of

Ints = NDArray[np.int64]

ROUNDS = 25
"""Rounds at the most; the few orders left then are served one by one."""
FEW = 50
"""Orders that are not worth another round."""


def take_together(arrays: SourcingArrays, column_cost: Ints, sequence: Ints) -> Choice:
    """Give each order its cheapest option from what is left, those early in the sequence before others.

    Parameters
    ----------
    arrays
        The problem.
    column_cost
        (n_columns,) int64 by which options are compared, prices included; the cost of the choice is the exact one.
    sequence
        (n_orders,) every order once.

    Returns
    -------
    Choice
        Always feasible.
    """
    portions = Portions(arrays)
    rank = np.empty(arrays.n_orders, dtype=np.int64)
    rank[sequence] = np.arange(arrays.n_orders)
    left, opening = arrays.capacity.copy(), arrays.opening
    waiting, chosen = np.arange(arrays.n_orders), [np.empty(0, dtype=np.int64)]
    for _ in range(ROUNDS):
        if len(waiting) <= FEW:
            break
        columns = np.sort(portions.columns_of(waiting))
        portion = portions.cut(waiting, columns[fitting(arrays, columns, left)], left, opening)
        _, option = Pricer(portion.arrays, exact=False).options(column_cost[portion.columns])
        named = portion.columns[option]
        granted = _granted(arrays, named, rank, left)
        served = named[granted[arrays.column_order[named]]]
        left = left - np.asarray(arrays.usage[:, served].sum(axis=1), dtype=np.int64)
        chosen.append(served)
        waiting = waiting[~granted[waiting]]
    if len(waiting):
        columns = np.sort(portions.columns_of(waiting))
        rest = portions.cut(waiting, columns[fitting(arrays, columns, left)], left, opening)
        turn = np.argsort(rank[rest.orders], kind="stable")
        chosen.append(rest.columns[take_in_turn(rest.arrays, column_cost[rest.columns], turn).columns])
    found = np.sort(np.concatenate(chosen))
    return Choice(columns=found, cost=cost_of(arrays, found))


def fitting(arrays: SourcingArrays, columns: Ints, left: Ints) -> NDArray[np.bool_]:
    """Tell which columns, each by itself, are within what is left.

    Parameters
    ----------
    arrays
        The problem.
    columns
        (n,) column numbers.
    left
        (n_resources,) units left.

    Returns
    -------
    ndarray, shape (n,), bool
    """
    taken = arrays.usage[:, columns].tocoo()
    fits = np.ones(len(columns), dtype=bool)
    fits[taken.col[taken.data > left[taken.row]]] = False
    return fits


def _granted(arrays: SourcingArrays, named: Ints, rank: Ints, left: Ints) -> NDArray[np.bool_]:
    """Return, per order, whether it gets all that it named; who names a node twice gets nothing."""
    taken = arrays.usage[:, named].tocoo()
    order = arrays.column_order[named[taken.col]]
    granted = granted_by_rank(arrays.n_orders, order, taken.row, taken.data, rank, left)
    return granted & ~names_a_node_twice(arrays, named)


def names_a_node_twice(arrays: SourcingArrays, named: Ints) -> NDArray[np.bool_]:
    """Return, per order, whether two of the columns that it named leave from one node.

    Parameters
    ----------
    arrays
        The problem.
    named
        (n,) column numbers.

    Returns
    -------
    ndarray, shape (n_orders,), bool
    """
    twice = np.zeros(arrays.n_orders, dtype=bool)
    pair = arrays.column_order[named] * arrays.n_nodes + arrays.column_node[named]
    pairs, count = np.unique(pair, return_counts=True)
    twice[pairs[count > 1] // arrays.n_nodes] = True
    return twice


def granted_by_rank(
    n_orders: int, order: Ints, resource: NDArray[np.integer], units: Ints, rank: Ints, left: Ints
) -> NDArray[np.bool_]:
    """Serve what orders ask for by rank; who does not get everything gets nothing.

    Parameters
    ----------
    n_orders
        How many there are.
    order, resource, units
        (n,) each: who asks for how many units of what. Asking for none is always granted.
    rank
        (n_orders,) lowest first.
    left
        (n_resources,) units there are.

    Returns
    -------
    ndarray, shape (n_orders,), bool
        Units of those that are refused are not given to the next in rank.
    """
    turn = np.lexsort((rank[order], resource))
    resource, units, order = resource[turn], units[turn], order[turn]
    total = np.cumsum(units)
    before = total - units
    first = np.r_[True, np.diff(resource) != 0][: len(resource)]
    asked = total - np.maximum.accumulate(np.where(first, before, 0))
    granted = np.ones(n_orders, dtype=bool)
    granted[order[(asked > left[resource]) & (units > 0)]] = False
    return granted
