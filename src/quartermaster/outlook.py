"""What a valid snapshot will mean for any plan: what its data tell, and which lanes no service serves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster import rating
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io.remarks import MAX_EXAMPLES, Remark, remarks_of
from quartermaster.policy import Policy

LANES_AT_ONCE = 200_000
"""Lanes rated together; bounds the memory."""


def outlook(snapshot: Snapshot, policy: Policy) -> tuple[Remark, ...]:
    """List what will keep orders from shipping under a policy, whatever the plan.

    Parameters
    ----------
    snapshot
        A checked snapshot.
    policy
        The policy.

    Returns
    -------
    tuple of Remark
        Those of the data alone, then those of the lanes (pairs of an order and an enabled node).

    Raises
    ------
    RatingError
        If the snapshot cannot be rated.
    """
    served, in_time = _served(snapshot, policy)
    n_orders, n_nodes = served.shape
    unserved_nodes = n_nodes - np.count_nonzero(served, axis=1)
    stranded = ~np.any(served, axis=1)
    late = ~stranded & ~np.any(in_time, axis=1)
    forbidden = policy.service.late == "forbid"
    fate = "the policy forbids that, so they will be backordered" if forbidden else "the policy prices that"
    ids = snapshot.orders["order_id"]
    forecast = 0 if policy.future.horizon_days else len(snapshot.forecast)
    made = [
        Remark("forecast_unused", forecast, "rows of forecast have no effect: future.horizon_days is 0", ()),
        Remark(
            "lanes_without_service",
            int(unserved_nodes.sum()),
            f"of {n_orders * n_nodes} have no service with a zone, a rate, a transit row and the level asked for",
            tuple((str(ids[at]),) for at in np.flatnonzero(unserved_nodes)[:MAX_EXAMPLES]),
        ),
        _of_orders("orders_without_service", "are served from nowhere and will be backordered", ids, stranded),
        _of_orders("orders_late_everywhere", f"cannot arrive by their promise; {fate}", ids, late),
    ]
    return (*remarks_of(snapshot), *(remark for remark in made if remark.count))


def _of_orders(name: str, detail: str, ids: NDArray[np.object_], which: NDArray[np.bool_]) -> Remark:
    found = np.flatnonzero(which)
    return Remark(name, len(found), detail, tuple((str(ids[at]),) for at in found[:MAX_EXAMPLES]))


def _served(snapshot: Snapshot, policy: Policy) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which lanes any service serves at all, and by the promise: (n_orders, n_enabled_nodes) each."""
    book = rating.rate_book(snapshot, policy)
    enabled = np.flatnonzero(snapshot.nodes["enabled"])
    n_orders = len(snapshot.orders)
    served = np.zeros((n_orders, len(enabled)), dtype=bool)
    in_time = np.zeros_like(served)
    step = max(1, LANES_AT_ONCE // max(1, len(enabled)))
    for first in range(0, n_orders, step):
        order = np.arange(first, min(first + step, n_orders))
        lanes = book.lanes(np.repeat(order, len(enabled)), np.tile(enabled, len(order)))
        offered = lanes.zone >= 0
        served[order] = np.any(offered, axis=1).reshape(len(order), -1)
        in_time[order] = np.any(offered & (lanes.late_days == 0), axis=1).reshape(len(order), -1)
    return served, in_time
