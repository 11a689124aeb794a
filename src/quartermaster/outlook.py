"""What a valid snapshot will mean for any plan, before one is made: what cannot ship, and what will be short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster import rating
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

LANES_AT_ONCE = 200_000
"""Lanes rated together; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the outlook.

    Parameters
    ----------
    name
        Stable name.
    value
        The figure, a count.
    meaning
        What it means for a plan.
    """

    name: str
    value: int
    meaning: str


def outlook(snapshot: Snapshot, policy: Policy) -> list[Fact]:
    """Count what will keep orders from shipping under a policy, whatever the plan.

    Parameters
    ----------
    snapshot
        A checked snapshot.
    policy
        The policy.

    Returns
    -------
    list of Fact
        In a fixed order.

    Raises
    ------
    RatingError
        If the snapshot cannot be rated.
    """
    orders, nodes, lines = snapshot.orders, snapshot.nodes, snapshot.order_lines
    enabled = np.flatnonzero(nodes["enabled"])
    units = int(lines["quantity"].sum())
    return [
        Fact("orders", len(orders), "to plan"),
        Fact("units", units, "ordered"),
        *_stock_facts(snapshot),
        *_capacity_facts(snapshot, enabled, units),
        Fact("orders_without_a_place", _unplaced(orders["lat"]), "far from every node; check their postal codes"),
        Fact("nodes_without_a_place", _unplaced(nodes["lat"]), "far from every order, so always last"),
        *_lane_facts(snapshot, policy, enabled),
    ]


def _unplaced(latitude: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.isnan(latitude)))


def _stock_facts(snapshot: Snapshot) -> list[Fact]:
    """Compare what is ordered of each SKU with what enabled nodes have available."""
    stock, lines = snapshot.inventory, snapshot.order_lines
    enabled = set(snapshot.nodes["node_id"][snapshot.nodes["enabled"]].tolist())
    at_enabled = np.fromiter((node in enabled for node in stock["node_id"]), dtype=bool, count=len(stock))
    available = np.maximum(stock["on_hand"] - stock["safety_stock"] - stock["reserved"], 0) * at_enabled
    skus, ordered_at = np.unique(lines["sku"].astype(str), return_inverse=True)
    ordered = np.bincount(ordered_at, weights=lines["quantity"], minlength=len(skus)).astype(np.int64)
    position = {sku: at for at, sku in enumerate(skus.tolist())}
    held = np.fromiter((position.get(sku, -1) for sku in stock["sku"]), dtype=np.int64, count=len(stock))
    supply = np.bincount(held[held >= 0], weights=available[held >= 0], minlength=len(skus)).astype(np.int64)
    short = np.maximum(ordered - supply, 0)
    return [
        Fact("short_skus", int(np.count_nonzero(short)), "ordered in more units than all enabled nodes have available"),
        Fact("short_units", int(short.sum()), "will be backordered in every plan, for want of stock"),
    ]


def _capacity_facts(snapshot: Snapshot, enabled: NDArray[np.intp], units: int) -> list[Fact]:
    shipments, capacity = (snapshot.nodes[name][enabled] for name in ("max_shipments", "max_units"))
    closed = len(snapshot.nodes) - len(enabled)
    facts = [
        Fact("disabled_nodes", closed, "ship nothing in this plan"),
        Fact("full_nodes", int(np.count_nonzero((shipments == 0) | (capacity == 0))), "enabled, with no capacity left"),
    ]
    if not np.any(capacity == NOT_GIVEN):
        beyond = max(0, units - int(capacity.sum()))
        facts.append(Fact("units_beyond_capacity", beyond, "will be backordered in every plan, for want of capacity"))
    return facts


def _lane_facts(snapshot: Snapshot, policy: Policy, enabled: NDArray[np.intp]) -> list[Fact]:
    """Count lanes (order and enabled node) that no service serves, and orders that no lane serves."""
    book = rating.rate_book(snapshot, policy)
    n_orders, unserved, stranded, late = len(snapshot.orders), 0, 0, 0
    step = max(1, LANES_AT_ONCE // max(1, len(enabled)))
    for first in range(0, n_orders, step):
        order = np.arange(first, min(first + step, n_orders))
        lanes = book.lanes(np.repeat(order, len(enabled)), np.tile(enabled, len(order)))
        shape = (len(order), len(enabled))
        offered = np.any(lanes.zone >= 0, axis=1).reshape(shape)
        in_time = np.any((lanes.zone >= 0) & (lanes.late_days == 0), axis=1).reshape(shape)
        unserved += int(np.count_nonzero(~offered))
        stranded += int(np.count_nonzero(~np.any(offered, axis=1)))
        late += int(np.count_nonzero(np.any(offered, axis=1) & ~np.any(in_time, axis=1)))
    outcome = "will be backordered (late is forbidden)" if policy.service.late == "forbid" else "will ship late"
    return [
        Fact("lanes", n_orders * len(enabled), "pairs of an order and an enabled node"),
        Fact("lanes_without_a_service", unserved, "no service has a zone, a rate, a transit row and the level there"),
        Fact("orders_without_a_service", stranded, "no service serves them from anywhere; they will be backordered"),
        Fact("orders_late_everywhere", late, f"no node can keep their promise; they {outcome}"),
    ]
