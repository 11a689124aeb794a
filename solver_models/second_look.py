"""A second look: each order takes its best option from what it holds and what nobody holds, all at once, in passes.

A choice made order by order under prices leaves units unused that were too dear at their price, and those who came
early may hold what they would now rather change. Here prices do not count: what is left over costs nothing any more.
Where orders ask for more of a resource than is left, those that gain most are served; who does not get everything that
it asks for stays as it is and may ask again in the next pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from solver_models.pricing import Pricer
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of, paid_by_order
from solver_models.together import granted_by_rank, names_a_node_twice

Ints = NDArray[np.int64]

PASSES = 12
"""Passes at the most; the third usually finds next to nothing."""
WORTHWHILE = 2e-5
"""A pass that lowers the cost by less than this share is the last."""


def look_again(
    arrays: SourcingArrays, choice: Choice, out_of_time: Callable[[], bool] = lambda: False
) -> tuple[Choice, bool]:
    """Improve a choice one order at a time.

    Parameters
    ----------
    arrays
        The problem.
    choice
        A feasible choice.
    out_of_time
        Asked before each pass; True ends them.

    Returns
    -------
    choice
        Feasible, and never dearer.
    finished
        False when time ended the passes.
    """
    if out_of_time():
        return choice, False
    # an option may only be made of columns that have a number
    listed = replace(arrays, groups=tuple(replace(group, unlisted=None) for group in arrays.groups))
    pricer = Pricer(listed, exact=False)
    for number in range(PASSES):
        if number and out_of_time():
            return choice, False
        columns = _pass(listed, pricer, choice.columns)
        found = Choice(columns, cost_of(arrays, columns))
        gain = choice.cost - found.cost
        if gain > 0:
            choice = found
        if gain <= WORTHWHILE * choice.cost:
            break
    return choice, True


def _pass(arrays: SourcingArrays, pricer: Pricer, chosen: Ints) -> Ints:
    """Let every order that gains ask once, and serve those that gain most."""
    left = arrays.capacity - np.asarray(arrays.usage[:, chosen].sum(axis=1), dtype=np.int64)
    held = _Held(arrays, chosen)
    is_open = np.zeros(arrays.n_nodes, dtype=bool)
    is_open[arrays.column_node[chosen]] = True
    cost = arrays.column_cost + np.where(is_open, 0, arrays.opening)[arrays.column_node]
    cost[_out_of_reach(arrays, left, held)] = INFEASIBLE
    best, named = np.zeros(arrays.n_orders, dtype=np.int64), [np.empty(0, dtype=np.int64)]
    for group in pricer.groups:
        prices = group.price(cost)
        best[group.group.orders] = prices.best
        named.append(group.options(cost, prices))
    gain = paid_by_order(arrays, chosen, arrays.column_cost) - best
    wanted = np.concatenate(named)
    wanted = wanted[gain[arrays.column_order[wanted]] > 0]
    asks = (gain > 0) & ~names_a_node_twice(arrays, wanted)
    wanted = wanted[asks[arrays.column_order[wanted]]]
    rank = np.empty(arrays.n_orders, dtype=np.int64)
    rank[np.argsort(-gain, kind="stable")] = np.arange(arrays.n_orders)
    wants = _Held(arrays, wanted)
    # what an order gives back is there for others in the next pass
    more = np.maximum(0, wants.amount - held.units(wants.order, wants.resource))
    moves = asks & granted_by_rank(arrays.n_orders, wants.order, wants.resource, more, rank, left)
    return np.sort(np.r_[chosen[~moves[arrays.column_order[chosen]]], wanted[moves[arrays.column_order[wanted]]]])


class _Held:
    """What each order takes of each resource by some columns."""

    def __init__(self, arrays: SourcingArrays, columns: Ints) -> None:
        self._n_resources = max(1, arrays.n_resources)
        taken = arrays.usage[:, columns].tocoo()
        key = arrays.column_order[columns[taken.col]] * self._n_resources + taken.row
        self._key, number = np.unique(key, return_inverse=True)
        self.order, self.resource = np.divmod(self._key, self._n_resources)
        self.amount = np.zeros(len(self._key), dtype=np.int64)
        np.add.at(self.amount, number, taken.data)

    def units(self, order: Ints, resource: NDArray[np.integer]) -> Ints:
        """Return the units of some resources that some orders hold, both (n,)."""
        if not len(self._key):
            return np.zeros(len(order), dtype=np.int64)
        key = order * self._n_resources + resource
        at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        return np.where(self._key[at] == key, self.amount[at], 0)


def _out_of_reach(arrays: SourcingArrays, left: Ints, held: _Held) -> Ints:
    """Number the columns that take more than is left and what their order holds itself."""
    usage = arrays.usage
    short = np.flatnonzero(usage.data > left[usage.indices])
    column = np.searchsorted(usage.indptr, short, side="right") - 1
    beyond = usage.data[short] > left[usage.indices[short]] + held.units(
        arrays.column_order[column], usage.indices[short].astype(np.int64)
    )
    return np.asarray(column[beyond], dtype=np.int64)
