"""Lists come in pages that stay whole while rows come and go, and their cursors are signed."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from service.conftest import SNAPSHOT
from store_cases import planned

from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.contracts import CONTRACTS, QUERY
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.keys import make_key
from quartermaster.store.secret import secret_of

NORTH = "/v1/scopes/north"
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}
TABLE = "order_id,line_id,sku,node_id,quantity,shipment_id\n" + "".join(f"o{at},1,A,é,{at},s\n" for at in range(25))
PAIRS = [("B", "x"), ("B", "\u00e9"), ("a", "X"), ("a", "b"), ("a", "\U0001f600")]  # B before a, X before b


def page(api, operation, path):
    response = api.ask("GET", path)
    assert response.status_code == 200, response.text
    CONTRACTS[operation].answer.model_validate_json(response.content, strict=True)
    return response.json()


def pages(api, operation, path, limit, between=lambda: None):
    """Every row, page by page."""
    rows, cursor = [], ""
    while cursor is not None:
        found = page(
            api, operation, f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor and '&cursor=' + cursor}"
        )
        assert len(found["rows"]) <= limit
        assert found["rows"] or not rows, "no page but an empty list's is empty"
        rows, cursor = [*rows, *found["rows"]], found["cursor"]
        between()
    return rows


def feed(api, sequence, pairs):
    rows = [{"node_id": node_id, "sku": sku, "on_hand": 1} for node_id, sku in pairs]
    body = {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "sequence": sequence, "rows": rows}
    assert api.ask("POST", f"{NORTH}/inventory", body).status_code == 200


def put(api, *order_ids):
    body = {"orders": [{**ORDER, "order_id": order_id} for order_id in order_ids]}
    assert api.ask("POST", f"{NORTH}/orders", body).status_code == 200


def tabled(store):
    return planned(store, parts={f"{name}.csv": TABLE.encode() for name in ("allocations", "prices")})


def test_availability_comes_in_pages_by_code_points(api):
    feed(api, 1, reversed(PAIRS))

    def found(query=""):
        rows = pages(api, "availability", f"{NORTH}/availability{query}", 2)
        return [(row["node_id"], row["sku"]) for row in rows]

    assert found() == [*PAIRS, ("newark", "00123"), ("store-7", "00123")]
    assert found("?node_id=a") == PAIRS[2:]
    assert found("?sku=b") == [("a", "b")]
    assert found("?sku=none") == []
    assert api.ask("GET", f"{NORTH}/availability?sku=%00").status_code == 422


def test_rows_that_come_between_two_pages_move_no_other(api):
    """Before and behind the place where a reader is: what was there all the time is answered once."""
    feed(api, 1, PAIRS)
    numbers = iter(range(2, 100))

    def written():
        number = next(numbers)
        feed(api, number, [("0", f"new {number}"), ("z", f"new {number}")])
        put(api, f"0 new {number}", f"z new {number}")

    rows = pages(api, "availability", f"{NORTH}/availability", 2, written)
    told = [(row["node_id"], row["sku"]) for row in rows if not row["sku"].startswith("new")]
    assert told == [*PAIRS, ("newark", "00123"), ("store-7", "00123")]
    assert len({(row["node_id"], row["sku"]) for row in rows}) == len(rows)
    known = [f"o{at}" for at in range(6)]
    put(api, *known)
    rows = pages(api, "list_orders", f"{NORTH}/orders", 2, written)
    assert sorted(row["order_id"] for row in rows if "new" not in row["order_id"]) == known
    assert len({row["order_id"] for row in rows}) == len(rows)


def test_orders_are_listed_by_their_state(api):
    put(api, "one", "two", "a/b")
    assert (
        api.ask("POST", f"{NORTH}/orders", {"orders": [{**ORDER, "order_id": "bad", "lines": []}]}).status_code == 200
    )
    assert api.ask("DELETE", f"{NORTH}/orders/two").status_code == 200

    def listed(query=""):
        return {row["order_id"]: row["state"] for row in pages(api, "list_orders", f"{NORTH}/orders{query}", 1)}

    assert listed() == {"one": "open", "two": "cancelled", "a/b": "open", "bad": "rejected"}
    assert listed("?state=open") == {"one": "open", "a/b": "open"}
    assert listed("?state=allocated") == {}
    assert api.ask("GET", f"{NORTH}/orders?state=lost").json()["errors"][0]["code"] == "choice"
    assert api.ask("GET", "/v1/scopes/nowhere/orders").status_code == 404


@pytest.mark.parametrize("limit", [1, 7, 25, 26])
def test_a_table_of_a_plan_comes_in_pages(api, store, limit):
    path = f"{NORTH}/plans/{tabled(store)}/allocations"
    rows = pages(api, "plan_allocations", path, limit)
    assert [(row["order_id"], row["node_id"], row["quantity"]) for row in rows] == [
        (f"o{at}", "é", str(at)) for at in range(25)
    ]
    assert page(api, "plan_allocations", f"{path}?limit={limit}")["rows_total"] == 25


def lists(plan_id):
    return {
        "availability": f"{NORTH}/availability",
        "list_orders": f"{NORTH}/orders",
        **{f"plan_{name}": f"{NORTH}/plans/{plan_id}/{name}" for name in ("allocations", "prices")},
    }


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "1000000", "1e6", "", "x", "%00", "9" * 5_000, "%D9%A1"])
def test_pages_have_their_limits(api, store, limit):
    paths = {**lists(tabled(store)), "events": f"{NORTH}/events"}
    for path in paths.values():
        answer = api.ask("GET", f"{path}?limit={limit}")
        assert answer.status_code == 422, answer.text
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("?limit", "out_of_range")]


def test_every_list_has_a_limit_and_none_has_an_offset(api, store):
    for operation, path in {**lists(tabled(store)), "events": f"{NORTH}/events", "scope": NORTH}.items():
        assert operation == "scope" or {"limit"} <= {one["name"] for one in QUERY[operation]}
        answer = api.ask("GET", f"{path}?offset=-1")
        assert answer.status_code == 422
        (error,) = ProblemAnswer.model_validate_json(answer.content).errors
        assert (error.pointer, error.code) == ("?offset", "unknown_field")


def refused(api, path, cursor):
    answer = api.ask("GET", f"{path}{'&' if '?' in path else '?'}cursor={quote(cursor)}")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor"), (cursor, answer.text)


def test_a_cursor_that_was_not_given_out_for_a_list_is_refused(api, store):
    paths = lists(tabled(store))
    put(api, "o1", "o2")
    assert api.ask("PUT", "/v1/scopes/south/snapshots/v1", SNAPSHOT).status_code == 201
    cursors = {name: page(api, name, f"{path}?limit=1")["cursor"] for name, path in paths.items()}
    assert None not in cursors.values()
    for name, path in paths.items():
        cursor = cursors[name]
        page(api, name, f"{path}?limit=2&cursor={cursor}")  # the limit may change
        for at in range(len(cursor)):
            refused(api, path, cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :])
        for wrong in ("", "x", "=", cursor + "=", cursor + "AAAA", cursor[:-1], "é", "A" * 8_000, f" {cursor}", "[0]"):
            refused(api, path, wrong)
        forged = base64.urlsafe_b64encode(b"\0" * 16 + b"[0]").decode()
        refused(api, path, forged)
        for other in set(paths) - {name}:
            refused(api, paths[other], cursor)
    refused(api, f"{NORTH}/availability?sku=00123", cursors["availability"])
    refused(api, f"{NORTH}/orders?state=open", cursors["list_orders"])
    refused(api, "/v1/scopes/south/orders", cursors["list_orders"])


def test_another_database_signs_otherwise_and_the_same_one_alike(api, store):
    put(api, "o1", "o2")
    cursor = page(api, "list_orders", f"{NORTH}/orders?limit=1")["cursor"]
    secret = secret_of(store, "cursors")
    assert len(secret) == 32
    assert secret_of(store, "cursors") == secret
    assert secret_of(store, "others") != secret
    reader, _ = store.transact(lambda transaction: make_key(transaction, "reader", ["read"]))
    assert page(api.as_key(reader), "list_orders", f"{NORTH}/orders?limit=1&cursor={cursor}")["rows"]
    assert base64.urlsafe_b64encode(secret).decode().rstrip("=") not in cursor
