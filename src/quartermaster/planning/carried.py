"""How many units of an order line one shipment can carry."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem

Ints = NDArray[np.int64]


def most_units(problem: PlanningProblem, lines: Ints, wanted: Ints, zone: NDArray[Any]) -> Ints:
    """Find how many of each line's units one shipment can carry, by bisection (more is heavier).

    Parameters
    ----------
    problem
        The problem.
    lines
        (n,) line indices.
    wanted
        (n,) units > 0; more than these are not asked for.
    zone
        (n, n_services) int, zone of each line's lane by each service; -1 = not offered.

    Returns
    -------
    ndarray, shape (n, n_services), int64
        0 to `wanted`.
    """
    book = problem.book
    zone = zone.astype(np.int64)
    service = np.arange(book.n_services)[None, :]
    home = book.residential[problem.line_order[lines]][:, None]
    sku = problem.line_sku[lines][:, None]
    wanted = np.broadcast_to(wanted[:, None], zone.shape)

    def carries(units: Ints) -> NDArray[np.bool_]:
        weight, volume = problem.weight_g[sku] * units, problem.volume_mm3[sku] * units
        return np.asarray(book.transport(service, zone, home, weight, volume).micro >= 0)

    low = np.where(carries(wanted), wanted, 0)
    high = wanted - (low == 0)  # the most that may still be possible
    while np.any(low < high):
        middle = (low + high + 1) // 2
        fine = carries(middle)
        low, high = np.where(fine, middle, low), np.where(fine, high, middle - 1)
    return low
