"""The integer program of an allocation problem, whole or of some options only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solver_models.allocation_problem import AllocationProblem
from solver_models.backend import LinearModel

Ints = NDArray[np.int64]


def linear_model(problem: AllocationProblem, options: Ints | None = None, *, tied: bool = True) -> LinearModel:
    """Write constraints (1), (2) and (4) as rows; variables are the options, then the charges.

    Where everything that takes of a resource carries one charge, (2) reads sum_j a_rj x_j <= capacity_r y_k: the same
    choices, a higher linear relaxation. Such capacities together must hold what the groups take of them at least;
    that row says nothing new, but whole numbers of open sites follow from it.

    Parameters
    ----------
    problem
        The problem.
    options
        (n_kept,) the options in the model; None = all.
    tied
        Whether capacities are tied to charges; False writes the constraints as they are stated.
    """
    kept = np.arange(len(problem.option_group)) if options is None else options
    usage, charges, group = problem.usage[:, kept], problem.charges[:, kept], problem.option_group[kept]
    n_options, n_charges, n_resources = len(kept), len(problem.charge_cost), len(problem.capacity)
    one_each = sparse.csr_array(
        (np.ones(n_options), (group, np.arange(n_options))), shape=(problem.n_groups, n_options)
    )
    carried = charges.tocoo()
    pair = carried.row * np.int64(problem.n_groups) + group[carried.col]
    links, row = np.unique(pair, return_inverse=True)
    link_options = sparse.csr_array((np.ones(len(row)), (row, carried.col)), shape=(len(links), n_options))
    link_charges = sparse.csr_array(
        (-np.ones(len(links)), (np.arange(len(links)), links // max(problem.n_groups, 1))),
        shape=(len(links), n_charges),
    )
    charged = _charge_of_resources(usage, charges) if tied else np.full(n_resources, -1, dtype=np.int64)
    opened = np.flatnonzero((charged >= 0) & (problem.capacity > 0))
    room = problem.capacity[opened]
    resource_charges = sparse.csr_array((-room, (opened, charged[opened])), shape=(n_resources, n_charges))
    together, least = _together(usage[opened], charged[opened], room, group, problem.n_groups, n_charges)
    matrix = sparse.block_array(
        [
            [one_each, sparse.csr_array((problem.n_groups, n_charges))],  # (1)
            [usage, resource_charges],  # (2)
            [link_options, link_charges],  # (4)
            [sparse.csr_array((1, n_options)), together],
        ],
        format="csr",
    )
    limit = problem.capacity.copy()
    limit[opened] = 0.0
    n_variables = n_options + n_charges
    return LinearModel(
        cost=np.concatenate([problem.option_cost[kept], problem.charge_cost]),
        lower=np.zeros(n_variables),
        upper=np.ones(n_variables),
        integer=np.ones(n_variables, dtype=bool),
        matrix=matrix,
        row_lower=np.concatenate([np.ones(problem.n_groups), np.full(n_resources + len(links), -np.inf), [least]]),
        row_upper=np.concatenate([np.ones(problem.n_groups), limit, np.zeros(len(links)), [np.inf]]),
    )


def _charge_of_resources(usage: sparse.csr_array, charges: sparse.csr_array) -> Ints:
    """Return of each resource a charge that all its options carry; -1 = none."""
    users = np.diff(usage.indptr)
    pattern = sparse.csr_array((np.ones(len(usage.data)), usage.indices, usage.indptr), shape=usage.shape)
    both = sparse.coo_array(pattern @ charges.T)
    full = both.data >= users[both.row]
    charged = np.full(usage.shape[0], -1, dtype=np.int64)
    charged[both.row[full][::-1]] = both.col[full][::-1]
    return charged


def _together(
    usage: sparse.csr_array, charged: Ints, room: NDArray[np.float64], group: Ints, n_groups: int, n_charges: int
) -> tuple[sparse.csr_array, float]:
    """Return the room that each charge opens, and what all groups take of it at least."""
    opens = np.bincount(charged, weights=room, minlength=n_charges)
    least = np.full(n_groups, np.inf)
    np.minimum.at(least, group, np.asarray(usage.sum(axis=0)).ravel())
    needed = float(least.sum())
    return sparse.csr_array(opens[None, :]), needed - 1e-9 * max(1.0, needed) if np.isfinite(needed) else -np.inf
