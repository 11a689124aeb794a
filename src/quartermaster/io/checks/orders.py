"""Orders: they have lines, their times make sense, their sums fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Findings

MAX_SUM = 2**53
"""Largest sum of quantities, in units: whole numbers up to here are exact in every program."""
MAX_ORDER_WEIGHT_G = 10**15
"""Heaviest order, in grams."""
MAX_ORDER_VOLUME_MM3 = 10**15
"""Bulkiest order, in cubic millimetres (a million cubic metres)."""

_MINUTE = np.timedelta64(60_000_000, "us")
SKEW = 5 * _MINUTE
"""How far ahead of as_of an order may have been made: clocks differ."""
_HOUR = 60 * _MINUTE


def check_orders(draft: Draft, findings: Findings) -> None:
    """Check orders and their lines.

    Parameters
    ----------
    draft
        The draft, places resolved.
    findings
        Where findings go.
    """
    orders, lines = draft.tables["orders"], draft.tables["order_lines"]
    owner = draft.rows("orders", "order_id", "order_lines", "order_id")
    with_lines = {*lines["order_id"].tolist(), ""}
    lacking = [row for row, order_id in enumerate(orders["order_id"].tolist()) if order_id not in with_lines]
    for row in lacking if "order_lines" not in findings.broken() else ():
        order_id = orders["order_id"][row]
        findings.problem("no_lines", "the order has no lines", "orders", draft.at("orders", row), "order_id", order_id)
    _check_times(draft, findings)
    _check_sizes(draft, findings, owner)


def _check_times(draft: Draft, findings: Findings) -> None:
    orders = draft.tables["orders"]
    ordered, promise = orders["ordered_at"], orders["promise_date"]
    if draft.as_of is not None:
        as_of = np.datetime64(draft.as_of.replace(tzinfo=None), "us")
        for row in np.flatnonzero(ordered > as_of + SKEW):
            detail = f"must not be later than as_of, {draft.as_of.isoformat()}"
            findings.problem("time_future", detail, "orders", draft.at("orders", row), "ordered_at", f"{ordered[row]}Z")
    earliest = (ordered - behind_utc(orders["lon"])).astype("datetime64[D]")
    for row in np.flatnonzero(promise < earliest):
        detail = f"is before the order, ordered_at {ordered[row]}Z"
        findings.problem("time_order", detail, "orders", draft.at("orders", row), "promise_date", promise[row])


def behind_utc(lon: NDArray[Any]) -> NDArray[Any]:
    """Bound how far local time may be behind UTC: solar time less three hours, 12 hours where the place is unknown.

    The calendar date of an order is the customer's, whose zone is not given; only a promise that is before the
    order in every possible zone is a contradiction.

    Parameters
    ----------
    lon
        (n,) degrees; NaN where the place is unknown.

    Returns
    -------
    ndarray of timedelta64, shape (n,)
        Whole hours.
    """
    hours = np.where(np.isnan(lon), 12.0, np.minimum(12.0, 3.0 - lon / 15.0))
    return np.ceil(hours).astype(np.int64) * _HOUR


def _check_sizes(draft: Draft, findings: Findings, owner: NDArray[Any]) -> None:
    orders, lines, products = draft.tables["orders"], draft.tables["order_lines"], draft.tables["products"]
    quantity = lines["quantity"]
    if int(quantity.sum()) > MAX_SUM:
        findings.problem("qty_too_large", f"the sum of all quantities is over {MAX_SUM}", "order_lines")
    sku = draft.rows("products", "sku", "order_lines", "sku")
    fits = (owner >= 0) & (sku >= 0)
    if not fits.any():
        return
    sides = [np.maximum(products[side], 0).astype(np.float64) for side in ("length_mm", "width_mm", "height_mm")]
    volume = sides[0] * sides[1] * sides[2]
    for name, size, most in (
        ("weight in grams", products["weight_g"].astype(np.float64), MAX_ORDER_WEIGHT_G),
        ("volume in cubic millimetres", volume, MAX_ORDER_VOLUME_MM3),
    ):
        total = np.bincount(owner[fits], quantity[fits] * size[sku[fits]], minlength=len(orders))
        for row in np.flatnonzero(total > most):
            findings.problem(
                "order_too_large",
                f"the {name} of the whole order must be at most {most}",
                "orders",
                draft.at("orders", row),
                "order_id",
                orders["order_id"][row],
            )
