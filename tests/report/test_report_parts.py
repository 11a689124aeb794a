"""The parts of the page: sums of loads and flows, figures in words, names without overlap, complete lists."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from handmade_plan import handmade_plan
from report_days import BERLIN, COLOGNE, MUNICH, NOWHERE, day_at

from quartermaster.demo import demo_snapshot
from quartermaster.domain.plan import Objective, Reason
from quartermaster.report.bars import TERMS
from quartermaster.report.ground import frame, graticule, shows_states, states
from quartermaster.report.labels import MAX_LABELS, place_labels
from quartermaster.report.network import MAX_FLOWS, NodeLoad, flows, node_loads, regions
from quartermaster.report.sections import REASONS, busiest
from quartermaster.report.text import gap_percent, money, percent, plural


def test_loads_are_the_sums_of_the_shipments() -> None:
    snapshot = demo_snapshot(orders=200, nodes=12, skus=50)
    plan = handmade_plan(snapshot)
    loads = node_loads(snapshot, plan)
    assert [load.node_id for load in loads] == list(snapshot.nodes["node_id"])
    assert sum(load.shipments for load in loads) == len(plan.shipments)
    by_node = plan.shipments.groupby("node_id")["units"].sum()
    assert {load.node_id: load.units for load in loads if load.units} == dict(by_node)


def test_load_shows_the_capacity_that_is_nearer_to_full() -> None:
    snapshot = day_at([BERLIN] * 3, [MUNICH], max_shipments=4)
    nodes = snapshot.nodes
    plan = handmade_plan(snapshot, fill=1.0)
    (load,) = node_loads(snapshot, plan)
    assert (load.used, load.limit, load.what, load.share) == (3, 4, "shipments", 0.75)
    import dataclasses

    both = dataclasses.replace(snapshot, nodes=nodes.with_columns(max_units=np.array([7])))
    (load,) = node_loads(both, plan)
    assert (load.used, load.limit, load.what) == (6, 7, "units")
    free = dataclasses.replace(snapshot, nodes=nodes.with_columns(max_shipments=np.array([-1])))
    (load,) = node_loads(free, plan)
    assert (load.limit, load.share) == (None, 0.0)


def test_flows_carry_every_unit_between_known_places_and_stay_few() -> None:
    snapshot = day_at([BERLIN, BERLIN, MUNICH, NOWHERE], [COLOGNE])
    plan = handmade_plan(snapshot, fill=1.0)
    drawn = flows(snapshot, plan)
    assert [flow.units for flow in drawn] == [4, 2]
    assert (drawn[0].from_lat, drawn[0].from_lon) == COLOGNE
    assert (drawn[0].to_lat, drawn[0].to_lon) == pytest.approx(BERLIN)
    large = demo_snapshot(orders=3000, nodes=60, skus=100)
    many = flows(large, handmade_plan(large))
    assert len(many) == MAX_FLOWS
    assert [flow.units for flow in many] == sorted((flow.units for flow in many), reverse=True)


def test_regions_count_orders_and_shortages_once() -> None:
    snapshot = day_at([BERLIN, BERLIN, MUNICH, NOWHERE], [COLOGNE])
    found = regions(snapshot, handmade_plan(snapshot, fill=0.0))
    assert sorted((region.orders, region.short) for region in found) == [(1, 1), (2, 2)]


def test_busiest_are_the_fullest_that_ship() -> None:
    def load(name: str, units: int, limit: int | None, used: int) -> NodeLoad:
        return NodeLoad(name, "dc", 0.0, 0.0, units, units, limit, used, "units")

    loads = [load("idle", 0, 5, 0), load("half", 5, 10, 5), load("full", 3, 3, 3), load("free", 90, None, 90)]
    assert [held.node_id for held in busiest(loads)] == ["full", "half", "free"]
    assert [held.node_id for held in busiest(loads, most=1)] == ["full"]


def test_every_term_and_every_reason_has_its_words() -> None:
    assert list(TERMS) == list(Objective().terms())
    assert set(REASONS) >= {str(reason) for reason in Reason}
    assert len({colour for _, colour in TERMS.values()}) == len(TERMS)


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        ("0", "0 %"),
        ("0.000012", "0.0012 %"),
        ("0.00100001", "0.11 %"),
        ("0.0456", "4.6 %"),
        ("0.5", "50 %"),
        ("0.00000001", "0.0001 %"),
    ],
)
def test_a_gap_never_reads_smaller_than_it_is(gap: str, text: str) -> None:
    assert gap_percent(Decimal(gap)) == text
    assert Decimal(text.removesuffix(" %")) >= 100 * Decimal(gap)


def test_money_and_percent_read_well() -> None:
    assert money(Decimal("18012.4"), "USD") == "$18,012"
    assert money(Decimal("12.5"), "CHF") == "12.50 CHF"
    assert money(Decimal("-3"), "EUR") == "−€3.00"
    assert money(Decimal("-0.001"), "EUR") == "€0.00"
    assert percent(Decimal("-0.0512")) == "−5.1 %"
    assert (money(None, "USD"), percent(None)) == ("–", "–")
    assert (plural(1, "order"), plural(1000, "order")) == ("1 order", "1,000 orders")


def test_states_are_recognised() -> None:
    seattle, anchorage, honolulu, toronto = (47.6, -122.3), (61.2, -149.9), (21.3, -157.9), (51.2, -79.4)
    assert [frame(place) for place in (seattle, anchorage, honolulu, toronto, BERLIN)] == [0, 1, 2, None, None]
    assert shows_states([seattle] * 99 + [BERLIN])
    assert not shows_states([seattle] * 9 + [BERLIN])
    assert len(states()["objects"]["states"]["geometries"]) == 51


def test_grid_surrounds_its_places() -> None:
    lines = [line["geometry"]["coordinates"] for line in graticule([BERLIN, MUNICH])]
    points = np.array([point for line in lines for point in line])
    assert points[:, 0].min() < 11.6 < 13.4 < points[:, 0].max()
    assert points[:, 1].min() < 48.1 < 52.5 < points[:, 1].max()
    assert 4 <= len(lines) <= 30


def test_names_on_the_map_do_not_cover_each_other() -> None:
    loads = [NodeLoad(f"NODE-{n}", "dc", 40.0, -100.0 + 0.01 * n, 50 - n, 1, None, 1, "units") for n in range(40)]
    crowded = place_labels(loads, [], us=True)
    assert [(label.text, label.align) for label in crowded] == [("NODE-0", "left"), ("NODE-1", "right")]
    apart = [NodeLoad(f"NODE-{n}", "dc", 30.0 + n, -100.0, 50, 1, None, 1, "units") for n in range(19)]
    assert len(place_labels(apart, [], us=True)) == MAX_LABELS
    (long,) = place_labels([NodeLoad("X" * 80, "dc", 40.0, -100.0, 1, 1, None, 1, "units")], [], us=True)
    assert len(long.text) == 24
