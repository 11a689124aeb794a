"""Every feature of a snapshot stands somewhere in the default demo, so that the demo exercises all of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from quartermaster.demo import demo_snapshot
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.snapshot import Snapshot


@pytest.fixture(scope="module")
def day() -> Snapshot:
    return demo_snapshot()


def _given(column: np.ndarray) -> np.ndarray:
    return np.array([bool(len(cell)) for cell in column])


_SHARES: dict[str, tuple[Callable[[Snapshot], np.ndarray], float, float]] = {
    "ship_complete": (lambda s: s.orders["ship_complete"], 0.05, 0.12),
    "priority": (lambda s: s.orders["priority"] > 0, 0.07, 0.18),
    "service_level": (lambda s: s.orders["service_level"] != "", 0.06, 0.2),
    "max_shipments": (lambda s: s.orders["max_shipments"] != NOT_GIVEN, 0.1, 0.22),
    "no_promise": (lambda s: np.isnat(s.orders["promise_date"]), 0.02, 0.07),
    "business_address": (lambda s: ~s.orders["residential"], 0.07, 0.18),
    "order_labels": (lambda s: _given(s.orders["labels"]), 0.03, 0.1),
    "line_complete": (lambda s: s.order_lines["line_complete"], 0.02, 0.08),
    "pinned_node": (lambda s: s.order_lines["pinned_node"] != "", 0.0005, 0.01),
    "allowed_nodes": (lambda s: _given(s.order_lines["allowed_nodes"]), 0.003, 0.02),
    "excluded_nodes": (lambda s: _given(s.order_lines["excluded_nodes"]), 0.005, 0.03),
    "backorder_cost": (lambda s: s.order_lines["backorder_cost"] != NOT_GIVEN, 0.03, 0.08),
    "no_size": (lambda s: s.products["length_mm"] == NOT_GIVEN, 0.005, 0.07),
    "safety_stock": (lambda s: s.inventory["safety_stock"] > 0, 0.2, 0.8),
    "reserved": (lambda s: s.inventory["reserved"] > 0, 0.1, 0.5),
    "opening_cost": (lambda s: s.nodes["opening_cost"] > 0, 0.1, 0.5),
    "max_units": (lambda s: s.nodes["max_units"] != NOT_GIVEN, 0.25, 0.75),
    "disabled_node": (lambda s: ~s.nodes["enabled"], 0.02, 0.03),
    "service_at_some_nodes": (lambda s: _given(s.services["nodes"]), 0.25, 0.25),
    "zone_by_prefix": (lambda s: s.zones["origin_prefix"] != "", 0.5, 0.95),
}


@pytest.mark.parametrize("feature", _SHARES)
def test_feature_is_there_in_a_sensible_share(day: Snapshot, feature: str) -> None:
    rows, least, most = _SHARES[feature]
    assert least <= rows(day).mean() <= most


def test_promises_run_from_two_to_eight_days(day: Snapshot) -> None:
    promise = day.orders["promise_date"]
    days = (promise[~np.isnat(promise)] - np.datetime64("2026-11-23")).astype(int)
    assert sorted(set(days)) == list(range(2, 9))


def test_kinds_zones_of_time_and_ship_days_vary(day: Snapshot) -> None:
    assert set(day.nodes["kind"]) == {"dc", "store", "vendor"}
    assert len(set(day.nodes["timezone"])) >= 5
    assert len(set(day.nodes["ships_on"])) >= 4
    assert len(set(day.nodes["cutoff"])) >= 4


def test_holidays_are_of_every_kind(day: Snapshot) -> None:
    of_a_node, of_a_carrier = day.holidays["node_id"] != "", day.holidays["carrier"] != ""
    assert of_a_node.any()
    assert of_a_carrier.any()
    everywhere = day.holidays["date"][~of_a_node & ~of_a_carrier]
    assert np.datetime64("2026-11-26") in everywhere


def test_pinned_lines_name_a_node_that_stocks_them(day: Snapshot) -> None:
    stocked = set(zip(day.inventory["node_id"], day.inventory["sku"], strict=True))
    pinned = np.flatnonzero(day.order_lines["pinned_node"] != "")
    assert len(pinned)
    assert all((day.order_lines["pinned_node"][row], day.order_lines["sku"][row]) in stocked for row in pinned)
