"""The allocation problem and its solution: what is decided, checked once, costed exactly. Solved by `allocation`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse


class Termination(StrEnum):
    """Why a solve ended."""

    OPTIMAL = "optimal"
    """A choice is proven to be within the gap asked for."""
    FEASIBLE = "feasible"
    """A checked choice, its gap larger than asked for."""
    INFEASIBLE = "infeasible"
    """No feasible choice exists, as the search proved, or as a solver claimed and no other disproved."""
    NO_SOLUTION = "no_solution"
    """None found, none excluded."""


Matrix = ArrayLike | sparse.sparray | sparse.spmatrix
"""A sparse or dense matrix."""


@dataclass(frozen=True, eq=False)
class AllocationProblem:
    """An allocation problem on arrays of its own, checked once and never changed.

    Parameters
    ----------
    option_group
        (n_options,) int: which group an option belongs to; groups are 0 … n_groups - 1, none empty.
    option_cost
        (n_options,) float or int, finite.
    usage
        (n_resources, n_options) sparse or dense, >= 0: what an option takes of each resource.
    capacity
        (n_resources,) float or int.
    charge_cost
        (n_charges,) paid once if any option that carries the charge is chosen; None = no charges.
    charges
        (n_charges, n_options) sparse or dense, 0/1.

    Raises
    ------
    ValueError
        If shapes differ, a number is not finite, a usage or charge cost is negative, a charge is neither 0 nor 1, or a
        group is empty.
    """

    option_group: NDArray[np.int64]
    option_cost: NDArray[np.float64]
    usage: sparse.csr_array
    capacity: NDArray[np.float64]
    charge_cost: NDArray[np.float64]
    charges: sparse.csr_array

    def __init__(
        self,
        option_group: ArrayLike,
        option_cost: ArrayLike,
        usage: Matrix,
        capacity: ArrayLike,
        charge_cost: ArrayLike | None = None,
        charges: Matrix | None = None,
    ) -> None:
        group = np.asarray(option_group)
        if group.ndim != 1 or (len(group) and group.dtype.kind not in "iu"):
            raise ValueError("option_group must be one array of whole numbers")
        costs = np.array([] if charge_cost is None else charge_cost, dtype=np.float64)
        settled: dict[str, Any] = {
            "option_group": group.astype(np.int64),
            "option_cost": np.array(option_cost, dtype=np.float64),
            "usage": _matrix(usage),
            "capacity": np.array(capacity, dtype=np.float64),
            "charge_cost": costs,
            "charges": _matrix(sparse.csr_array((len(costs), len(group))) if charges is None else charges),
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)
            (value.data if isinstance(value, sparse.csr_array) else value).flags.writeable = False
        self._check()

    def _check(self) -> None:
        n_options = len(self.option_group)
        if self.capacity.ndim != 1 or self.charge_cost.ndim != 1:
            raise ValueError("capacity and charge_cost must each be one array")
        if self.option_cost.shape != (n_options,):
            raise ValueError(f"option_cost must have {n_options} entries")
        if self.usage.shape != (len(self.capacity), n_options):
            raise ValueError(f"usage must be {len(self.capacity)} x {n_options}, not {self.usage.shape}")
        if self.charges.shape != (len(self.charge_cost), n_options):
            raise ValueError(f"charges must be {len(self.charge_cost)} x {n_options}, not {self.charges.shape}")
        finite = (self.option_cost, self.usage.data, self.capacity, self.charge_cost, self.charges.data)
        if not all(np.all(np.isfinite(array)) for array in finite):
            raise ValueError("costs, usage, capacity and charges must be finite")
        if np.any(self.usage.data < 0) or np.any(self.charge_cost < 0):
            raise ValueError("usage and charge_cost must be >= 0")
        if np.any((self.charges.data != 0) & (self.charges.data != 1)):
            raise ValueError("charges must be 0 or 1")
        named = np.unique(self.option_group)
        if not np.array_equal(named, np.arange(len(named))):
            raise ValueError("groups must be 0 … n_groups - 1, none empty")

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.option_group.max()) + 1 if len(self.option_group) else 0

    def cost_of(self, chosen: NDArray[np.int64]) -> float:
        """Return the exact cost of a choice, or infinity if it breaks a rule.

        Parameters
        ----------
        chosen
            (n_groups,) the option chosen for each group.
        """
        if np.any((chosen < 0) | (chosen >= len(self.option_group))):
            return float("inf")
        if not np.array_equal(self.option_group[chosen], np.arange(self.n_groups)):
            return float("inf")
        used = self.usage[:, chosen].sum(axis=1)
        if np.any(used > self.capacity + 1e-9 * np.maximum(1.0, np.abs(self.capacity))):
            return float("inf")
        paid = self.charges[:, chosen].sum(axis=1) > 0
        return float(self.option_cost[chosen].sum() + self.charge_cost[paid].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What `solve` found.

    Parameters
    ----------
    chosen
        (n_groups,) the option chosen for each group; None when there is none.
    objective
        Its cost, recomputed from the problem; None when there is none.
    bound
        Lower bound, the solver's claim; -inf when there is none.
    gap
        (objective - bound) / max(|objective|, 1e-9); None without an objective; never negative.
    termination
        Why it ended.
    """

    chosen: NDArray[np.int64] | None
    objective: float | None
    bound: float
    gap: float | None
    termination: Termination


def _matrix(value: Any) -> sparse.csr_array:
    """Copy a matrix: one entry a cell, none of them zero, so that what is stored is what is taken."""
    matrix: sparse.csr_array = sparse.csr_array(value, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix
