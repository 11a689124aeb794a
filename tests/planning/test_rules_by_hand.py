"""The named rules on days small enough to plan in the head."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rule_plans import taken
from simple_day import CHICAGO, LOS_ANGELES, MONDAY, NEW_YORK, NEWARK, simple_day

from quartermaster.domain.carriers import Rate, Service, Transit
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import RULES, ObjectivePolicy, Policy, ServicePolicy


def line(sku: str, quantity: int = 1, line_id: str = "1", order_id: str = "o", **rules: object) -> OrderLine:
    return OrderLine(order_id=order_id, line_id=line_id, sku=sku, quantity=quantity, **rules)


def day(lines: list[OrderLine], nodes: list[Node], stock: dict[tuple[str, str], int], **order: object) -> Snapshot:
    place = {"lat": 40.7484, "lon": -73.9967, **order}
    return simple_day(orders=[Order(order_id="o", **place)], lines=lines, nodes=nodes, stock=stock)


NEAR = Node(node_id="near", **NEWARK)
MIDDLE = Node(node_id="middle", **CHICAGO)
FAR = Node(node_id="far", **LOS_ANGELES)
ALL = [NEAR, MIDDLE, FAR]


def test_nearest_takes_from_near_to_far() -> None:
    snapshot = day([line("a", 5)], ALL, {("near", "a"): 2, ("middle", "a"): 2, ("far", "a"): 9})
    assert taken(snapshot, "nearest") == {("o", "1", "near"): 2, ("o", "1", "middle"): 2, ("o", "1", "far"): 1}


def test_nearest_goes_to_places_without_coordinates_last() -> None:
    antipode = Node(node_id="antipode", lat=-40.7484, lon=106.0033, priority=9)
    unknown = Node(node_id="unknown", priority=1)
    snapshot = day([line("a", 1)], [unknown, antipode], {("unknown", "a"): 1, ("antipode", "a"): 1})
    assert taken(snapshot, "nearest") == {("o", "1", "antipode"): 1}


def test_nearest_walks_an_order_without_a_place_by_priority() -> None:
    nodes = [Node(node_id="a", priority=5, **NEWARK), Node(node_id="b", priority=5), Node(node_id="c", priority=4)]
    snapshot = day([line("s", 2)], nodes, {("a", "s"): 1, ("b", "s"): 9, ("c", "s"): 1}, lat=None, lon=None)
    assert taken(snapshot, "nearest") == {("o", "1", "c"): 1, ("o", "1", "a"): 1}


def test_equally_near_nodes_go_by_priority_then_id() -> None:
    nodes = [Node(node_id="x", priority=2, **NEWARK), Node(node_id="10", **NEWARK), Node(node_id="9", **NEWARK)]
    snapshot = day([line("s", 3)], nodes, {("x", "s"): 1, ("10", "s"): 1, ("9", "s"): 5})
    assert taken(snapshot, "nearest") == {("o", "1", "x"): 1, ("o", "1", "10"): 1, ("o", "1", "9"): 1}


def test_priority_ignores_distance() -> None:
    nodes = [NEAR, Node(node_id="preferred", priority=1, **LOS_ANGELES)]
    snapshot = day([line("a", 2)], nodes, {("near", "a"): 5, ("preferred", "a"): 1})
    assert taken(snapshot, "priority") == {("o", "1", "preferred"): 1, ("o", "1", "near"): 1}


def test_highest_stock_ranks_by_the_units_of_each_sku() -> None:
    lines = [line("a", 1), line("b", 1, "2")]
    stock = {("near", "a"): 9, ("near", "b"): 1, ("far", "a"): 1, ("far", "b"): 3}
    assert taken(day(lines, ALL, stock), "highest_stock") == {("o", "1", "near"): 1, ("o", "2", "far"): 1}


def test_highest_stock_sees_what_earlier_orders_took() -> None:
    snapshot = simple_day(
        orders=[Order(order_id="1", **NEW_YORK), Order(order_id="2", **NEW_YORK)],
        lines=[line("a", 3, order_id="1"), line("a", 1, order_id="2")],
        nodes=ALL,
        stock={("far", "a"): 5, ("near", "a"): 3},
    )
    assert taken(snapshot, "highest_stock") == {("1", "1", "far"): 3, ("2", "1", "near"): 1}


def test_highest_stock_with_one_shipment_stays_at_the_first_node() -> None:
    lines = [line("a", 1), line("b", 1, "2")]
    stock = {("near", "a"): 9, ("near", "b"): 1, ("far", "b"): 3}
    assert taken(day(lines, ALL, stock, max_shipments=1), "highest_stock") == {
        ("o", "1", "near"): 1,
        ("o", "2", "near"): 1,
    }


@pytest.mark.parametrize("rule", ["nearest", "priority"])
def test_max_shipments_ends_the_walk(rule: str) -> None:
    nodes = [Node(node_id="near", priority=1, **NEWARK), MIDDLE, FAR]
    snapshot = day([line("a", 5)], nodes, {("near", "a"): 2, ("middle", "a"): 2, ("far", "a"): 9}, max_shipments=1)
    assert taken(snapshot, rule) == {("o", "1", "near"): 2}


@pytest.mark.parametrize("rule", RULES)
def test_unit_capacity_goes_to_lines_in_turn(rule: str) -> None:
    nodes = [Node(node_id="near", max_units=3, **NEWARK)]
    lines = [line("a", 2), line("b", 2, "2")]
    snapshot = day(lines, nodes, {("near", "a"): 5, ("near", "b"): 5})
    assert taken(snapshot, rule) == {("o", "1", "near"): 2, ("o", "2", "near"): 1}


@pytest.mark.parametrize("rule", RULES)
def test_a_node_without_shipments_left_serves_no_further_order(rule: str) -> None:
    snapshot = simple_day(
        orders=[Order(order_id="1", **NEW_YORK), Order(order_id="2", **NEW_YORK, priority=1)],
        lines=[line("a", 1, order_id="1"), line("a", 1, order_id="2")],
        nodes=[Node(node_id="near", max_shipments=1, **NEWARK)],
        stock={("near", "a"): 5},
    )
    assert taken(snapshot, rule) == {("2", "1", "near"): 1}


@pytest.mark.parametrize("rule", RULES)
def test_a_line_that_cannot_be_completed_frees_what_it_took(rule: str) -> None:
    nodes = [Node(node_id="near", max_units=3, **NEWARK)]
    lines = [line("a", 4, line_complete=True), line("b", 2, "2")]
    snapshot = day(lines, nodes, {("near", "a"): 5, ("near", "b"): 5})
    assert taken(snapshot, rule) == {("o", "2", "near"): 2}


@pytest.mark.parametrize("rule", RULES)
def test_a_complete_line_may_come_from_two_nodes(rule: str) -> None:
    snapshot = day([line("a", 4, line_complete=True)], ALL, {("near", "a"): 3, ("far", "a"): 1})
    assert taken(snapshot, rule) == {("o", "1", "near"): 3, ("o", "1", "far"): 1}


@pytest.mark.parametrize("rule", RULES)
def test_ship_complete_takes_all_or_nothing(rule: str) -> None:
    lines = [line("a", 2), line("b", 1, "2")]
    short = day(lines, ALL, {("near", "a"): 5}, ship_complete=True)
    assert taken(short, rule) == {}
    enough = day(lines, ALL, {("near", "a"): 5, ("far", "b"): 1}, ship_complete=True)
    assert taken(enough, rule) == {("o", "1", "near"): 2, ("o", "2", "far"): 1}


@pytest.mark.parametrize("rule", RULES)
def test_lines_of_one_sku_share_its_stock(rule: str) -> None:
    snapshot = day([line("a", 2), line("a", 2, "2")], ALL, {("near", "a"): 3})
    assert taken(snapshot, rule) == {("o", "1", "near"): 2, ("o", "2", "near"): 1}


@pytest.mark.parametrize("rule", ["nearest", "priority", "highest_stock", "fewest_shipments"])
def test_a_node_whose_shipment_is_too_heavy_is_skipped(rule: str) -> None:
    nodes = [Node(node_id="near", priority=1, **NEWARK), FAR]
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[line("a", 5)],
        nodes=nodes,
        stock={("near", "a"): 5, ("far", "a"): 2},
        weight_g=1000,
        max_weight_g=4999,
    )
    assert taken(snapshot, rule) == {("o", "1", "far"): 2}


def test_cheapest_sends_what_is_too_heavy_in_part() -> None:
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[line("a", 5)],
        nodes=[NEAR, FAR],
        stock={("near", "a"): 5, ("far", "a"): 2},
        weight_g=1000,
        max_weight_g=4999,
    )
    # 4 + 1 costs the same; of equal options the one with most units at the first node id wins
    assert taken(snapshot, "cheapest") == {("o", "1", "far"): 2, ("o", "1", "near"): 3}


def two_services(**policy: object) -> tuple[Snapshot, Policy]:
    """Services of one parcel up to 1 kg: 5.00 by `a`, 6.00 by `b`; two units of 600 g need both."""
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[line("s", 2)],
        nodes=[NEAR, FAR],
        stock={("near", "s"): 2, ("far", "s"): 1},
        products=[Product(sku="s", weight_g=600)],
        services=[Service(carrier="C", service=name) for name in ("a", "b")],
        rates=[
            Rate(carrier="C", service=name, zone=zone, max_weight_g=1000, price=Decimal(price) + add)
            for name, price in (("a", 5), ("b", 6))
            for zone, add in (("near", 0), ("far", 2))
        ],
        transit=[
            Transit(carrier="C", service=name, zone=zone, days=2) for name in ("a", "b") for zone in ("near", "far")
        ],
    )
    return snapshot, Policy(objective=ObjectivePolicy(**policy))


def test_cheapest_sends_two_shipments_of_one_node_by_two_services() -> None:
    snapshot, policy = two_services()
    assert taken(snapshot, "cheapest", policy) == {("o", "1", "near"): 2}


def test_one_shipment_per_node_is_all_a_walk_sends() -> None:
    snapshot, policy = two_services()
    assert taken(snapshot, "nearest", policy) == {("o", "1", "far"): 1}


def test_fewest_shipments_prefers_one_node_then_priorities() -> None:
    lines = [line("a", 1), line("b", 1, "2"), line("c", 1, "3")]
    nodes = [
        Node(node_id="1", priority=1, **NEWARK),
        Node(node_id="2", priority=2, **NEWARK),
        Node(node_id="3", priority=3, **CHICAGO),
        Node(node_id="4", priority=4, **CHICAGO),
    ]
    pairs = [("1", "a"), ("2", "b"), ("2", "c"), ("3", "a"), ("3", "b"), ("4", "c")]
    stock = dict.fromkeys(pairs, 1)
    assert taken(day(lines, nodes, stock), "fewest_shipments") == {
        ("o", "1", "1"): 1,
        ("o", "2", "2"): 1,
        ("o", "3", "2"): 1,
    }
    whole = {**stock, ("4", "a"): 1, ("4", "b"): 1}
    assert set(taken(day(lines, nodes, whole), "fewest_shipments").values()) == {1}
    assert {key[2] for key in taken(day(lines, nodes, whole), "fewest_shipments")} == {"4"}


def test_fewest_shipments_puts_units_before_nodes() -> None:
    lines = [line("a", 3)]
    stock = {("near", "a"): 2, ("middle", "a"): 1, ("far", "a"): 1}
    assert taken(day(lines, ALL, stock), "fewest_shipments") == {("o", "1", "near"): 2, ("o", "1", "far"): 1}
    assert taken(day(lines, ALL, stock, max_shipments=1), "fewest_shipments") == {("o", "1", "near"): 2}


def test_cheapest_weighs_the_opening_of_a_node_once() -> None:
    nodes = [Node(node_id="near", opening_cost=Decimal(4), **NEWARK), FAR]
    snapshot = simple_day(
        orders=[Order(order_id=name, **NEW_YORK) for name in ("1", "2", "3")],
        lines=[line("a", 1, order_id="1"), line("a", 1, order_id="2"), line("a", 1, order_id="3")],
        nodes=nodes,
        stock={("near", "a"): 9, ("far", "a"): 1},
    )
    # 5 + 4 to open against 12 from afar; once open, 5 against 12
    assert taken(snapshot, "cheapest") == {("1", "1", "near"): 1, ("2", "1", "near"): 1, ("3", "1", "near"): 1}


def test_an_opened_node_draws_later_orders() -> None:
    nodes = [Node(node_id="near", opening_cost=Decimal(8), **NEWARK), MIDDLE]
    snapshot = simple_day(
        orders=[Order(order_id=name, **NEW_YORK) for name in ("1", "2", "3")],
        lines=[line("a", 1, order_id="1"), line("b", 1, order_id="2"), line("a", 1, order_id="3")],
        nodes=nodes,
        stock={("near", "a"): 9, ("near", "b"): 9, ("middle", "a"): 9},
    )
    # order 1 pays 8 from the middle rather than 5 + 8; order 2 has to open the near node; order 3 then pays 5
    assert taken(snapshot, "cheapest") == {("1", "1", "middle"): 1, ("2", "1", "near"): 1, ("3", "1", "near"): 1}


@pytest.mark.parametrize("rule", RULES)
def test_late_is_forbidden_or_priced(rule: str) -> None:
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK, promise_date=MONDAY.date())],
        lines=[line("a", 1)],
        nodes=[NEAR],
        stock={("near", "a"): 1},
    )
    assert taken(snapshot, rule) == {}
    assert taken(snapshot, rule, Policy(service=ServicePolicy(late="price"))) == {("o", "1", "near"): 1}
