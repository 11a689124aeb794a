"""Inbound supply gives backordered lines a date: worked by hand. Plans are made on Monday 8 June 2026, 09:00 UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

import pytest
from inbound_day import NO_DATE, NODE, dates, inbound_day, june, line, order
from simple_day import CHICAGO, MONDAY, NEWARK, short

import quartermaster as qm
from quartermaster.domain.carriers import Holiday, Rate, Service, Transit
from quartermaster.domain.network import Node
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import BackorderPolicy, Policy, ServicePolicy

TWIN = replace(NODE, node_id="n2")


def test_a_preorder_comes_back_with_a_date() -> None:
    """Nothing of x is stocked anywhere; three units arrive on Wednesday 17, two delivery days from New York."""
    day = inbound_day([order("pre")], [line("pre", 3)], {("n1", "x", 17): 3})
    plan = qm.plan(day)
    assert short(plan.backorders) == {("pre", "1"): (3, "no_stock")}
    assert dates(day) == {("pre", "1"): ("2026-06-17", "2026-06-19")}


@pytest.mark.parametrize("strategy", ["cheapest", "nearest", "fewest_shipments"])
def test_named_rules_give_dates_too(strategy: str) -> None:
    day = inbound_day([order("pre")], [line("pre", 3)], {("n1", "x", 17): 3})
    assert dates(day, Policy(strategy=strategy)) == {("pre", "1"): ("2026-06-17", "2026-06-19")}


def test_without_inbound_supply_there_is_no_date() -> None:
    assert dates(inbound_day([order("o")], [line("o", 3)], {})) == {("o", "1"): NO_DATE}


def test_what_ships_now_has_no_part_in_it() -> None:
    """Two of five units ship today, three wait for Wednesday 17."""
    day = inbound_day([order("o")], [line("o", 5)], {("n1", "x", 17): 3}, stock={("n1", "x"): 2})
    plan = qm.plan(day)
    assert plan.allocations["quantity"].tolist() == [2]
    assert dates(day) == {("o", "1"): ("2026-06-17", "2026-06-19")}


def test_holidays_of_the_node_and_of_the_carrier() -> None:
    """Saturday 13 is no ship day, Monday 15 is the node's holiday: Tuesday 16. Wednesday is the carrier's: 18, 19."""
    closed = [Holiday(date=june(15), node_id="n1"), Holiday(date=june(17), carrier="C")]
    day = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 13): 1}, holidays=closed)
    assert dates(day) == {("o", "1"): ("2026-06-16", "2026-06-19")}


@pytest.mark.parametrize(
    ("cutoff", "arrives", "expected"),
    [
        (time(12), 8, ("2026-06-08", "2026-06-10")),  # arrives today, before the cut-off
        (time(8), 8, ("2026-06-09", "2026-06-11")),  # today's cut-off is over
        (time(8), 9, ("2026-06-09", "2026-06-11")),  # on a day to come it does not matter
        (time(8), 1, ("2026-06-09", "2026-06-11")),  # due a week ago: counts as there now
    ],
)
def test_the_cut_off_counts_today_and_on_no_other_day(cutoff: time, arrives: int, expected: tuple[str, str]) -> None:
    day = inbound_day([order("o")], [line("o", 1)], {("n1", "x", arrives): 1}, nodes=[replace(NODE, cutoff=cutoff)])
    assert dates(day) == {("o", "1"): expected}


def test_today_is_the_nodes_own() -> None:
    """At 22:00 UTC on Monday it is Tuesday in Auckland, where units that arrive on Monday are there already."""
    node = replace(NODE, timezone="Pacific/Auckland")
    late = datetime.fromisoformat("2026-06-08T22:00:00+00:00")
    day = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 8): 1}, nodes=[node], as_of=late)
    assert dates(day) == {("o", "1"): ("2026-06-09", "2026-06-11")}


def test_the_node_whose_units_arrive_later_may_deliver_sooner() -> None:
    """Chicago ships on the 10th and needs five days: 17. Newark ships on Friday 12 and needs one: Monday 15."""
    chicago = Node(node_id="chi", **CHICAGO)
    transit = [Transit(carrier="C", service="S", zone=zone, days=days) for zone, days in (("near", 1), ("middle", 5))]
    inbound = {("chi", "x", 10): 1, ("n1", "x", 12): 1}
    lines = [line("o", 1)]
    day = inbound_day([order("o")], lines, inbound, nodes=[chicago, NODE], transit=transit)
    assert dates(day) == {("o", "1"): ("2026-06-12", "2026-06-15")}
    both = inbound_day([order("o")], [line("o", 2)], inbound, nodes=[chicago, NODE], transit=transit)
    # the last unit to ship is Newark's, the last to be delivered is Chicago's
    assert dates(both) == {("o", "1"): ("2026-06-12", "2026-06-17")}


def test_the_last_unit_of_two_arrivals_counts() -> None:
    day = inbound_day([order("o")], [line("o", 5)], {("n1", "x", 10): 3, ("n1", "x", 17): 3})
    assert dates(day) == {("o", "1"): ("2026-06-17", "2026-06-19")}


def test_orders_are_served_by_priority_then_age_then_id() -> None:
    """One unit a day from the 10th on: the urgent order first, then the older, the unknown age last, then by id."""
    orders = [
        order("a"), order("b"), order("c", ordered_at=MONDAY.replace(hour=8)),
        order("d", ordered_at=MONDAY.replace(hour=7)), order("e", priority=1),
    ]  # fmt: skip
    inbound = {("n1", "x", day): 1 for day in (10, 11, 12, 15, 16)}
    day = inbound_day(orders, [line(each.order_id, 1) for each in orders], inbound)
    assert {key[0]: shipped for key, (shipped, _) in dates(day).items()} == {
        "e": "2026-06-10", "d": "2026-06-11", "c": "2026-06-12", "a": "2026-06-15", "b": "2026-06-16",
    }  # fmt: skip


def test_lines_are_served_by_their_id_as_text() -> None:
    lines = [line("o", 1, line_id="2"), line("o", 1, line_id="10")]
    day = inbound_day([order("o")], lines, {("n1", "x", 10): 1, ("n1", "x", 11): 1})
    assert dates(day) == {("o", "10"): ("2026-06-10", "2026-06-12"), ("o", "2"): ("2026-06-11", "2026-06-15")}


def test_a_line_that_inbound_does_not_cover_takes_nothing() -> None:
    orders = [order("large", priority=9), order("small")]
    day = inbound_day(orders, [line("large", 5), line("small", 4)], {("n1", "x", 10): 4})
    assert dates(day) == {("large", "1"): NO_DATE, ("small", "1"): ("2026-06-10", "2026-06-12")}


def test_of_equal_completions_the_one_that_ships_first_is_taken() -> None:
    """Shipped on Friday 12 or Saturday 13, two days end on Tuesday 16 either way."""
    weekend = replace(TWIN, ships_on=frozenset(range(7)), priority=1)
    orders = [order("a"), order("b")]
    inbound = {("n1", "x", 12): 1, ("n2", "x", 13): 1}
    day = inbound_day(orders, [line("a", 1), line("b", 1)], inbound, nodes=[NODE, weekend])
    assert dates(day) == {("a", "1"): ("2026-06-12", "2026-06-16"), ("b", "1"): ("2026-06-13", "2026-06-16")}


@pytest.mark.parametrize(("priority", "left"), [(100, "n2"), (1, "n1")])
def test_then_node_priority_then_node_id(priority: int, left: str) -> None:
    """Two nodes that differ in nothing else: what the first order leaves shows which it took."""
    orders = [order("first", priority=1), order("n1"), order("n2")]
    lines = [line("first", 1), line("n1", 1, pinned_node="n1"), line("n2", 1, pinned_node="n2")]
    nodes = [NODE, replace(TWIN, priority=priority)]
    day = inbound_day(orders, lines, {("n1", "x", 10): 1, ("n2", "x", 10): 1}, nodes=nodes)
    found = dates(day)
    assert found["first", "1"] == ("2026-06-10", "2026-06-12")
    assert [order_id for order_id in ("n1", "n2") if found[order_id, "1"] != NO_DATE] == [left]


@pytest.mark.parametrize("rule", [{"pinned_node": "n2"}, {"allowed_nodes": ("n2",)}, {"excluded_nodes": ("n1",)}])
def test_units_at_nodes_that_may_not_serve_the_line_do_not_count(rule: dict[str, str]) -> None:
    lines = [line("o", 1, **rule)]
    nodes = [NODE, TWIN]
    assert dates(inbound_day([order("o")], lines, {("n1", "x", 10): 1}, nodes=nodes)) == {("o", "1"): NO_DATE}
    assert dates(inbound_day([order("o")], lines, {("n2", "x", 10): 1}, nodes=nodes)) != {("o", "1"): NO_DATE}


def test_neither_do_those_of_disabled_and_of_distant_nodes() -> None:
    orders, lines, inbound = [order("o")], [line("o", 1)], {("n1", "x", 10): 1}
    disabled = inbound_day(orders, lines, inbound, nodes=[replace(NODE, enabled=False)])
    assert dates(disabled) == {("o", "1"): NO_DATE}
    near = Policy(service=ServicePolicy(max_distance_km=Decimal(5)))
    assert dates(inbound_day(orders, lines, inbound), near) == {("o", "1"): NO_DATE}


def test_what_no_service_carries_has_no_date() -> None:
    """A shipment holds 20 kg, 50 units: 60 that ship on one day are too many, 50 and 10 on two days are not."""
    orders, lines = [order("o")], [line("o", 60)]
    assert dates(inbound_day(orders, lines, {("n1", "x", 10): 60})) == {("o", "1"): NO_DATE}
    # Saturday and Sunday both ship on Monday: one shipment
    assert dates(inbound_day(orders, lines, {("n1", "x", 13): 30, ("n1", "x", 14): 30})) == {("o", "1"): NO_DATE}
    split = inbound_day(orders, lines, {("n1", "x", 10): 50, ("n1", "x", 16): 30})
    assert dates(split) == {("o", "1"): ("2026-06-16", "2026-06-18")}
    anvil = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 10): 1}, weight_g=25_000)
    assert dates(anvil) == {("o", "1"): NO_DATE}


def _with_air(order_level: str, quantity: int, inbound: dict[tuple[str, str, int], int]) -> Snapshot:
    """Ground in two days, and air overnight for a single unit."""
    services = [
        Service(carrier="C", service="S", service_level="std"), Service(carrier="C", service="air", service_level="air")
    ]  # fmt: skip
    rates = [
        Rate(carrier="C", service=service, zone="near", max_weight_g=most, price=Decimal(5))
        for service, most in (("S", 20_000), ("air", 400))
    ]
    transit = [Transit(carrier="C", service=name, zone="near", days=days) for name, days in (("S", 2), ("air", 1))]
    orders = [order("o", service_level=order_level)]
    return inbound_day(
        orders, [line("o", quantity)], inbound, nodes=[NODE, TWIN], services=services, rates=rates, transit=transit
    )


def test_the_soonest_service_that_carries_the_units() -> None:
    assert dates(_with_air("", 1, {("n1", "x", 10): 1})) == {("o", "1"): ("2026-06-10", "2026-06-11")}
    assert dates(_with_air("", 2, {("n1", "x", 10): 2})) == {("o", "1"): ("2026-06-10", "2026-06-12")}
    # one unit from each node: both fly
    apart = {("n1", "x", 10): 2, ("n2", "x", 10): 2}
    assert dates(_with_air("", 2, apart)) == {("o", "1"): ("2026-06-10", "2026-06-11")}


def test_only_services_of_the_level_asked_for() -> None:
    inbound = {("n1", "x", 10): 2}
    assert dates(_with_air("std", 1, inbound)) == {("o", "1"): ("2026-06-10", "2026-06-12")}
    assert dates(_with_air("air", 2, inbound)) == {("o", "1"): NO_DATE}


def test_without_services_units_are_delivered_as_they_ship() -> None:
    bare = {"services": [], "zones": [], "rates": [], "transit": []}
    day = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 13): 1}, **bare)
    assert dates(day) == {("o", "1"): ("2026-06-15", "2026-06-15")}


@pytest.mark.parametrize("late", ["forbid", "price"])
def test_a_date_later_than_promised_is_still_told(late: str) -> None:
    day = inbound_day([order("o", promise_date=june(10))], [line("o", 1)], {("n1", "x", 17): 1})
    assert dates(day, Policy(service=ServicePolicy(late=late))) == {("o", "1"): ("2026-06-17", "2026-06-19")}


def test_units_that_were_left_on_purpose_are_not_promised() -> None:
    """A shipment costs 5, leaving the unit costs 1: it stays on hand, and only inbound may serve the line."""
    policy = Policy(backorder=BackorderPolicy(cost_per_unit=Decimal(1)))
    stock = {("n1", "x"): 9}
    left = inbound_day([order("o")], [line("o", 1)], {}, stock=stock)
    assert short(qm.plan(left, policy).backorders) == {("o", "1"): (1, "too_costly")}
    assert dates(left, policy) == {("o", "1"): NO_DATE}
    day = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 17): 1}, stock=stock)
    assert dates(day, policy) == {("o", "1"): ("2026-06-17", "2026-06-19")}


def test_capacities_and_numbers_of_shipments_are_of_this_plan() -> None:
    """One shipment an order and a node with one unit of capacity: what comes later is not held to either."""
    nodes = [replace(NODE, max_units=1, **NEWARK)]
    orders = [order("o", max_shipments=1)]
    day = inbound_day(orders, [line("o", 4)], {("n1", "x", 10): 3}, nodes=nodes, stock={("n1", "x"): 4})
    assert dates(day) == {("o", "1"): ("2026-06-10", "2026-06-12")}
