"""Good prices: raise the price of what is asked for too much, lower that of what is left over.

Subgradient ascent on L(lambda, mu) of `bound.py`; the step of each price is scaled by how far its demand has been off
of late, and follows the mean of the last slopes (Adam: Kingma and Ba 2015), while all steps shrink. Every point it
visits gives a valid bound; the best is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

import numpy as np
from numpy.typing import NDArray

from solver_models.bound import Prices, constant_of, priced_columns
from solver_models.pricing import Pricer
from solver_models.sourcing import SourcingArrays, exact_sum

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MEMORY, SCALE_MEMORY = 0.9, 0.99
"""How much of the past the mean slope and the mean square keep at each step."""
SMALLEST_SQUARE = 1e-3
"""Least mean square that a step is divided by the root of, in units^2."""
HALF_LIFE = 20
"""Steps after which the step size is half of the first."""
PATIENCE, WORTHWHILE = 12, 2e-5
"""The ascent ends after so many steps that together raised neither the best bound nor the last by this share: first
steps may fall far below a good start, and climb from there."""


class _Momentum:
    """Steps of one array of prices.

    Parameters
    ----------
    shape
        Shape of the array.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._slope, self._square = np.zeros(shape), np.zeros(shape)

    def moved(self, price: Floats, slope: Floats, step: float) -> Floats:
        """Return the prices after one step up a slope; never below 0."""
        slope = np.where((slope < 0) & (price <= 0), 0.0, slope)  # what is free already cannot become cheaper
        self._slope = MEMORY * self._slope + (1 - MEMORY) * slope
        self._square = SCALE_MEMORY * self._square + (1 - SCALE_MEMORY) * slope * slope
        moved: Floats = np.maximum(0.0, price + step * self._slope / np.sqrt(np.maximum(self._square, SMALLEST_SQUARE)))
        return moved


def ascend(
    arrays: SourcingArrays,
    pricer: Pricer,
    start: Prices,
    *,
    rounds: int,
    step: float,
    out_of_time: Callable[[], bool],
    target: int | None = None,
    weight: Floats | None = None,
    seen: Callable[[Ints, Ints, Ints], object] | None = None,
) -> tuple[Prices, int]:
    """Improve prices.

    Parameters
    ----------
    arrays, pricer
        The problem and its pricer.
    start
        Where to begin.
    rounds
        Most steps to take.
    step
        First step of each price, in cost units.
    out_of_time
        Asked before each step; True ends the ascent.
    target
        Stop once the bound reaches this (the cost of a known plan); None = never.
    weight
        (n_orders,) how often each order comes; None = once. Shares of opening costs must be none then, and the bound
        is a whole number below that of these weights. [w]
    seen
        Told, at each step, the columns of the cheapest options, what they cost each order, and the prices of resources.

    Returns
    -------
    prices, bound
        The best prices seen and their bound.
    """
    resource, share = start.resource.astype(np.float64), start.share.astype(np.float64)
    of_resource, of_share = _Momentum(resource.shape), _Momentum(share.shape)
    opened_at = np.full(arrays.n_nodes, -1, dtype=np.int64)
    opened_at[start.opening_node] = np.arange(len(start.opening_node))
    best, best_bound = start, -(1 << 62)
    bounds: list[tuple[int, int]] = []
    for number in range(rounds):
        prices = Prices(np.rint(resource).astype(np.int64), np.rint(share).astype(np.int64), start.opening_node)
        column_cost = priced_columns(arrays, prices)
        order_cost, chosen = pricer.options(column_cost)
        times = None if weight is None else weight[arrays.column_order[chosen]]
        total = exact_sum(order_cost) if weight is None else floor(order_cost @ weight)
        if seen is not None:
            seen(chosen, order_cost, prices.resource)
        bound = total + constant_of(arrays, prices)
        if bound > best_bound:
            best, best_bound = prices, bound
        bounds.append((bound, best_bound))
        if out_of_time() or (target is not None and best_bound >= target):
            break
        if number >= PATIENCE:
            rise = max(now - before for now, before in zip(bounds[-1], bounds[-1 - PATIENCE], strict=True))
            if rise < WORTHWHILE * abs(best_bound):
                break
        usage = arrays.usage[:, chosen]
        used_up = usage.sum(axis=1) if times is None else usage @ times
        excess = np.asarray(used_up, dtype=np.float64) - arrays.capacity
        if not len(start.opening_node) and not np.any(excess * (resource + (excess > 0))):
            break  # nothing is over-asked, nothing priced is left over: the prices are optimal
        now = step / (1 + number / HALF_LIFE)
        resource = of_resource.moved(resource, excess, now)
        if len(start.opening_node):
            index = opened_at[arrays.column_node[chosen]]
            used = np.zeros_like(share)
            used[arrays.column_order[chosen][index >= 0], index[index >= 0]] = 1.0
            opens = arrays.opening[start.opening_node] < prices.share.sum(axis=0)
            share = of_share.moved(share, used - opens[None, :], now)
    return best, best_bound
