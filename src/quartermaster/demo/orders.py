"""Orders: where to, by when, and under which rules; and how many lines each has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from quartermaster.demo.columns import chosen, filled, numbered, tuples
from quartermaster.demo.published import destinations
from quartermaster.demo.size import Size
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.orders import Order
from quartermaster.domain.table import Table

AS_OF = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=-5)))
"""The demo's instant: the Monday before Thanksgiving, 10:00 in New York. Fixed, so that a demo repeats."""
_DAYS = np.arange(2, 9)
_STANDARD_DAYS = (0.02, 0.07, 0.18, 0.25, 0.18, 0.18, 0.12)
_EXPEDITED_DAYS = (0.35, 0.35, 0.20, 0.10, 0.0, 0.0, 0.0)
"""Shares of promises of 2 to 8 days, without and with an expedited order."""
_EXPEDITED = 0.10
_NO_PROMISE = 0.04
_SHIP_COMPLETE = 0.08
_PRIORITIES, _PRIORITY_SHARES = (0, 1, 2, 5), (0.88, 0.07, 0.04, 0.01)
_SHIPMENT_LIMITS, _LIMIT_SHARES = (NOT_GIVEN, 1, 2, 3), (0.84, 0.06, 0.08, 0.02)


def draw_orders(size: Size) -> Table[Order]:
    """Draw orders whose destinations follow the residents of the United States.

    Parameters
    ----------
    size
        How many, and the seed.
    """
    rng, n = size.stream("orders"), size.orders
    expedited = rng.random(n) < _EXPEDITED
    days = np.where(expedited, rng.choice(_DAYS, n, p=_EXPEDITED_DAYS), rng.choice(_DAYS, n, p=_STANDARD_DAYS))
    promise = np.datetime64(AS_OF.date(), "D") + days.astype("timedelta64[D]")
    promise[rng.random(n) < _NO_PROMISE] = np.datetime64("NaT")

    level = np.where(rng.random(n) < 0.08, "standard", "").astype(object)
    # Half of the expedited orders name the product they paid for; the others are content with any that keeps the date.
    level[expedited & (rng.random(n) < 0.5)] = "expedited"
    waited = rng.integers(1, 60 * 60, n).astype("timedelta64[m]")
    gift = np.flatnonzero(rng.random(n) < 0.06)
    return filled(
        Order,
        n,
        order_id=numbered("O", n, 5),
        postal_code=rng.choice(destinations(), n),
        ordered_at=np.datetime64(AS_OF.astimezone(UTC).replace(tzinfo=None), "us") - waited,
        promise_date=promise,
        residential=rng.random(n) < 0.88,
        service_level=level,
        ship_complete=rng.random(n) < _SHIP_COMPLETE,
        max_shipments=rng.choice(_SHIPMENT_LIMITS, n, p=_LIMIT_SHARES),
        priority=rng.choice(_PRIORITIES, n, p=_PRIORITY_SHARES),
        channel=chosen(rng, ("web", "app", "marketplace", "phone"), (0.5, 0.3, 0.17, 0.03), n),
        labels=tuples(n, {int(row): ("gift",) for row in gift}),
    )


def draw_baskets(size: Size) -> NDArray[np.int64]:
    """Draw how many lines each order has: 1 to 8, mostly 1 or 2.

    Parameters
    ----------
    size
        How many, and the seed.

    Returns
    -------
    ndarray, shape (n_orders,)
        Lines of each order.
    """
    shares = (0.56, 0.22, 0.105, 0.055, 0.03, 0.015, 0.01, 0.005)
    return size.stream("lines").choice(np.arange(1, 9), size.orders, p=shares)
