"""Why units are backordered: each reason on a day that has it, and the order in which reasons apply."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from instances import small_instance
from rule_plans import checked_tables
from simple_day import CHICAGO, LOS_ANGELES, MONDAY, NEW_YORK, NEWARK, short, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.plan import Reason
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning import reasons
from quartermaster.planning.problem import build_problem
from quartermaster.policy import RULES, BackorderPolicy, Policy, ServicePolicy

NEAR = Node(node_id="near", **NEWARK)
FAR = Node(node_id="far", **LOS_ANGELES)


def line(sku: str, quantity: int = 1, line_id: str = "1", order_id: str = "o", **rules: object) -> OrderLine:
    return OrderLine(order_id=order_id, line_id=line_id, sku=sku, quantity=quantity, **rules)


def why(snapshot: Snapshot, rule: str = "cheapest", policy: Policy | None = None) -> dict[tuple[str, str], tuple]:
    return short(checked_tables(build_problem(snapshot, policy or Policy()), rule).backorders)


def day(
    lines: list[OrderLine],
    stock: dict[tuple[str, str], int],
    nodes: tuple[Node, ...] = (NEAR, FAR),
    orders: tuple[Order, ...] = (Order(order_id="o", **NEW_YORK),),
    **tables: object,
) -> Snapshot:
    return simple_day(orders=orders, lines=lines, nodes=nodes, stock=stock, **tables)


def test_not_allowed() -> None:
    for rules in ({"pinned_node": "near", "excluded_nodes": ("near",)}, {"allowed_nodes": ("closed",)}):
        closed = Node(node_id="closed", enabled=False, **NEWARK)
        snapshot = day([line("a", **rules)], {("near", "a"): 5, ("closed", "a"): 5}, (NEAR, closed))
        assert why(snapshot) == {("o", "1"): (1, "not_allowed")}


def test_outside_the_radius_is_not_allowed() -> None:
    policy = Policy(service=ServicePolicy(max_distance_km=Decimal(10)))
    assert why(day([line("a")], {("far", "a"): 5}), policy=policy) == {("o", "1"): (1, "not_allowed")}


def test_no_stock_where_allowed() -> None:
    assert why(day([line("a", pinned_node="near")], {("far", "a"): 5})) == {("o", "1"): (1, "no_stock")}
    assert why(day([line("a", 9)], {("near", "a"): 5, ("far", "a"): 3})) == {("o", "1"): (1, "no_stock")}


def test_two_lines_of_one_sku_ask_for_more_than_there_is() -> None:
    lines = [line("a", 3), line("a", 3, "2")]
    assert why(day(lines, {("near", "a"): 4})) == {("o", "2"): (2, "no_stock")}


def test_two_lines_of_one_sku_with_nodes_of_their_own() -> None:
    lines = [line("a", 3, pinned_node="near"), line("a", 3, "2")]
    assert why(day(lines, {("near", "a"): 4, ("far", "a"): 2})) == {}
    assert why(day(lines, {("near", "a"): 4, ("far", "a"): 1})) == {("o", "2"): (1, "no_stock")}


def test_no_service_goes_there() -> None:
    snapshot = day([line("a")], {("far", "a"): 5}, prices={"near": "5", "middle": "8"})
    assert why(snapshot) == {("o", "1"): (1, "no_service")}


def test_no_service_carries_the_weight() -> None:
    snapshot = day([line("a", 3)], {("near", "a"): 5}, weight_g=600, max_weight_g=1200)
    assert why(snapshot) == {("o", "1"): (1, "no_service")}


def promised(days: int) -> tuple[Order, ...]:
    return (Order(order_id="o", **NEW_YORK, promise_date=MONDAY.date() + timedelta(days=days)),)


def test_late_everywhere() -> None:
    stock = {("near", "a"): 5, ("far", "a"): 5}
    assert why(day([line("a")], stock, orders=promised(1))) == {("o", "1"): (1, "late_everywhere")}
    assert why(day([line("a")], stock, orders=promised(2))) == {}
    priced = Policy(service=ServicePolicy(late="price", cost_per_late_day=Decimal(200)))
    assert why(day([line("a")], stock, orders=promised(1)), policy=priced) == {("o", "1"): (1, "too_costly")}


def test_late_for_the_units_that_are_missing() -> None:
    never = Node(node_id="late", ships_on=frozenset({4}), **CHICAGO)
    snapshot = day([line("a", 3)], {("near", "a"): 1, ("late", "a"): 5}, (NEAR, never), promised(3))
    assert why(snapshot) == {("o", "1"): (2, "late_everywhere")}


@pytest.mark.parametrize("rule", RULES)
def test_max_shipments(rule: str) -> None:
    orders = (Order(order_id="o", max_shipments=1, **NEW_YORK),)
    nodes = (Node(node_id="near", priority=1, **NEWARK), FAR)
    snapshot = day([line("a", 50)], {("near", "a"): 30, ("far", "a"): 20}, nodes, orders, max_weight_g=30_000)
    assert why(snapshot, rule) == {("o", "1"): (20, "max_shipments")}
    whole = (Order(order_id="o", max_shipments=1, ship_complete=True, **NEW_YORK),)
    snapshot = day([line("a", 50)], {("near", "a"): 30, ("far", "a"): 20}, nodes, whole, max_weight_g=30_000)
    assert why(snapshot, rule) == {("o", "1"): (50, "ship_complete")}


@pytest.mark.parametrize("rule", RULES)
def test_ship_complete_names_both_lines_but_the_missing_one_has_its_own_reason(rule: str) -> None:
    orders = (Order(order_id="o", ship_complete=True, **NEW_YORK),)
    snapshot = day([line("a"), line("b", 1, "2")], {("near", "a"): 5}, orders=orders)
    assert why(snapshot, rule) == {("o", "1"): (1, "ship_complete"), ("o", "2"): (1, "no_stock")}


def test_line_complete() -> None:
    orders = (Order(order_id="1", **NEW_YORK), Order(order_id="2", **NEW_YORK))
    lines = [line("a", 1, order_id="1"), line("a", 2, order_id="2", line_complete=True)]
    assert why(day(lines, {("near", "a"): 2}, orders=orders)) == {("2", "1"): (2, "ship_complete")}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("limit", [{"max_units": 2}, {"max_shipments": 1}])
def test_no_capacity(rule: str, limit: dict[str, int]) -> None:
    orders = (Order(order_id="1", **NEW_YORK), Order(order_id="2", **NEW_YORK))
    lines = [line("a", 2, order_id="1"), line("a", 2, order_id="2")]
    snapshot = day(lines, {("near", "a"): 9}, (Node(node_id="near", **limit, **NEWARK),), orders)
    assert why(snapshot, rule) == {("2", "1"): (2, "no_capacity")}


@pytest.mark.parametrize("rule", RULES)
def test_stock_taken(rule: str) -> None:
    orders = (Order(order_id="1", **NEW_YORK), Order(order_id="2", **NEW_YORK, priority=3))
    lines = [line("a", order_id="1"), line("a", order_id="2")]
    assert why(day(lines, {("near", "a"): 1}, orders=orders), rule) == {("1", "1"): (1, "stock_taken")}


def test_too_costly() -> None:
    cheap = Policy(backorder=BackorderPolicy(cost_per_unit=Decimal(3)))
    assert why(day([line("a")], {("near", "a"): 1}), policy=cheap) == {("o", "1"): (1, "too_costly")}


def test_reasons_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    seen: set[str] = set()
    for chunk in (reasons.CHUNK, 1):
        monkeypatch.setattr(reasons, "CHUNK", chunk)
        tables = [checked_tables(build_problem(*small_instance(seed)), "nearest") for seed in range(40, 52)]
        found.append([table.backorders["reason"].tolist() for table in tables])
        seen.update(reason for table in found[-1] for reason in table)
    assert found[0] == found[1]
    assert seen <= {reason.value for reason in Reason}
    assert len(seen) >= 7
