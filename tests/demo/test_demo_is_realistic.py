"""The drawn day looks like what its documentation says: places, baskets, popularity, stock."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
import zipcodes

from quartermaster.demo import Size, draw_snapshot
from quartermaster.demo.published import destinations, places
from quartermaster.demo.stock import SCARCE_STOCK
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io.places import zip_centroids


@pytest.fixture(scope="module")
def large() -> Snapshot:
    return draw_snapshot(Size(20_000, 60, 500, 0.2, 11))


# Residents of 2016 over those of the 50 states and D.C. (323.4 million); US Census Bureau, Vintage 2016 estimates.
@pytest.mark.parametrize(
    ("state", "share"), [("CA", 0.1214), ("TX", 0.0862), ("FL", 0.0638), ("NY", 0.0611), ("OH", 0.0359), ("WY", 0.0018)]
)
def test_destinations_follow_the_residents(large: Snapshot, state: str, share: float) -> None:
    state_of = {entry["zip_code"]: entry["state"] for entry in zipcodes.list_all()}
    counted = Counter(state_of[code] for code in large.orders["postal_code"])
    assert counted[state] / 20_000 == pytest.approx(share, abs=0.008)


def test_every_packaged_place_is_found_offline_in_its_time_zone() -> None:
    wanted = [*destinations(), *(place.postal_code for kind in ("dc", "vendor", "store") for place in places(kind))]
    found = zip_centroids(wanted)
    assert sorted(set(wanted) - set(found)) == []
    for kind in ("dc", "vendor", "store"):
        for place in places(kind):
            entry = zipcodes.matching(place.postal_code)[0]
            assert (place.timezone, place.state) == (entry["timezone"], entry["state"])


def test_baskets_are_small_and_never_over_eight_lines(large: Snapshot) -> None:
    lines = np.unique(large.order_lines["order_id"], return_counts=True)[1]
    assert (lines.min(), lines.max()) == (1, 8)
    assert 0.75 < np.mean(lines <= 2) < 0.81
    quantity = large.order_lines["quantity"]
    assert (quantity.min(), quantity.max()) == (1, 6)
    assert 0.82 < np.mean(quantity == 1) < 0.86


def test_a_few_skus_make_most_of_the_lines(large: Snapshot) -> None:
    counts = np.sort(np.unique(large.order_lines["sku"], return_counts=True)[1])[::-1]
    assert 0.40 < counts[:50].sum() / counts.sum() < 0.55
    assert 0.05 < counts[-250:].sum() / counts.sum() < 0.30


def test_weights_run_from_letters_to_bulky_goods(large: Snapshot) -> None:
    weight = large.products["weight_g"]
    assert weight.min() >= 30
    assert weight.max() <= 30_000
    assert 450 < np.median(weight) < 900
    assert np.quantile(weight, 0.95) > 3_000
    sized = large.products["length_mm"] > 0
    volume = np.prod([large.products[f"{side}_mm"][sized] for side in ("length", "width", "height")], axis=0) / 1000
    dimensional_g = 1000 * volume / 5021.7
    assert 0.25 < np.mean(dimensional_g > weight[sized]) < 0.65


def test_centres_are_deep_and_stores_shallow(large: Snapshot) -> None:
    kind = dict(zip(large.nodes["node_id"], large.nodes["kind"], strict=True))
    by_kind = np.array([kind[node] for node in large.inventory["node_id"]])
    centre, store = large.inventory["on_hand"][by_kind == "dc"], large.inventory["on_hand"][by_kind == "store"]
    assert centre.mean() > 5 * store.mean()
    rows_of_a_store = (by_kind == "store").sum() / (large.nodes["kind"] == "store").sum()
    assert 0.15 < rows_of_a_store / 500 < 0.55


def _stock_over_demand(snapshot: Snapshot, least_demand: int) -> np.ndarray:
    skus = snapshot.products["sku"]
    demand = np.bincount(
        np.searchsorted(skus, snapshot.order_lines["sku"]), snapshot.order_lines["quantity"], len(skus)
    )
    inventory = snapshot.inventory
    available = np.maximum(inventory["on_hand"] - inventory["safety_stock"] - inventory["reserved"], 0)
    stock = np.bincount(np.searchsorted(skus, inventory["sku"]), available, len(skus))
    return (stock / np.maximum(demand, 1))[demand >= least_demand]


@pytest.mark.parametrize("scarce", [0.0, 0.2, 1.0])
def test_the_wanted_share_of_the_skus_is_scarce(scarce: float) -> None:
    ratio = _stock_over_demand(draw_snapshot(Size(20_000, 30, 200, scarce, 5)), least_demand=30)
    low, high = SCARCE_STOCK
    near = (ratio >= low - 0.02) & (ratio <= high + 0.02)
    assert near.mean() == pytest.approx(scarce, abs=0.03)
    assert (ratio[~near] > high).all()
    if scarce:
        assert 0.3 < np.mean(ratio[near] < 1) < 0.7


def test_capacity_is_tight_but_enough(large: Snapshot) -> None:
    room = large.nodes["max_shipments"]
    assert 1.6 < room[room >= 0].sum() / 20_000 < 2.0
    centres = large.nodes["kind"] == "dc"
    assert room[centres].min() > room[large.nodes["kind"] == "store"].max()


def test_ten_thousand_orders_over_a_hundred_nodes_take_seconds() -> None:
    started = time.process_time()
    snapshot = draw_snapshot(Size(10_000, 100, 2_000, 0.2, 1))
    assert time.process_time() - started < 10
    assert len(snapshot.inventory) > 40_000
