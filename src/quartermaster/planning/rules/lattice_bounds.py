"""Least costs over a lattice of quantity vectors when every vector may leave from anywhere: lower bounds of options."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from solver_models.lattice import lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Slices = tuple[slice, ...]

MAX_PAIRS = 60_000
"""Lattices with more pairs of vectors are not listed pair by pair, but swept."""


def least_served(quantities: tuple[int, ...], block: Ints) -> Ints:
    """Return the least cost of serving exactly a vector in any number of blocks.

    Parameters
    ----------
    quantities
        The lattice.
    block
        (R, V) cost of serving a vector at once; `INFEASIBLE` for the zero vector.

    Returns
    -------
    ndarray, shape (R, V), int64
        0 for the zero vector.
    """
    served = np.full_like(block, INFEASIBLE)
    served[:, 0] = 0
    if pair_count(quantities) <= MAX_PAIRS:
        for whole, part, rest, start in lattice_of(quantities).levels:
            sums = np.minimum.reduceat(block[:, part] + served[:, rest], start, axis=1)
            served[:, whole] = np.minimum(sums, INFEASIBLE)
        return served
    shape = tuple(quantity + 1 for quantity in quantities)
    for row in range(len(block)):
        grid, blocks = served[row].reshape(shape), block[row].reshape(shape)
        for vector in lattice_of(quantities).vectors.tolist():
            cost = int(grid[tuple(vector)])
            if cost < INFEASIBLE:
                above, below = window(shape, tuple(vector))
                np.minimum(grid[above], blocks[below] + cost, out=grid[above])
        np.minimum(grid, INFEASIBLE, out=grid)
    return served


def least_finish(quantities: tuple[int, ...], served: Ints, end: Ints) -> Ints:
    """Return the least cost of going on to any end when exactly a vector is served already.

    Parameters
    ----------
    quantities
        The lattice.
    served
        (R, V) from `least_served`.
    end
        (R, V) cost of ending with exactly a vector served.

    Returns
    -------
    ndarray, shape (R, V), int64
    """
    if pair_count(quantities) <= MAX_PAIRS:
        # a vector and one above it are, seen from the full vector, a whole and a part of it
        part, start = lattice_of(quantities).parts
        whole = np.repeat(np.arange(len(start) - 1), np.diff(start))
        sums = served[:, whole - part] + end[:, len(start) - 2 - part]
        finish = np.minimum.reduceat(sums, start[:-1], axis=1)[:, ::-1]
        return np.minimum(finish, INFEASIBLE)
    shape = tuple(quantity + 1 for quantity in quantities)
    finish = np.empty_like(served)
    for row in range(len(served)):
        more, ends = served[row].reshape(shape), end[row].reshape(shape)
        for at, vector in enumerate(lattice_of(quantities).vectors.tolist()):
            above, below = window(shape, tuple(vector))
            finish[row, at] = (more[below] + ends[above]).min()
    return np.minimum(finish, INFEASIBLE)


def least_in_two(quantities: tuple[int, ...], block: Ints) -> Ints:
    """Return the least cost of serving exactly a vector in two blocks.

    Parameters
    ----------
    quantities
        The lattice; of at most `MAX_PAIRS` pairs.
    block
        (R, V) as in `least_served`.

    Returns
    -------
    ndarray, shape (R, V), int64
        `INFEASIBLE` or more where it cannot be.
    """
    least = np.full_like(block, INFEASIBLE)
    for whole, part, rest, start in lattice_of(quantities).levels:
        least[:, whole] = np.minimum.reduceat(block[:, part] + block[:, rest], start, axis=1)
    return least


@lru_cache(maxsize=1 << 15)
def window(shape: tuple[int, ...], vector: tuple[int, ...]) -> tuple[Slices, Slices]:
    """Index the vectors that contain a vector, and those same vectors less that vector.

    Parameters
    ----------
    shape
        Quantities + 1.
    vector
        The vector.
    """
    above = tuple(slice(units, None) for units in vector)
    return above, tuple(slice(0, size - units) for size, units in zip(shape, vector, strict=True))
