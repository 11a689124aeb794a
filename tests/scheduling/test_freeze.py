"""What a run plans is the snapshot with the orders, the stock and the capacity of now."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from run_days import CHEAPEST, QUICK, SCOPE, ask, between, canonical, faults, order_of, plan_here, put_day, put_orders
from scheduling.conftest import small_snapshot
from simple_day import CHICAGO, MONDAY, NEWARK

from quartermaster.domain.network import Node
from quartermaster.domain.outlook import Replenishment
from quartermaster.errors import InputError, StoreError
from quartermaster.io import snapshot_document
from quartermaster.scheduling import run, run_next
from quartermaster.scheduling.freeze import frozen, readable
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder, cancel_order
from quartermaster.store.reservations import commit, release, reserve
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import Feed, StockLine, StockRow, take_feed

AT_TEN = MONDAY + timedelta(hours=1)


def freeze(store, **options):
    with store.read() as transaction:
        return frozen(transaction, SCOPE, **options)


def tables(found):
    document = json.loads(found.content)
    stock = {(row["node_id"], row["sku"]): row["on_hand"] for row in document["inventory"]}
    orders = {
        order["order_id"]: {line["line_id"]: line["quantity"] for line in order["lines"]}
        for order in document["orders"]
    }
    return document, stock, orders


def left_at_chicago(store):
    """Units and shipments that Chicago has left."""
    (node,) = [node for node in tables(freeze(store))[0]["nodes"] if node["node_id"] == "CHI"]
    return node["max_units"], node["max_shipments"]


def test_a_fresh_day_is_frozen_as_it_came_but_for_the_instant(small_day):
    found = freeze(small_day)
    document = snapshot_document(small_snapshot())
    document["snapshot"]["as_of"] = "2026-06-08T10:00:00+00:00"
    document["inventory"] = [
        {"node_id": node_id, "sku": sku, "on_hand": units, "safety_stock": 0, "reserved": 0}
        for node_id, sku, units in (("CHI", "A", 10), ("CHI", "B", 1), ("LAX", "A", 10))
    ]
    assert found.content == canonical(document)
    assert (found.snapshot_version, found.stock_version) == ("v1", 1)
    _, snapshot = readable(found)
    assert (snapshot.checked, len(snapshot.orders), len(snapshot.inventory)) == (True, 3, 3)


def test_feeds_reservations_and_orders_of_now_by_hand(small_day):
    store = small_day

    def happen(transaction):
        reserve(transaction, SCOPE, [StockLine("CHI", "A", 2)], 60_000_000)  # expires
        reserve(transaction, SCOPE, [StockLine("CHI", "A", 1)], 7_200_000_000)
        gone = reserve(transaction, SCOPE, [StockLine("LAX", "A", 5)], 60_000_000)
        release(transaction, SCOPE, gone.reservation_id)
        kept = reserve(transaction, SCOPE, [StockLine("LAX", "A", 3)], 60_000_000)
        commit(transaction, SCOPE, kept.reservation_id)
        cancel_order(transaction, SCOPE, "o2")
        rows = [StockRow("LAX", "B", 9, 2, 1), StockRow("LAX", "unknown", 5), StockRow("NYC", "A", 5)]
        take_feed(transaction, SCOPE, Feed(rows, False, transaction.now, sequence=1))

    store.transact(happen)
    put_orders(store, [{"order_id": "o4", **NEWARK, "lines": [{"line_id": "x", "sku": "A", "quantity": 7}]}])
    store.clock.forward(minutes=5)
    found = freeze(store)
    document, stock, orders = tables(found)
    # CHI/A 10 - 1 held (2 more have expired); LAX/A 10 - 3 committed; LAX/B 9 - 2 - 1; nothing that v1 does not know
    assert stock == {("CHI", "A"): 9, ("CHI", "B"): 1, ("LAX", "A"): 7, ("LAX", "B"): 6}
    assert orders == {"o1": {"1": 4}, "o3": {"1": 2}, "o4": {"x": 7}}
    assert document["snapshot"]["as_of"] == "2026-06-08T10:05:00+00:00"
    assert found.stock_version == 2
    assert len(readable(found)[1].orders) == 3


def test_a_second_wave_has_what_the_first_left(small_day):
    store = small_day
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "committed"
    put_orders(store, [{"order_id": "o4", **NEWARK, "lines": [{"line_id": "x", "sku": "A", "quantity": 7}]}])
    document, stock, orders = tables(freeze(store))
    # Newark is nearer to Chicago: 4 + 3 units of A and the one of B came from there, in three shipments
    assert stock == {("CHI", "A"): 3, ("CHI", "B"): 0, ("LAX", "A"): 10}
    assert orders == {"o3": {"1": 1}, "o4": {"x": 7}}
    nodes = {node["node_id"]: node for node in document["nodes"]}
    assert (nodes["CHI"]["max_units"], nodes["CHI"]["max_shipments"]) == (92, 47)
    assert "max_units" not in nodes["LAX"]
    with_room = [Node(node_id="CHI", **CHICAGO, max_units=20, max_shipments=9)]
    put_day(store, small_snapshot(nodes=with_room, stock={("CHI", "A"): 9}), "v2")
    # its picture is of nine o'clock, the commits of ten: they are deducted neither from its stock nor its capacity
    assert left_at_chicago(store) == (12, 6)
    assert tables(freeze(store))[1][("CHI", "A")] == 2
    store.clock.forward(minutes=5)
    put_day(store, small_snapshot(nodes=with_room, stock={("CHI", "A"): 9}, as_of=AT_TEN), "v3")
    assert left_at_chicago(store) == (20, 9)  # a picture of after them says anew what is left
    assert tables(freeze(store))[1][("CHI", "A")] == 9


@pytest.mark.parametrize(("as_of", "left"), [(MONDAY, (12, 6)), (AT_TEN, (20, 9))])
def test_a_plan_of_a_snapshot_before_the_last_uses_capacity_of_the_last(small_day, as_of, left):
    store = small_day
    room = small_snapshot(
        nodes=[Node(node_id="CHI", **CHICAGO, max_units=20, max_shipments=9)],
        stock={("CHI", "A"): 9, ("CHI", "B"): 1},
        as_of=as_of,
    )
    ask(store, commit=True)
    done = run_next(store, SCOPE, QUICK, planner=between(lambda: put_day(store, room, "v2")))
    assert (done.state, done.snapshot_version) == ("committed", "v1")
    assert left_at_chicago(store) == left


def test_reservations_use_the_capacity_of_their_nodes(small_day):
    store = small_day

    def happen(transaction):
        reserve(transaction, SCOPE, [StockLine("CHI", "A", 1)], 60_000_000)  # expires
        reserve(transaction, SCOPE, [StockLine("CHI", "A", 2), StockLine("CHI", "B", 1)], 7_200_000_000)
        gone = reserve(transaction, SCOPE, [StockLine("CHI", "A", 1)], 7_200_000_000)
        release(transaction, SCOPE, gone.reservation_id)
        kept = reserve(transaction, SCOPE, [StockLine("CHI", "A", 1), StockLine("LAX", "A", 3)], 60_000_000)
        commit(transaction, SCOPE, kept.reservation_id)

    assert left_at_chicago(store) == (100, 50)
    store.transact(happen)
    store.clock.forward(minutes=5)
    assert left_at_chicago(store) == (96, 48)  # 3 units held, 1 committed
    room = [Node(node_id="CHI", **CHICAGO, max_units=5, max_shipments=4)]
    put_day(store, small_snapshot(nodes=room, stock={("CHI", "A"): 9}), "v2")
    assert left_at_chicago(store) == (1, 2)  # it came after the commit, and is of before it
    put_day(store, small_snapshot(nodes=room, stock={("CHI", "A"): 9}, as_of=AT_TEN), "v3")
    assert left_at_chicago(store) == (2, 3)  # this one knows what was committed, not what is held


@pytest.mark.parametrize(("own", "policy", "planned"), [(None, 0, None), (1, 0, "left out"), (3, 0, 2), (None, 2, 1)])
def test_shipments_that_an_order_has_had_count(store, own, policy, planned):
    order = {"order_id": "o3", **NEWARK, "lines": [{"line_id": "1", "sku": "B", "quantity": 2}]}
    put_day(store, small_snapshot())
    put_orders(store, [{**order, **({} if own is None else {"max_shipments": own})}])
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "committed"
    found = json.loads(freeze(store, most_shipments=policy).content)["orders"]
    assert [order.get("max_shipments") for order in found] == ([] if planned == "left out" else [planned])


def test_orders_that_are_not_valid_are_rejected_and_the_others_planned(small_day):
    store = small_day
    bad = [
        {"order_id": "b1", **NEWARK, "lines": [{"line_id": "1", "sku": "nothing", "quantity": 1}]},
        {"order_id": "b2", "country": "XX", "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]},
        {"order_id": "b3", **NEWARK, "colour": "red", "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]},
    ]
    put_orders(store, bad)
    plan = ask(store, commit=True)
    done = run_next(store, SCOPE, QUICK, planner=plan_here)
    assert (done.plan_id, done.state, done.summary["rejected"], done.summary["orders"]) == (
        plan.plan_id,
        "committed",
        3,
        3,
    )
    for order_id, code in (("b1", "unknown_sku"), ("b2", "country"), ("b3", "unknown_field")):
        order = order_of(store, order_id)
        assert (order.state, [line.rejected for line in order.lines]) == ("rejected", [1])
        assert code in order.reason
    assert [order_of(store, name).state for name in ("o1", "o2", "o3")] == ["allocated", "allocated", "backordered"]
    assert faults(store) == []
    put_orders(store, [{**bad[2], "colour": None}, {key: value for key, value in bad[2].items() if key != "colour"}])
    assert order_of(store, "b3").state == "open"  # mended, it is planned


def test_an_order_changed_while_it_was_read_is_not_rejected(small_day, monkeypatch):
    store = small_day
    put_orders(store, [{"order_id": "b1", **NEWARK, "lines": [{"line_id": "1", "sku": "nothing", "quantity": 1}]}])
    ask(store)

    def mended(found):
        put_orders(store, [{"order_id": "b1", **NEWARK, "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]}])
        return readable(found)

    monkeypatch.setattr("quartermaster.scheduling.run.readable", mended)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "finished"
    assert order_of(store, "b1").state == "open"


def test_a_snapshot_that_cannot_be_read_fails_the_plan_and_leaves_the_orders(small_day):
    store = small_day

    def spoil(transaction):
        from quartermaster.store.snapshots import put_snapshot

        content = json.loads(freeze(store).content)
        content["orders"], content["nodes"][0]["timezone"] = [], "Moon/Crater"
        stock = [StockRow("CHI", "A", 10), StockRow("CHI", "B", 10), StockRow("LAX", "A", 1)]
        put_snapshot(transaction, SCOPE, "v2", canonical(content), transaction.now, stock)

    store.transact(spoil)
    with pytest.raises(InputError):
        readable(freeze(store))
    ask(store)
    done = run_next(store, SCOPE, QUICK, planner=plan_here)
    assert (done.state, "timezone" in done.failure) == ("failed", True)
    assert order_of(store, "o1").state == "open"


def test_a_scope_without_a_snapshot(store):
    with store.read() as transaction, pytest.raises(StoreError, match="no_snapshot"):
        frozen(transaction, SCOPE)
    ask(store)
    done = run_next(store, SCOPE, QUICK, planner=plan_here)
    assert (done.state, "no snapshot yet" in done.failure) == ("failed", True)
    store.transact(lambda transaction: make_scope(transaction, "south"))
    with store.read() as transaction, pytest.raises(StoreError, match="not_found"):
        frozen(transaction, "west")


def test_a_rejection_keeps_what_was_allocated(small_day):
    store = small_day
    ask(store, commit=True)
    run_next(store, SCOPE, QUICK, planner=plan_here)
    rejected = order_of(store, "o3")
    assert (rejected.state, rejected.lines[0].allocated, rejected.lines[0].backordered) == ("backordered", 1, 1)
    without_b = small_snapshot(
        orders=[],
        lines=[],
        products=[row for row in small_snapshot().products if row.sku == "A"],
        stock={("CHI", "A"): 3},
    )
    put_day(store, without_b, "v2")
    ask(store, CHEAPEST, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).summary["rejected"] == 1
    line = order_of(store, "o3").lines[0]
    assert (order_of(store, "o3").state, line.allocated, line.rejected, line.backordered) == ("rejected", 1, 1, 0)
    assert faults(store) == []


def test_new_orders_are_untouched_by_what_old_ones_had(small_day):
    store = small_day
    new = NewOrder(
        "o9",
        canonical(
            {"order_id": "o9", **NEWARK, "max_shipments": 1, "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]}
        ).decode(),
        [NewLine("1", "A", 1)],
    )
    store.transact(lambda transaction: put_order(transaction, SCOPE, new))
    ask(store, commit=True)
    run_next(store, SCOPE, QUICK, planner=plan_here)
    assert order_of(store, "o9").state == "allocated"


def test_what_a_feed_shows_as_stock_comes_no_more(small_day):
    store = small_day
    due = [
        Replenishment(node_id="CHI", sku="A", quantity=units, arrives_on=date(2026, 6, day))
        for day, units in ((8, 3), (9, 4), (10, 5))
    ]
    put_day(store, small_snapshot(replenishment=due), "v2")

    def coming():
        return [row["quantity"] for row in json.loads(freeze(store).content)["replenishment"]]

    assert coming() == [3, 4, 5]
    store.clock.forward(hours=30)
    assert coming() == [3, 4, 5]  # nobody has counted since
    told = [StockRow("CHI", "A", 9)]
    store.transact(lambda transaction: take_feed(transaction, SCOPE, Feed(told, False, transaction.now, sequence=1)))
    assert coming() == [5]


def test_orders_are_rejected_by_id_as_everybody_locks_them(small_day, monkeypatch):
    """In whatever order their problems are found."""
    store, rejected = small_day, []
    lines = {"lines": [{"line_id": "1", "sku": "nothing", "quantity": 1}]}
    put_orders(store, [{"order_id": name, **NEWARK, **lines} for name in ("b1", "b2", "b3")])
    monkeypatch.setattr(run, "reject_order", lambda *given: rejected.append(given[2]))

    def turned(found):
        left, snapshot = readable(found)
        return replace(left, rejected=dict(sorted(left.rejected.items(), reverse=True))), snapshot

    monkeypatch.setattr(run, "readable", turned)
    ask(store)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "finished"
    assert rejected == ["b1", "b2", "b3"]
