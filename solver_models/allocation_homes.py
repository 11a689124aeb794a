"""Homes of options: the one resource or charge that `allocation_knapsacks` looks at.

Uses that are not whole numbers, or too many, are rounded down on a grid, which can only lower a bound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_problem import AllocationProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GRID = 2_000
"""Most units of a capacity that are told apart."""


def homes_of(problem: AllocationProblem, usable: Bools) -> tuple[Ints, Ints, Ints, bool]:
    """Return each option's home (-1 = none), its use there, whole capacities, and whether every option meets one.

    Parameters
    ----------
    problem
        The problem.
    usable
        (n_options,) bool: the options that take part.
    """
    n_options, n_resources = len(usable), len(problem.capacity)
    used = problem.usage.tocoo()
    kept = usable[used.col]
    row, column, amount = used.row[kept].astype(np.int64), used.col[kept].astype(np.int64), used.data[kept]
    can_bind = _most_used(row, problem.option_group[column], amount, n_resources) > problem.capacity
    room = problem.capacity + 1e-9 * np.maximum(1.0, np.abs(problem.capacity))  # as `cost_of` has it
    row, column, amount = (part[can_bind[row]] for part in (row, column, amount))
    order = np.lexsort((row, -amount / np.maximum(room[row], 1e-300), column))
    row, column, amount = row[order], column[order], amount[order]
    first = np.r_[True, np.diff(column) != 0] if len(column) else np.zeros(0, dtype=bool)
    home = np.full(n_options, -1, dtype=np.int64)
    weight = np.zeros(n_options, dtype=np.int64)
    home[column[first]] = row[first]
    whole = np.ones(n_resources, dtype=bool)
    whole[row[amount != np.floor(amount)]] = False
    scale = np.where(whole & (room < GRID), 1.0, GRID / np.maximum(room, 1e-300))
    exact = (scale == 1.0)[row[first]]
    weight[column[first]] = np.where(exact, amount[first], np.floor(amount[first] * scale[row[first]] * (1 - 1e-12)))
    capacity = np.maximum(np.floor(room * scale * (1 + 1e-12)), 0).astype(np.int64)
    carried = problem.charges.tocoo()
    homeless = home[carried.col] < 0
    charge, option = carried.row[homeless][::-1], carried.col[homeless][::-1]
    home[option] = n_resources + charge  # the first charge wins
    unlimited = np.zeros(len(problem.charge_cost), dtype=np.int64)
    return home, weight, np.concatenate([capacity, unlimited]), bool(first.all())


def _most_used(row: Ints, group: Ints, amount: Floats, n_resources: int) -> Floats:
    """Return how much of each resource all groups together can take."""
    order = np.lexsort((group, row))
    row, group, amount = row[order], group[order], amount[order]
    first = np.flatnonzero(np.r_[True, (np.diff(row) != 0) | (np.diff(group) != 0)]) if len(row) else row
    most = np.maximum.reduceat(amount, first) if len(row) else amount
    return np.bincount(row[first], weights=most, minlength=n_resources).astype(np.float64)


def own_charges(problem: AllocationProblem, usable: Bools, home: Ints) -> Floats:
    """Return of each home the charges that all its options and no others carry.

    Parameters
    ----------
    problem
        The problem.
    usable
        (n_options,) bool: the options that take part.
    home
        (n_options,) the home of each; -1 = none.
    """
    n_homes = len(problem.capacity) + len(problem.charge_cost)
    size = np.bincount(home[usable & (home >= 0)], minlength=n_homes)
    own = np.zeros(n_homes)
    for charge in range(len(problem.charge_cost)):
        carriers = problem.charges.indices[problem.charges.indptr[charge] : problem.charges.indptr[charge + 1]]
        homes = np.unique(home[carriers[usable[carriers]]])
        if len(homes) == 1 and homes[0] >= 0 and size[homes[0]] == usable[carriers].sum():
            own[homes[0]] += problem.charge_cost[charge]
    return own
