"""The stateful routes, end to end on both stores: answers are of their schemas, and say what the store holds."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from run_days import plan_here
from service.conftest import SNAPSHOT

from quartermaster.domain.plan import Status
from quartermaster.scheduling.run import run_all
from quartermaster.scheduling.settings import RunSettings
from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.contracts import CONTRACTS
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.audit import audit
from quartermaster.store.instants import time_of

NORTH = "/v1/scopes/north"
ORDER = {**copy.deepcopy(PLAN_REQUEST["snapshot"]["orders"][0]), "promise_date": "2099-12-31"}
LINE = {"node_id": "newark", "sku": "00123", "quantity": 4}


def answered(api, operation, method, path, body=None, status=None):
    """Ask, and see that the answer is of its schema."""
    response = api.ask(method, path, body)
    contract = CONTRACTS[operation]
    assert response.status_code == (status or contract.status), response.text
    contract.answer.model_validate_json(response.content, strict=True)
    return response.json()


def refused(api, method, path, body=None, *, status, code, key=None):
    response = api.ask(method, path, body, key)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = ProblemAnswer.model_validate_json(response.content)
    assert problem.code == code
    return problem


def available(api):
    rows = answered(api, "availability", "GET", f"{NORTH}/availability")["rows"]
    return {(row["node_id"], row["sku"]): row["available"] for row in rows}


def with_order(**changes):
    return {**ORDER, **changes}


def test_a_reservation_from_hold_to_commit(api, store):
    held = answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [LINE], "order_id": "7"})
    assert (held["state"], held["order_id"], held["lines"]) == ("held", "7", [LINE])
    assert available(api) == {("newark", "00123"): 36, ("store-7", "00123"): 1}
    path = f"{NORTH}/reservations/{held['reservation_id']}"
    longer = answered(api, "extend_reservation", "POST", f"{path}/extend", {"lifetime_seconds": 7_200})
    assert longer["expires_at"] > held["expires_at"]
    done = answered(api, "commit_reservation", "POST", f"{path}/commit")
    assert (done["state"], done["commit_sequence"]) == ("committed", 1)
    assert answered(api, "commit_reservation", "POST", f"{path}/commit") == done
    assert answered(api, "reservation", "GET", path) == done
    refused(api, "POST", f"{path}/release", status=409, code="reservation_state")
    assert answered(api, "scope", "GET", NORTH)["commit_sequence"] == 1
    with store.read() as transaction:
        assert audit(transaction, "north") == []


def test_released_units_come_back_and_too_many_are_refused(api):
    held = answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [{**LINE, "quantity": 40}]})
    problem = refused(api, "POST", f"{NORTH}/reservations", {"lines": [LINE]}, status=409, code="insufficient_stock")
    assert problem.facts == {"lacking": [{"node_id": "newark", "sku": "00123", "wanted": 4, "available": 0}]}
    path = f"{NORTH}/reservations/{held['reservation_id']}/release"
    assert answered(api, "release_reservation", "POST", path)["state"] == "released"
    assert available(api)["newark", "00123"] == 40
    some = {"lines": [{**LINE, "quantity": 41}], "allow_partial": True}
    assert answered(api, "reserve", "POST", f"{NORTH}/reservations", some)["lines"] == [{**LINE, "quantity": 40}]


def test_feeds_in_their_order(api):
    def feed(**changes):
        return {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "rows": [], **changes}

    path = f"{NORTH}/inventory"
    row = {"node_id": "newark", "sku": "00123", "on_hand": 9, "reserved": 2}
    told = answered(api, "feed_inventory", "POST", path, feed(sequence=1, rows=[row]))
    assert (told["sequence"], told["stock_version"]) == (1, 2)
    assert available(api)["newark", "00123"] == 7
    refused(api, "POST", path, feed(sequence=3), status=409, code="feed_gap")
    refused(api, "POST", path, feed(sequence=1), status=409, code="feed_known")
    refused(api, "POST", path, feed(sequence=2, deducted_through=5), status=422, code="deducted_through")
    late = feed(kind="full", as_of="2026-01-01T00:00:00Z", rows=[row])
    refused(api, "POST", path, late, status=409, code="snapshot_out_of_order")
    twice = refused(api, "POST", path, feed(sequence=2, rows=[row, row]), status=422, code="validation")
    assert [(error.pointer, error.code) for error in twice.errors] == [("/rows/1", "duplicate_row")]
    ahead = refused(api, "POST", path, feed(sequence=2, as_of="2099-01-01T00:00:00Z"), status=422, code="validation")
    assert [error.code for error in ahead.errors] == ["snapshot_time"]
    full = feed(kind="full", as_of="2026-03-04T00:00:00+01:00", rows=[{**row, "node_id": "store-7"}])
    answered(api, "feed_inventory", "POST", path, full)
    assert available(api) == {("newark", "00123"): 0, ("store-7", "00123"): 7}


def test_snapshots_are_never_overwritten(api):
    path = f"{NORTH}/snapshots"
    again = answered(api, "put_snapshot", "PUT", f"{path}/v1", SNAPSHOT)
    assert (again["stock_version"], again["scope_made"]) == (1, False)
    older = {**SNAPSHOT, "snapshot": {**SNAPSHOT["snapshot"], "as_of": "2026-01-05T00:00:00Z"}}
    refused(api, "PUT", f"{path}/v1", older, status=409, code="snapshot_conflict")
    refused(api, "PUT", f"{path}/v2", older, status=409, code="snapshot_out_of_order")
    empty = {**SNAPSHOT, "inventory": [{**row, "on_hand": 0} for row in SNAPSHOT["inventory"]]}
    refused(api, "PUT", f"{path}/v3", empty, status=409, code="snapshot_shrunk")
    taken = answered(api, "put_snapshot", "PUT", f"{path}/v3?accept_shrink=true", empty, status=201)
    assert taken["stock_version"] == 2
    assert set(available(api).values()) == {0}


def test_an_order_may_come_after_the_snapshot_but_not_from_the_future(api, store):
    """The snapshot is of a morning long ago."""
    with store.read() as transaction:
        now = time_of(transaction.now)
    soon, later = (with_order(ordered_at=(now + timedelta(minutes=by)).isoformat(), order_id=f"{by}") for by in (4, 9))
    told = answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [soon, later]})["orders"]
    assert [(one["result"], one["reason"]) for one in told] == [
        ("created", ""),
        ("rejected", "time_future at /ordered_at"),
    ]
    assert answered(api, "route_order", "POST", f"{NORTH}/route", {"order": soon})["options"]
    refused(api, "POST", f"{NORTH}/route", {"order": later}, status=422, code="validation")
    assert answered(api, "explain_order", "GET", f"{NORTH}/orders/4/explanation")["order_id"] == "4"


def test_orders_are_taken_one_by_one(api):
    bad = with_order(order_id="bad", lines=[{"line_id": "1", "sku": "nope", "quantity": 1}])
    body = {"orders": [ORDER, bad, {"lines": []}, ORDER]}
    told = answered(api, "put_orders", "POST", f"{NORTH}/orders", body)["orders"]
    assert [one["result"] for one in told] == ["created", "rejected", "refused", "known"]
    assert told[1]["reason"] == "unknown_sku at /lines/0/sku"
    assert told[2]["reason"] == "missing_field at /order_id"
    rejected = answered(api, "order", "GET", f"{NORTH}/orders/bad")
    assert (rejected["state"], rejected["reason"]) == ("rejected", "unknown_sku at /lines/0/sku")
    changed = with_order(lines=[{**ORDER["lines"][0], "quantity": 2}])
    told = answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [changed]})["orders"]
    assert [one["result"] for one in told] == ["updated"]
    order = answered(api, "order", "GET", f"{NORTH}/orders/{ORDER['order_id']}")
    assert [(line["ordered"], line["open"]) for line in order["lines"]] == [(2, 2)]
    assert [entry["event"] for entry in order["history"]] == ["created", "updated"]
    gone = answered(api, "cancel_order", "DELETE", f"{NORTH}/orders/{ORDER['order_id']}")
    assert (gone["state"], gone["lines"][0]["cancelled"]) == ("cancelled", 2)
    told = answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})["orders"]
    assert told[0]["result"] == "refused"
    assert told[0]["reason"].startswith("order_state")
    refused(api, "GET", f"{NORTH}/orders/none", status=404, code="not_found")


def test_a_plan_from_queue_to_commit(api, store):
    short = with_order(order_id="9", lines=[{**ORDER["lines"][0], "quantity": 60}])
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER, short]})
    policy = {"solver": {"time_limit_seconds": 5}}
    queued = answered(api, "queue_plan", "POST", f"{NORTH}/plans", {"policy": policy, "report": False})
    path = f"{NORTH}/plans/{queued['plan_id']}"
    assert queued["state"] == "queued"
    refused(api, "GET", f"{path}/allocations", status=409, code="plan_state")
    refused(api, "POST", f"{path}/commit", {}, status=409, code="plan_state")
    assert run_all(store, "north", RunSettings(report=False), planner=plan_here) == 1
    done = answered(api, "plan_state", "GET", path)
    assert done["state"] == "finished", done["failure"]
    assert done["summary"]["status"] in set(Status)
    given = answered(api, "plan_allocations", "GET", f"{path}/allocations")
    page = answered(api, "plan_allocations", "GET", f"{path}/allocations?limit=1")
    assert page["rows"] == given["rows"][:1]
    assert (page["cursor"] is None) == (given["rows_total"] == 1)
    for name in ("shipments", "backorders", "prices"):
        answered(api, f"plan_{name}", "GET", f"{path}/{name}")
    answered(api, "plan_certificate", "GET", f"{path}/certificate")
    committed = answered(api, "commit_plan", "POST", f"{path}/commit", {})
    assert (committed["state"], committed["is_current"]) == ("committed", True)
    assert answered(api, "commit_plan", "POST", f"{path}/commit", {}) == committed
    units = sum(int(row["quantity"]) for row in given["rows"])
    assert sum(available(api).values()) == 41 - units
    order = answered(api, "order", "GET", f"{NORTH}/orders/9")
    assert order["state"] == "backordered"
    assert all(line["ordered"] == line["allocated"] + line["backordered"] for line in order["lines"])
    told = answered(api, "events", "GET", f"{NORTH}/events")
    kinds = {event["type"] for event in told["events"]}
    assert {"allocation", "backorder", "plan_committed"} <= kinds
    assert [event["sequence"] for event in told["events"]] == list(range(1, len(told["events"]) + 1))
    assert answered(api, "events", "GET", f"{NORTH}/events?after={told['after']}")["events"] == []
    with store.read() as transaction:
        assert audit(transaction, "north") == []


def test_an_order_is_explained(api, store):
    """Five are wanted and three are there: three are given, and two more at the best node would make it whole."""
    answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [{**LINE, "quantity": 38}]})
    big = with_order(order_id="big", lines=[{**ORDER["lines"][0], "quantity": 5}])
    late = with_order(order_id="late", lines=[{**ORDER["lines"][0], "quantity": 1}])
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [big]})
    answered(api, "queue_plan", "POST", f"{NORTH}/plans", {"report": False, "commit": True})
    run_all(store, "north", RunSettings(report=False), planner=plan_here)
    assert set(available(api).values()) == {0}
    told = answered(api, "explain_order", "GET", f"{NORTH}/orders/big/explanation")
    assert told["state"] == "backordered"
    assert {one["node_id"] for one in told["given"]} == {"newark", "store-7"}
    assert told["best_now"]["backordered"] == {"1": 2}
    assert told["would_fill"]["option"]["backordered"] == {}
    assert sum(one["quantity"] for one in told["would_fill"]["units"]) >= 2
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [late]})
    other = answered(api, "explain_order", "GET", f"{NORTH}/orders/late/explanation")
    assert [(one["order_id"], one["quantity"]) for one in other["takers"]] == [("big", 2), ("big", 1)]
    assert {one["reason"] for one in other["nodes"]} == {"no_stock"}
    assert [one["quantity"] for one in other["would_fill"]["units"]] == [1]
    assert set(available(api).values()) == {0}  # it was asked, nothing was changed


def test_an_order_whose_sku_is_gone_is_explained(api, store):
    """A plan gave it units; then a snapshot comes that does not know them any more."""
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})
    answered(api, "queue_plan", "POST", f"{NORTH}/plans", {"report": False, "commit": True})
    run_all(store, "north", RunSettings(report=False), planner=plan_here)
    path = f"{NORTH}/orders/{ORDER['order_id']}/explanation"
    before = answered(api, "explain_order", "GET", path)
    assert before["given"]
    assert before["best_now"]
    other = copy.deepcopy(SNAPSHOT)
    for row in (*other["products"], *other["inventory"]):
        row["sku"] = "00456"
    other["snapshot"] |= {"version": "later", "as_of": "2026-03-02T10:00:00-05:00"}
    answered(api, "put_snapshot", "PUT", f"{NORTH}/snapshots/later?accept_shrink=true", other, status=201)
    told = answered(api, "explain_order", "GET", path)
    assert told == {**before, "reason": "unknown_sku", "best_now": None, "nodes": [], "would_fill": None}


def test_a_plan_of_an_old_stock_picture_is_not_committed(api, store):
    answered(api, "put_orders", "POST", f"{NORTH}/orders", {"orders": [ORDER]})
    queued = answered(api, "queue_plan", "POST", f"{NORTH}/plans", {"report": False})
    run_all(store, "north", RunSettings(report=False), planner=plan_here)
    feed = {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "sequence": 1, "rows": []}
    answered(api, "feed_inventory", "POST", f"{NORTH}/inventory", feed)
    path = f"{NORTH}/plans/{queued['plan_id']}/commit"
    problem = refused(api, "POST", path, {}, status=409, code="snapshot_stale")
    assert problem.facts == {"planned": 1, "now": 2}
    assert answered(api, "commit_plan", "POST", path, {"recheck": True})["state"] == "committed"


def test_a_waiting_plan_is_stopped_and_the_queue_is_bounded(api):
    ids = [answered(api, "queue_plan", "POST", f"{NORTH}/plans", {})["plan_id"] for _ in range(10)]
    full = api.ask("POST", f"{NORTH}/plans", {})
    assert (full.status_code, full.json()["code"]) == (503, "queue_full")
    assert int(full.headers["retry-after"]) > 0
    stopped = answered(api, "stop_plan", "DELETE", f"{NORTH}/plans/{ids[0]}")
    assert (stopped["state"], stopped["failure"]) == ("failed", "stopped before it began")


def test_an_order_is_routed_and_its_units_held(api, store):
    body = {"order": ORDER, "reserve": True, "count": 2}
    told = answered(api, "route_order", "POST", f"{NORTH}/route", body, status=201)
    best, held = told["options"][0], told["reservation"]
    taken = {(one["node_id"], "00123"): sum(one["units"].values()) for one in best["shipments"]}
    assert taken == {(line["node_id"], line["sku"]): line["quantity"] for line in held["lines"]}
    before = {("newark", "00123"): 40, ("store-7", "00123"): 1}
    assert available(api) == {pair: units - taken.get(pair, 0) for pair, units in before.items()}
    unheld = answered(api, "route_order", "POST", f"{NORTH}/route", {"order": ORDER})
    assert unheld["reservation"] is None
    promised = answered(api, "promise", "POST", f"{NORTH}/promise", {"order": ORDER})["promises"]
    assert promised
    days = [entry["delivery_date"] for entry in promised]
    assert days == sorted(days)
    with store.read() as transaction:
        assert audit(transaction, "north") == []


def test_the_router_knows_what_others_took(api):
    """All but two units are held by somebody else; then one more is, behind the router's back."""
    answered(api, "route_order", "POST", f"{NORTH}/route", {"order": ORDER})
    answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [{**LINE, "quantity": 39}]})
    wanted = with_order(lines=[{**ORDER["lines"][0], "quantity": 3}])
    told = answered(api, "route_order", "POST", f"{NORTH}/route", {"order": wanted})
    served = sum(sum(one["units"].values()) for one in told["options"][0]["shipments"])
    assert served <= 2
    held = answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [{**LINE, "quantity": 1}]})
    told = answered(api, "route_order", "POST", f"{NORTH}/route", {"order": wanted})
    assert all(one["node_id"] == "store-7" for one in told["options"][0]["shipments"])
    answered(api, "release_reservation", "POST", f"{NORTH}/reservations/{held['reservation_id']}/release")


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer", "code"),
    [
        ("POST", "reservations", {}, "/lines", "missing_field"),
        ("POST", "reservations", {"lines": []}, "/lines", "missing_field"),
        ("POST", "reservations", {"lines": [{**LINE, "quantity": 0}]}, "/lines/0/quantity", "qty_not_positive"),
        ("POST", "reservations", {"lines": [{**LINE, "quantity": True}]}, "/lines/0/quantity", "type"),
        ("POST", "reservations", {"lines": [{**LINE, "quantity": "3"}]}, "/lines/0/quantity", "type"),
        ("POST", "reservations", {"lines": [{**LINE, "quantity": 2.5}]}, "/lines/0/quantity", "qty_not_whole"),
        ("POST", "reservations", {"lines": [{**LINE, "quantity": 10**7}]}, "/lines/0/quantity", "qty_too_large"),
        ("POST", "reservations", {"lines": [{**LINE, "qantity": 1}]}, "/lines/0/qantity", "unknown_field"),
        ("POST", "reservations", {"lines": [LINE], "lifetime_seconds": 10**9}, "/lifetime_seconds", "out_of_range"),
        ("POST", "inventory", {"kind": "half", "as_of": "x", "rows": []}, "/kind", "out_of_range"),
        ("POST", "inventory", {"kind": "full", "as_of": "2026-03-03T00:00:00", "rows": []}, "/as_of",
         "time_no_offset"),
        ("POST", "inventory", {"kind": "full", "as_of": "soon", "rows": []}, "/as_of", "time_format"),
        ("POST", "plans", {"policy": {"solver": {"time_limit_seconds": 1e9}}}, "/policy/solver/time_limit_seconds",
         "weight_range"),
        ("POST", "route", {"order": {**ORDER, "lines": []}}, "/order/order_id", "no_lines"),
        ("GET", "events?limit=0", None, "?limit", "out_of_range"),
    ],
)  # fmt: skip
def test_bad_bodies_are_told_with_their_place(api, method, path, body, pointer, code):
    problem = refused(api, method, f"{NORTH}/{path}", body, status=422, code="validation")
    assert (pointer, code) in {(error.pointer, error.code) for error in problem.errors}
    assert sum(available(api).values()) == 41


def test_unknown_fields_come_with_the_nearest_known_one(api):
    problem = refused(
        api, "POST", f"{NORTH}/reservations", {"lines": [{**LINE, "qantity": 1}]}, status=422, code="validation"
    )
    assert "did you mean quantity" in problem.errors[0].detail


def every_route(routes):
    for route in routes:
        inner = getattr(route, "original_router", None) or route
        if getattr(inner, "routes", None):
            yield from every_route(inner.routes)
        else:
            yield from ((method, route.path_format) for method in route.methods or () if method != "HEAD")


def test_what_is_served_is_what_is_described(api):
    document = api.client.get("/openapi.json").json()
    described = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    served = {(method, path) for method, path in every_route(api.client.app.routes) if path != "/openapi.json"}
    assert described == served
    operations = {one["operationId"]: one for path in document["paths"].values() for one in path.values()}
    assert set(CONTRACTS) == set(operations) - {"plan", "evaluate", "healthz", "readyz", "metrics"}
    for name, contract in CONTRACTS.items():
        assert "401" in operations[name]["responses"]
        assert ("409" in operations[name]["responses"]) or not contract.changes


def test_another_method_is_told_every_method_of_the_address(api):
    for path, methods in (("orders", "GET, POST"), ("orders/a%2Fb", "DELETE, GET"), ("inventory", "POST")):
        problem = refused(api, "PATCH", f"{NORTH}/{path}", status=405, code="method_not_allowed")
        assert problem.detail.startswith(f"allowed: {methods};")
        assert api.ask("OPTIONS", f"{NORTH}/{path}").headers.get_list("allow") == [methods]


def test_ready_and_watched(api):
    assert api.client.get("/readyz").json() == {"status": "ready"}
    refused(api.as_key("nobody"), "GET", "/metrics", status=401, code="unauthorized")
    answered(api, "reserve", "POST", f"{NORTH}/reservations", {"lines": [LINE]})
    told = api.ask("GET", "/metrics").text
    assert 'quartermaster_reservations{scope="north",state="held"} 1.0' in told
    assert 'quartermaster_requests_total{operation="reserve",status="201"} 1.0' in told
    assert 'quartermaster_request_seconds_count{operation="reserve"} 1.0' in told


NUL_PATHS = [
    ("GET", "/v1/scopes/a{}b"), ("GET", NORTH + "/orders/{}"), ("DELETE", NORTH + "/orders/a{}"),
    ("GET", NORTH + "/plans/{}"), ("DELETE", NORTH + "/plans/{}"), ("GET", NORTH + "/plans/{}/allocations"),
    ("POST", NORTH + "/reservations/{}/commit"), ("GET", NORTH + "/reservations/{}"), ("PUT", NORTH + "/snapshots/{}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), NUL_PATHS)
def test_no_address_holds_nul(api, method, path):
    refused(api, method, path.format("%00"), SNAPSHOT if method == "PUT" else None, status=404, code="not_found")


@pytest.mark.parametrize("field", ["node_id", "sku", "order_id"])
@pytest.mark.parametrize(("text", "code"), [("a\0b", "text_not_allowed"), ("a\nb", "id_format"), ("=a", "id_format")])
def test_ids_of_bodies_are_as_in_snapshots(api, field, text, code):
    body = {"lines": [LINE], "order_id": text} if field == "order_id" else {"lines": [{**LINE, field: text}]}
    problem = refused(api, "POST", f"{NORTH}/reservations", body, status=422, code="validation")
    pointer = "/order_id" if field == "order_id" else f"/lines/0/{field}"
    assert [(error.pointer, error.code) for error in problem.errors] == [(pointer, code)]
    row = {"node_id": "newark", "sku": "00123", "on_hand": 1, **({} if field == "order_id" else {field: text})}
    feed = {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "sequence": 1, "rows": [row]}
    if field != "order_id":
        refused(api, "POST", f"{NORTH}/inventory", feed, status=422, code="validation")


@pytest.mark.parametrize(
    ("query", "code"),
    [*((f"deducted_through={text}", "out_of_range") for text in ("x", "", "-1", "1.5", "9" * 5_000, "%D9%A1", "%00")),
     ("accept_shrink=yes", "choice")],
)  # fmt: skip
def test_the_query_of_a_snapshot_is_read_by_its_kinds(api, query, code):
    path = f"{NORTH}/snapshots/v2?{query}"
    problem = refused(api, "PUT", path, SNAPSHOT, status=422, code="validation")
    assert [(error.pointer, error.code) for error in problem.errors] == [("?" + query.partition("=")[0], code)]
    refused(api, "PUT", f"{NORTH}/snapshots/v2?deducted_through=1", SNAPSHOT, status=422, code="deducted_through")
