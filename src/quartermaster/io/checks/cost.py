"""The worst cost of an order fits the integers that costs are held in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.io.checks.draft import Draft, rows_of
from quartermaster.io.findings import Findings

MAX_ORDER_MICRO = 10**15
"""Largest cost of one order, in micro (interface.md section 1)."""


def check_worst_cost(draft: Draft, findings: Findings) -> None:
    """Refuse orders whose cost could pass 10^15 micro by what the snapshot itself says.

    Counted are the larger of backordering everything (lines with their own `backorder_cost`) and shipping
    everything: handling and parcels at the dearest node and service. What the policy adds is not known here.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    orders, lines = draft.tables["orders"], draft.tables["order_lines"]
    owner = rows_of(draft.index("orders", "order_id"), lines["order_id"])
    known = owner >= 0
    if not known.any():
        return
    units = np.bincount(owner[known], lines["quantity"][known], minlength=len(orders))
    per_unit = np.where(lines["backorder_cost"] == NOT_GIVEN, 0, lines["backorder_cost"]).astype(np.float64)
    short = np.bincount(owner[known], (per_unit * lines["quantity"])[known], minlength=len(orders))
    nodes = draft.tables["nodes"]
    n_places = max(len(nodes), 1) * max(len(draft.tables["services"]), 1)
    shipments = np.minimum(units, n_places)
    handling = shipments * _largest(nodes["cost_per_shipment"]) + units * _largest(nodes["cost_per_unit"])
    worst = short * (1.0 + orders["priority"]) + handling + shipments * _dearest_parcel(draft)
    for row in np.flatnonzero(worst > MAX_ORDER_MICRO):
        findings.problem(
            "cost_range",
            "its worst cost (backorder, handling and one parcel a shipment) would pass 10^15 micro",
            "orders",
            draft.at("orders", row),
            "order_id",
            orders["order_id"][row],
        )


def _largest(column: NDArray[Any]) -> float:
    return float(column.max()) if len(column) else 0.0


def _dearest_parcel(draft: Draft) -> float:
    """Price of the dearest parcel of any service with both surcharges, in micro."""
    services = draft.tables["services"]
    fuel = max((float(share) for share in services["fuel_surcharge"].tolist()), default=0.0)
    parcel = _largest(draft.tables["rates"]["price"]) + _largest(services["residential_surcharge"])
    return parcel * (1.0 + fuel)
