"""Feeds and reserved orders over HTTP: what a client that is late, or routes what it has put, is told."""

from __future__ import annotations

from run_days import plan_here
from service.test_stateful import LINE, NORTH, ORDER, answered, available, refused, with_order

from quartermaster.scheduling.run import run_all
from quartermaster.scheduling.settings import RunSettings
from quartermaster.store.audit import audit

PAIR = ("newark", "00123")


def feed(api, on_hand, as_of, **changes):
    row = {"node_id": "newark", "sku": "00123", "on_hand": on_hand}
    body = {"kind": "delta", "as_of": as_of, "rows": [row], **changes}
    return answered(api, "feed_inventory", "POST", f"{NORTH}/inventory", body)


def planned(api, store):
    answered(api, "queue_plan", "POST", f"{NORTH}/plans", {"report": False, "commit": True})
    run_all(store, "north", RunSettings(report=False), planner=plan_here)
    with store.read() as transaction:
        assert audit(transaction, "north") == []


def test_no_older_picture_replaces_a_newer(api):
    told = feed(api, 9, "2026-03-03T10:05:00Z", sequence=1)
    assert (told["applied"], told["as_of"]) == (True, "2026-03-03T10:05:00.000Z")
    body = {"kind": "full", "as_of": "2026-03-03T10:00:00Z", "rows": []}
    problem = refused(api, "POST", f"{NORTH}/inventory", body, status=409, code="snapshot_out_of_order")
    assert "2026-03-03T10:05:00+00:00" in problem.detail
    assert available(api)[PAIR] == 9
    told = feed(api, 8, "2026-03-03T11:00:00Z", kind="full")
    assert told["applied"] is True
    late = feed(api, 30, "2026-03-03T10:59:59Z", sequence=2)
    assert (late["applied"], late["sequence"], late["stock_version"]) == (False, 2, told["stock_version"])
    assert late["picture_as_of"] == "2026-03-03T11:00:00.000Z"
    assert available(api)[PAIR] == 8
    feed(api, 7, "2026-03-03T11:00:00Z", sequence=3)
    assert available(api)[PAIR] == 7
    scope = answered(api, "scope", "GET", NORTH)
    assert (scope["as_of"], scope["picture_as_of"], scope["feed_sequence"]) == (
        "2026-03-03T11:00:00.000Z",
        "2026-03-03T11:00:00.000Z",
        3,
    )


def test_an_order_that_was_put_and_is_routed_has_its_units_once(api, store):
    path = f"{NORTH}/orders/{ORDER['order_id']}"
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})
    told = answered(api, "route_order", "POST", f"{NORTH}/route", {"order": ORDER, "reserve": True}, status=201)
    planned(api, store)
    assert answered(api, "order", "GET", path)["state"] == "open"
    assert "a reservation is held" in answered(api, "explain_order", "GET", f"{path}/explanation")["reason"]
    there = available(api)
    resolve = f"{NORTH}/reservations/{told['reservation']['reservation_id']}"
    answered(api, "commit_reservation", "POST", f"{resolve}/commit")
    planned(api, store)
    assert available(api) == there, "nothing more was given"
    order = answered(api, "order", "GET", path)
    assert (order["state"], {one["plan_id"] for one in order["allocations"]}) == ("allocated", {None})
    explained = answered(api, "explain_order", "GET", f"{path}/explanation")
    assert (explained["given"], explained["reason"]) == ([], "")
    other = with_order(order_id="other")
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [other]})
    takers = answered(api, "explain_order", "GET", f"{NORTH}/orders/other/explanation")["takers"]
    assert {one["order_id"] for one in takers} == {ORDER["order_id"]}


def test_an_order_that_is_routed_first_and_put_later_has_its_units_once(api, store):
    told = answered(api, "route_order", "POST", f"{NORTH}/route", {"order": ORDER, "reserve": True}, status=201)
    resolve = f"{NORTH}/reservations/{told['reservation']['reservation_id']}"
    answered(api, "commit_reservation", "POST", f"{resolve}/commit")
    there = available(api)
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})
    planned(api, store)
    assert available(api) == there
    assert answered(api, "order", "GET", f"{NORTH}/orders/{ORDER['order_id']}")["state"] == "allocated"


def test_a_reservation_of_units_that_a_plan_gave_is_not_committed(api, store):
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})
    planned(api, store)
    own = {"lines": [LINE], "order_id": ORDER["order_id"]}
    held = answered(api, "reserve", "POST", f"{NORTH}/reservations", own)
    path = f"{NORTH}/reservations/{held['reservation_id']}"
    problem = refused(api, "POST", f"{path}/commit", status=409, code="order_state")
    assert problem.facts == {"state": "allocated", "reserved": 4, "waiting": 0}
    answered(api, "release_reservation", "POST", f"{path}/release")
