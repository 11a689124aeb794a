"""Bodies that are wrong, row by row of the bad-input catalogue: status, code and pointer, never a 500."""

from __future__ import annotations

import copy
import json
import time
from decimal import Decimal

import pytest
from cpu_seconds import least_cpu_seconds
from fastapi.testclient import TestClient

from quartermaster.io.codes import CODES
from quartermaster.service import ServiceSettings, create_app
from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.examples import EVALUATE_REQUEST, PLAN_REQUEST
from quartermaster.service.problem_body import ANSWERS

JSON = {"content-type": "application/json"}
EXAMPLE = json.dumps(PLAN_REQUEST).encode()


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(ServiceSettings(max_order_lines=3)), raise_server_exceptions=False) as held:
        held.post("/v1/plan", content=b"{}", headers=JSON)  # what is imported on first use is not what is measured
        yield held


def refused(client, body, status, path="/v1/plan"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    started = time.process_time()
    response = client.post(path, content=content, headers=JSON)
    assert time.process_time() - started < 5  # a hang, not a speed
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert len(response.content) <= 64 * 1024
    problem = ProblemAnswer.model_validate(response.json())
    assert problem.status == status
    assert problem.code in ANSWERS
    assert {error.code for error in problem.errors} <= set(CODES)
    return problem


def changed(*place_and_value, request=PLAN_REQUEST):
    """Copy the example request with one value replaced; DROP removes it."""
    *place, last, value = place_and_value
    body = copy.deepcopy(request)
    held = body
    for key in place:
        held = held[key]
    if value is DROP:
        del held[last]
    else:
        held[last] = value
    return body


DROP = object()
QUANTITY = "/snapshot/orders/0/lines/0/quantity"
LINE = ("snapshot", "orders", 0, "lines", 0)
SYNTAX = {
    "cut off": (EXAMPLE[:-5], 400, "json_syntax", ""),
    "not json": (b"order_id,sku", 400, "json_syntax", ""),
    "NaN": (b'{"snapshot": NaN}', 400, "json_nonfinite", "/snapshot"),
    "Infinity": (b'{"snapshot": {"a": -Infinity}}', 400, "json_nonfinite", "/snapshot/a"),
    "key twice": (b'{"snapshot": {}, "snapshot": {}}', 400, "json_duplicate_key", "/snapshot"),
    "key twice inside": (b'{"snapshot": {"orders": [{"a": 1, "a": 2}]}}', 400, "json_duplicate_key", None),
    "nested 21 deep": (b"[" * 21 + b"]" * 21, 400, "json_too_deep", ""),
    "100,000 brackets": (b"[" * 100_000, 400, "json_too_deep", ""),
    "5,000 digits": (b'{"snapshot": ' + b"1" * 5000 + b"}", 400, "json_syntax", ""),
    "invalid UTF-8": (b'{"snapshot": "\xff"}', 400, "encoding", ""),
    "lone surrogate": (b'{"snapshot": "\\ud800"}', 400, "encoding", "/snapshot"),
}
FIELDS = {
    "1e999": (b'{"snapshot": 1e999}', "number_out_of_range", "/snapshot"),
    "30 digits": (b'{"snapshot": ' + b"1" * 30 + b"}", "number_out_of_range", "/snapshot"),
    "nothing": (b"", "missing_field", ""),
    "blanks": (b" \n", "missing_field", ""),
    "empty object": (b"{}", "missing_field", "/snapshot"),
    "empty list": (b"[]", "missing_field", "/snapshot"),
    "null": (b"null", "missing_field", "/snapshot"),
    "null snapshot": (b'{"snapshot": null}', "missing_field", "/snapshot"),
    "empty snapshot": (b'{"snapshot": {}}', "missing_field", "/snapshot"),
    "text snapshot": (b'{"snapshot": "day"}', "missing_field", "/snapshot"),
    "unknown field": (changed("polcy", {}), "unknown_field", "/polcy"),
    "unknown table": (changed("snapshot", "ordrs", []), "unknown_field", "/snapshot/ordrs"),
    "unknown column": (changed(*LINE, "qantity", 3), "unknown_field", "/snapshot/orders/0/lines/0/qantity"),
    "true as a quantity": (changed(*LINE, "quantity", True), "type", QUANTITY),
    "text as a quantity": (changed(*LINE, "quantity", "3"), "type", QUANTITY),
    "quantity 0": (changed(*LINE, "quantity", 0), "qty_not_positive", QUANTITY),
    "quantity 2.5": (changed(*LINE, "quantity", 2.5), "qty_not_whole", QUANTITY),
    "quantity 3.0": (changed(*LINE, "quantity", 3.0), "qty_not_whole", QUANTITY),
    "quantity too large": (changed(*LINE, "quantity", 10**6 + 1), "qty_too_large", QUANTITY),
    "no SKU": (changed(*LINE, "sku", DROP), "missing_field", "/snapshot/orders/0/lines/0/sku"),
    "unknown SKU": (changed(*LINE, "sku", "123"), "unknown_sku", "/snapshot/orders/0/lines/0/sku"),
    "NUL in an id": (changed(*LINE, "line_id", "a\0b"), "text_not_allowed", "/snapshot/orders/0/lines/0/line_id"),
    "no lines": (changed("snapshot", "orders", 0, "lines", []), "no_lines", "/snapshot/orders/0/order_id"),
    "price negative": (changed("snapshot", "rates", 0, "price", "-1"), "money_range", "/snapshot/rates/0/price"),
    "price of 7 decimals": (changed("snapshot", "rates", 0, "price", "1.1234567"), "money_scale", None),
    "no offset": (changed("snapshot", "snapshot", "as_of", "2026-03-02T09:00:00"), "time_no_offset", None),
    "unknown policy": (changed("policy", "solvr", {}), "unknown_field", "/policy/solvr"),
    "unknown policy key": (changed("policy", "solver", "treads", 1), "unknown_field", "/policy/solver/treads"),
    "policy of text": (changed("policy", "optimal"), "type", "/policy"),
    "section of text": (changed("policy", "solver", "fast"), "type", "/policy/solver"),
    "strategy unknown": (changed("policy", "strategy", "best"), "policy_value", "/policy/strategy"),
    "strategy of number": (changed("policy", "strategy", 5), "type", "/policy/strategy"),
    "late unknown": (changed("policy", "service", "late", ["forbid"]), "policy_value", "/policy/service/late"),
    "time limit 0": (changed("policy", "solver", "time_limit_seconds", 0), "weight_range", None),
    "time limit long": (
        changed("policy", "solver", "time_limit_seconds", 61), "weight_range", "/policy/solver/time_limit_seconds"
    ),
    "threads": (changed("policy", "solver", "threads", 500), "weight_range", "/policy/solver/threads"),
    "weight 1e12": (
        changed("policy", "objective", {"extra_shipment": 1e12}), "weight_range", "/policy/objective/extra_shipment"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SYNTAX)
def test_syntax(client, name):
    body, status, code, pointer = SYNTAX[name]
    problem = refused(client, body, status)
    assert problem.code == code
    assert problem.errors[0].code == code
    assert pointer is None or problem.errors[0].pointer == pointer


@pytest.mark.parametrize("name", FIELDS)
def test_fields(client, name):
    body, code, pointer = FIELDS[name]
    problem = refused(client, body, 422)
    assert problem.code == "validation"
    found = [error for error in problem.errors if error.code == code]
    assert found, problem
    assert pointer is None or pointer in {error.pointer for error in found}


def test_a_hundred_thousand_brackets_cost_less_than_a_list_of_that_length(client):
    def seconds(content):
        return least_cpu_seconds(lambda: client.post("/v1/plan", content=content, headers=JSON))

    assert seconds(b"[" * 100_000) < 2 * seconds(b"[" + b"1," * 50_000 + b"1]")


def test_too_many_lines_are_refused_before_they_are_read(client):
    lines = [{"line_id": str(at), "sku": "00123", "quantity": 1} for at in range(4)]
    problem = refused(client, changed("snapshot", "orders", 0, "lines", lines), 413)
    assert problem.code == "too_many_rows"
    assert "3" in problem.errors[0].detail


def test_lines_given_as_columns_are_counted_too(client):
    body = changed("snapshot", "order_lines", {"order_id": ["1001"] * 4, "line_id": list("abcd")})
    assert refused(client, body, 413).code == "too_many_rows"


def test_problems_of_all_parts_are_told_at_once(client):
    body = changed(*LINE, "quantity", 0)
    body["policy"]["solver"]["threads"] = 500
    problem = refused(client, body, 422)
    assert problem.errors_total == 2
    assert {error.pointer.split("/")[1] for error in problem.errors} == {"snapshot", "policy"}


def test_a_byte_order_mark_is_dropped(client):
    response = client.post("/v1/plan", content=b"\xef\xbb\xbf" + EXAMPLE, headers=JSON)
    assert response.status_code == 200


def test_an_empty_list_of_orders_gives_an_empty_plan(client):
    body = changed("snapshot", "orders", [])
    response = client.post("/v1/plan", json=body)
    assert response.status_code == 200, response.text
    assert response.json()["shipments"] == response.json()["backorders"] == []


def test_a_policy_without_a_time_limit_gets_the_longest_of_the_service(monkeypatch):
    seen = []

    def planned(snapshot, policy):
        seen.append(policy.solver.time_limit_seconds)
        raise RuntimeError

    monkeypatch.setattr("quartermaster.api.plan", planned)
    settings = ServiceSettings(max_time_limit_seconds=Decimal(7))
    with TestClient(create_app(settings), raise_server_exceptions=False) as held:
        held.post("/v1/plan", json=changed("policy", DROP))
    assert seen == [Decimal(7)]


BAD_PLANS = {
    "no shipments": (changed("plan", "shipments", DROP, request=EVALUATE_REQUEST), "missing_field", "/plan/shipments"),
    "text": (changed("plan", "good", request=EVALUATE_REQUEST), "type", "/plan"),
    "table of text": (changed("plan", "allocations", "x", request=EVALUATE_REQUEST), "type", "/plan/allocations"),
    "row of text": (changed("plan", "allocations", ["x"], request=EVALUATE_REQUEST), "type", "/plan/allocations/0"),
    "quantity true": (
        changed("plan", "allocations", 0, "quantity", True, request=EVALUATE_REQUEST),
        "type", "/plan/allocations/0/quantity",
    ),
    "id a number": (
        changed("plan", "shipments", 0, "order_id", 1001, request=EVALUATE_REQUEST),
        "type", "/plan/shipments/0/order_id",
    ),
    "money of many digits": (
        changed("plan", "shipments", 0, "transport", "1e3000000", request=EVALUATE_REQUEST),
        "number_format", "/plan/shipments/0/transport",
    ),
    "money of seven decimals": (
        changed("plan", "shipments", 0, "late", "0.1234567", request=EVALUATE_REQUEST),
        "money_scale", "/plan/shipments/0/late",
    ),
    "money of no digits": (
        changed("plan", "shipments", 0, "distance", "", request=EVALUATE_REQUEST),
        "number_format", "/plan/shipments/0/distance",
    ),
    "no shipment": (
        changed("plan", "allocations", 0, "shipment_id", DROP, request=EVALUATE_REQUEST),
        "missing_field", "/plan/allocations/0/shipment_id",
    ),
    "unknown column": (
        changed("plan", "allocations", 0, "qty", 3, request=EVALUATE_REQUEST),
        "unknown_field", "/plan/allocations/0/qty",
    ),
    "unknown part": (changed("plan", "shipment", [], request=EVALUATE_REQUEST), "unknown_field", "/plan/shipment"),
    "objective of numbers": (
        changed("plan", "objective", {"total": 11.9}, request=EVALUATE_REQUEST), "type", "/plan/objective/total"
    ),
    "policy of the plan": (
        changed("plan", "policy", {"strateg": ""}, request=EVALUATE_REQUEST), "unknown_field", "/plan/policy/strateg"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PLANS)
def test_plans_that_cannot_be_read(client, name):
    body, code, pointer = BAD_PLANS[name]
    problem = refused(client, body, 422, "/v1/evaluate")
    assert (code, pointer) in {(error.code, error.pointer) for error in problem.errors}


def test_a_plan_that_can_be_read_and_is_wrong_is_an_answer(client):
    body = changed("plan", "allocations", 0, "quantity", 4, request=EVALUATE_REQUEST)
    answer = client.post("/v1/evaluate", json=body)
    assert answer.status_code == 200
    assert "over_allocated" in {violation["rule"] for violation in answer.json()["violations"]}


def test_the_cost_a_plan_claims_is_judged(client):
    claim = changed("plan", "objective", {"total": "1.00"}, request=EVALUATE_REQUEST)
    rules = [violation["rule"] for violation in client.post("/v1/evaluate", json=claim).json()["violations"]]
    assert rules == ["wrong_objective"]


def test_the_policy_of_the_plan_counts_unless_one_is_given(client):
    own = changed("plan", "policy", {"service": {"max_distance_km": 1}}, request=EVALUATE_REQUEST)
    given = {**own, "policy": {"service": {"max_distance_km": 0}}}
    assert [violation["rule"] for violation in client.post("/v1/evaluate", json=own).json()["violations"]] == [
        "max_distance"
    ]
    assert client.post("/v1/evaluate", json=given).json()["violations"] == []
