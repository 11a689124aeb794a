"""Exact amounts on whole arrays: integers times a rational, rounded half-up once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.money import round_half_up
from quartermaster.errors import RatingError

SAFE = 2**62
"""Bound of every intermediate of the int64 path: half of int64, so that one sum of two cannot overflow."""
SMALL = 2**30
"""Bound of a denominator whose square is far from overflowing; a rate of 12 decimals per metre needs 10^9."""
_INT64_MAX = 2**63 - 1


def highest(values: NDArray[np.int64]) -> int:
    """Return the largest magnitude in an array as a Python int; 0 for an empty one.

    Parameters
    ----------
    values
        Any shape, int64.
    """
    return max(int(values.max()), -int(values.min())) if values.size else 0


def scaled(values: NDArray[np.int64], factor: Fraction) -> NDArray[np.int64]:
    """Multiply integers by an exact rational and round each product half-up.

    Parameters
    ----------
    values
        Any shape, int64.
    factor
        Exact rational, such as micro per metre.

    Returns
    -------
    ndarray of int64, shape of `values`
        ``round_half_up(value * factor)`` of each; equal to it on every path.

    Raises
    ------
    RatingError
        If a product is not within int64.
    """
    values = np.asarray(values, dtype=np.int64)
    up, down = factor.numerator, factor.denominator
    top = highest(values)
    if up == 0 or top == 0:
        return np.zeros(values.shape, dtype=np.int64)
    if down == 1 and top * abs(up) < SAFE:
        return np.asarray(values * up, dtype=np.int64)
    if 2 * top * abs(up) + down < SAFE:
        return np.asarray((values * (2 * up) + down) // (2 * down), dtype=np.int64)
    # value = quotient · down + rest and up = whole · down + part, so that only rest · part / down is not whole.
    whole, part = divmod(up, down)
    if down < SMALL and top * (abs(whole) + 1) < SAFE:
        quotient = values // down
        rest = values - quotient * down
        return np.asarray(values * whole + quotient * part + (rest * (2 * part) + down) // (2 * down), dtype=np.int64)
    return _scaled_exactly(values, factor)


def _scaled_exactly(values: NDArray[np.int64], factor: Fraction) -> NDArray[np.int64]:
    """Do it in Python ints, once per distinct value: the path for absurd sizes, slow but never wrong."""
    distinct, where = np.unique(values, return_inverse=True)
    products = [round_half_up(int(value) * factor) for value in distinct]
    if any(abs(product) > _INT64_MAX for product in products):
        raise RatingError(f"an amount of {max(map(abs, products))} is beyond 64 bits; check prices and quantities")
    return np.array(products, dtype=np.int64)[where].reshape(values.shape)


def times(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Multiply two integer arrays, refusing to overflow.

    Parameters
    ----------
    left, right
        int64, of shapes that broadcast together.

    Raises
    ------
    RatingError
        If a product might not be within int64.
    """
    if highest(left) * highest(right) >= SAFE:
        raise RatingError(f"{highest(left)} times {highest(right)} is beyond 64 bits; check prices and quantities")
    return np.asarray(left * right, dtype=np.int64)
