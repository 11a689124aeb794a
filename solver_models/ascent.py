"""Good prices: raise the price of what is asked for too much, lower that of what is left over.

Subgradient ascent on L(lambda, mu) of `bound.py` with AdaGrad step sizes (Duchi, Hazan and Singer 2011). Every point it
visits gives a valid bound; the best is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from solver_models.bound import Prices, constant_of, priced_columns
from solver_models.pricing import Pricer
from solver_models.sourcing import SourcingArrays

Ints = NDArray[np.int64]


def ascend(
    arrays: SourcingArrays,
    pricer: Pricer,
    start: Prices,
    *,
    rounds: int,
    step: float,
    out_of_time: Callable[[], bool],
    target: int | None = None,
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

    Returns
    -------
    prices, bound
        The best prices seen and their bound.
    """
    resource = start.resource.astype(np.float64)
    share = start.share.astype(np.float64)
    resource_sum, share_sum = np.zeros_like(resource), np.zeros_like(share)
    opened_at = np.full(arrays.n_nodes, -1, dtype=np.int64)
    opened_at[start.opening_node] = np.arange(len(start.opening_node))
    best, best_bound = start, -(1 << 62)
    for _ in range(rounds):
        prices = Prices(np.rint(resource).astype(np.int64), np.rint(share).astype(np.int64), start.opening_node)
        total, chosen = pricer.options(priced_columns(arrays, prices))
        bound = total + constant_of(arrays, prices)
        if bound > best_bound:
            best, best_bound = prices, bound
        if out_of_time() or (target is not None and best_bound >= target):
            break
        excess = np.asarray(arrays.usage[:, chosen].sum(axis=1), dtype=np.float64) - arrays.capacity
        if not len(start.opening_node) and not np.any(excess * (resource + (excess > 0))):
            break  # nothing is over-asked, nothing priced is left over: the prices are optimal
        resource_sum += excess * excess
        resource = np.maximum(0.0, resource + step * excess / np.sqrt(np.maximum(resource_sum, 1e-9)))
        if len(start.opening_node):
            index = opened_at[arrays.column_node[chosen]]
            used = np.zeros_like(share)
            used[arrays.column_order[chosen][index >= 0], index[index >= 0]] = 1.0
            opens = arrays.opening[start.opening_node] < prices.share.sum(axis=0)
            slope = used - opens[None, :]
            share_sum += slope * slope
            share = np.maximum(0.0, share + step * slope / np.sqrt(np.maximum(share_sum, 1e-9)))
    return best, best_bound
