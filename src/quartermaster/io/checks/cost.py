"""The worst cost of an order fits the integers that costs are held in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Findings

MAX_ORDER_MICRO = 10**15
"""Largest cost of one order, in micro (interface.md section 1)."""


def check_worst_cost(draft: Draft, findings: Findings) -> None:
    """Refuse orders whose cost could pass 10^15 micro by what the snapshot itself says.

    Counted are backordering every line at its own `backorder_cost`, and handling and carrying every unit at the
    dearest node and service, in as many shipments as there are units, nodes and services for. What the policy adds is
    not known here.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    orders, lines = draft.tables["orders"], draft.tables["order_lines"]
    owner = draft.rows("orders", "order_id", "order_lines", "order_id")
    product = draft.rows("products", "sku", "order_lines", "sku")
    known = (owner >= 0) & (product >= 0)
    if not known.any():
        return

    def by_order(per_line: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(owner[known], per_line[known], minlength=len(orders)).astype(np.float64)

    quantity = lines["quantity"].astype(np.float64)
    units = by_order(quantity)
    short = by_order(np.where(lines["backorder_cost"] == NOT_GIVEN, 0, lines["backorder_cost"]) * quantity)
    weight = by_order(draft.tables["products"]["weight_g"][product] * quantity)
    volume = by_order(_volume(draft)[product] * quantity)
    nodes = draft.tables["nodes"]
    shipments = np.minimum(units, max(len(nodes), 1) * max(len(draft.tables["services"]), 1))
    handling = shipments * _largest(nodes["cost_per_shipment"]) + units * _largest(nodes["cost_per_unit"])
    worst = short * (1.0 + orders["priority"]) + handling + _transport(draft, shipments, weight, volume)
    for row in np.flatnonzero(worst > MAX_ORDER_MICRO):
        findings.problem(
            "cost_range",
            "its worst cost (backorder, handling and transport) would pass 10^15 micro",
            "orders",
            draft.at("orders", row),
            "order_id",
            orders["order_id"][row],
        )


def _largest(column: NDArray[Any]) -> float:
    return float(column.max()) if len(column) else 0.0


def _volume(draft: Draft) -> NDArray[np.float64]:
    """Volume of one unit of each SKU, in cubic millimetres; 0 where a side is not given."""
    products = draft.tables["products"]
    sides = [np.maximum(products[side], 0).astype(np.float64) for side in ("length_mm", "width_mm", "height_mm")]
    return np.asarray(sides[0] * sides[1] * sides[2])


def _transport(
    draft: Draft, shipments: NDArray[np.float64], weight: NDArray[np.float64], volume: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bound the transport of each order, in micro: its parcels at the dearest price of the dearest service.

    A shipment has one parcel more than its billable weight fills, and never more than `max_parcels`.
    """
    services, rates = draft.tables["services"], draft.tables["rates"]
    last_break: dict[tuple[str, str, str], int] = {}
    dearest: dict[tuple[str, str], int] = {}
    columns = ("carrier", "service", "zone", "max_weight_g", "price")
    for carrier, service, zone, grams, price in zip(*(rates[name].tolist() for name in columns), strict=True):
        last_break[carrier, service, zone] = max(last_break.get((carrier, service, zone), 1), grams)
        dearest[carrier, service] = max(dearest.get((carrier, service), 0), price)
    worst = np.zeros_like(shipments)
    for service in services:
        key = (service.carrier, service.service)
        breaks = [grams for at, grams in last_break.items() if at[:2] == key]
        if not breaks:
            continue
        divisor = service.dim_divisor_cm3_per_kg
        billable = weight if divisor is None else np.maximum(weight, volume / float(divisor))
        parcels = np.minimum(shipments + billable / min(breaks), shipments * service.max_parcels)
        surcharge = float(service.residential_surcharge) * 10**6
        parcel = (dearest[key] + surcharge) * (1.0 + float(service.fuel_surcharge))
        worst = np.maximum(worst, parcels * parcel)
    return worst
