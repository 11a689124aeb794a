"""Who may do what, where: every operation with every kind of key, and nothing of another scope to be seen."""

from __future__ import annotations

import json

import pytest
from service.conftest import SNAPSHOT
from starlette.testclient import TestClient

from quartermaster.service.app import create_app
from quartermaster.service.contracts import CONTRACTS
from quartermaster.service.examples import EVALUATE_REQUEST, PLAN_REQUEST
from quartermaster.service.settings import ServiceSettings
from quartermaster.store.keys import make_key, revoke_key

IDS = {"scope": "north", "version": "v9", "order_id": "none", "plan_id": "none", "reservation_id": "none"}
ACTIONS = {
    "read": {"scope", "availability", "list_orders", "order", "explain_order", "plan_state", "plan_allocations",
             "plan_shipments", "plan_backorders", "plan_prices", "plan_certificate", "promise", "reservation",
             "events", "evaluate", "metrics"},
    "plan": {"put_snapshot", "feed_inventory", "put_orders", "cancel_order", "queue_plan", "stop_plan", "plan"},
    "commit": {"commit_plan", "route_order", "reserve", "commit_reservation", "release_reservation",
               "extend_reservation"},
}  # fmt: skip
"""What each action allows; `admin` allows everything."""
FOR_ALL = {"healthz", "readyz"}
"""Who asks these is asked for no key."""
OF_NO_SCOPE = {"plan": PLAN_REQUEST, "evaluate": EVALUATE_REQUEST, "metrics": None}
"""Bodies of operations that need a key and are in no scope."""


def every_operation(api):
    document = api.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield told["operationId"], method.upper(), path.format(**IDS), told


def operations(api):
    for operation, method, path, _ in every_operation(api):
        if operation in CONTRACTS:
            yield operation, method, path


def key_for(store, *actions, scopes=(), **options):
    return store.transact(lambda transaction: make_key(transaction, "some", actions, scopes, **options))


def body_of(operation):
    if operation in OF_NO_SCOPE:
        return OF_NO_SCOPE[operation]
    return CONTRACTS[operation].example if CONTRACTS[operation].body else None


def test_the_table_names_every_operation(api):
    served = {operation for operation, *_ in every_operation(api)}
    assert sorted(name for names in ACTIONS.values() for name in names) == sorted(served - FOR_ALL)
    assert set(CONTRACTS) == served - FOR_ALL - set(OF_NO_SCOPE)


def test_every_operation_needs_a_key_that_may(api, store):
    revoked, key = key_for(store, "admin")
    store.transact(lambda transaction: revoke_key(transaction, key.key_id))
    over, _ = key_for(store, "admin", lifetime=-1)
    secrets = {action: key_for(store, action)[0] for action in ACTIONS}
    bodies = set()
    for operation, method, path, told in every_operation(api):
        if operation in FOR_ALL:
            assert "security" not in told
            assert api.client.request(method, path).status_code == 200, operation
            continue
        assert told["security"] == [{"key": []}], operation
        assert {"401", "403", "429"} <= told["responses"].keys(), operation
        for wrong in ("", "nonsense", revoked, over, revoked.split(".")[0] + ".wrong", "qm_none.x"):
            refused = api.as_key(wrong).ask(method, path, body_of(operation))
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized"), (operation, wrong)
            assert refused.headers["www-authenticate"] == "Bearer"
            bodies.add(json.dumps({**refused.json(), "instance": ""}))
        for action, secret in secrets.items():
            answer = api.as_key(secret).ask(method, path, body_of(operation))
            if operation in ACTIONS[action]:
                assert answer.status_code not in (401, 403), (operation, action)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (operation, action)
    assert len(bodies) == 1  # whatever is wrong with the key, the answer is the same


def test_a_key_of_some_scopes_may_plan_and_evaluate_in_none(api, store):
    secret, _ = key_for(store, "plan", "read", scopes=["north"])
    for path in ("plan", "evaluate"):
        answer = api.as_key(secret).ask("POST", f"/v1/{path}", OF_NO_SCOPE[path])
        assert answer.status_code == 200, answer.text


def test_who_is_asked_for_no_key_may_plan(store):
    for kept, options in ((store, {"insecure": True}), (None, {})):
        with TestClient(create_app(None, kept, **options)) as client:
            assert client.post("/v1/plan", json=PLAN_REQUEST).status_code == 200
            told = client.get("/openapi.json").json()["paths"]["/v1/plan"]["post"]
            assert ("security" in told) is (kept is not None)


def test_another_scope_is_as_if_it_were_not_there(api, store):
    """Two scopes with the same ids; the key of one asks for everything of the other, and of one that is not there."""
    assert api.ask("PUT", "/v1/scopes/south/snapshots/v1", SNAPSHOT).status_code == 201
    line = {"node_id": "newark", "sku": "00123", "quantity": 1}
    held = api.ask("POST", "/v1/scopes/north/reservations", {"lines": [line]}).json()["reservation_id"]
    plan = api.ask("POST", "/v1/scopes/north/plans", {}).json()["plan_id"]
    own, _ = key_for(store, "read", "plan", "commit", scopes=["south"])
    stranger = api.as_key(own)
    watched = [f"/v1/scopes/north/{path}" for path in ("availability", "events", f"plans/{plan}")]
    before = [api.ask("GET", path).content for path in watched]
    for operation, method, path in operations(api):
        asked = path.replace("/reservations/none", f"/reservations/{held}").replace("/plans/none", f"/plans/{plan}")
        theirs = stranger.ask(method, asked, body_of(operation))
        nowhere = stranger.ask(method, asked.replace("/north", "/nowhere"), body_of(operation))
        assert theirs.status_code == nowhere.status_code == 404, (operation, theirs.text)
        assert {**theirs.json(), "instance": ""} == {**nowhere.json(), "instance": ""}
        # the ids of the other scope are not found in its own one either
        if "none" in path and operation != "put_snapshot":
            absent = stranger.ask(method, asked.replace("/north", "/south"), body_of(operation))
            unknown = stranger.ask(method, path.replace("/north", "/south"), body_of(operation))
            assert absent.status_code == unknown.status_code == 404, operation
            assert {**absent.json(), "instance": ""} == {**unknown.json(), "instance": ""}
    assert [api.ask("GET", path).content for path in watched] == before


CHANGES = sorted(name for name, contract in CONTRACTS.items() if contract.changes)


def prepared(api, operation):
    """A request of an operation that has an effect, and another body for it."""
    line = {"node_id": "newark", "sku": "00123", "quantity": 1}
    north = "/v1/scopes/north"
    if operation in ("commit_reservation", "release_reservation", "extend_reservation"):
        held = api.ask("POST", f"{north}/reservations", {"lines": [line]}).json()["reservation_id"]
        verb = operation.split("_")[0]
        body = {"lifetime_seconds": 5_000} if verb == "extend" else None
        return "POST", f"{north}/reservations/{held}/{verb}", body
    if operation in ("stop_plan", "commit_plan"):
        plan = api.ask("POST", f"{north}/plans", {}).json()["plan_id"]
        return ("DELETE", f"{north}/plans/{plan}", None) if operation == "stop_plan" else None
    order = {**CONTRACTS["route_order"].example["order"], "promise_date": "2099-12-31"}
    if operation == "cancel_order":
        api.ask("POST", f"{north}/orders", {"orders": [order]})
        return "DELETE", f"{north}/orders/{order['order_id']}", None
    return {
        "put_snapshot": ("PUT", f"{north}/snapshots/v2", SNAPSHOT),
        "feed_inventory": (
            "POST",
            f"{north}/inventory",
            {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "sequence": 1, "rows": []},
        ),
        "put_orders": ("POST", f"{north}/orders", {"orders": [order]}),
        "queue_plan": ("POST", f"{north}/plans", {}),
        "route_order": ("POST", f"{north}/route", {"order": order, "reserve": True}),
        "reserve": ("POST", f"{north}/reservations", {"lines": [line]}),
    }[operation]


@pytest.mark.parametrize("operation", [name for name in CHANGES if name != "commit_plan"])
def test_one_effect_for_each_key(api, operation):
    method, path, body = prepared(api, operation)
    missing = {name: value for name, value in api.headers().items() if name != "idempotency-key"}
    content = None if body is None else json.dumps(body)
    without = api.client.request(method, path, content=content, headers=missing)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_missing")
    long = api.ask(method, path, body, key="k" * 256)
    assert (long.status_code, long.json()["code"]) == (400, "idempotency_key_format")
    first, again = (api.ask(method, path, body, key="once") for _ in range(2))
    assert 200 <= first.status_code < 300, first.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    other = api.ask("POST", "/v1/scopes/north/plans", {"commit": True}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_reservation_is_made_once_for_each_key(api):
    body = {"lines": [{"node_id": "newark", "sku": "00123", "quantity": 3}]}
    answers = {api.ask("POST", "/v1/scopes/north/reservations", body, key="once").content for _ in range(5)}
    assert len(answers) == 1
    rows = api.ask("GET", "/v1/scopes/north/availability?node_id=newark").json()["rows"]
    assert rows == [{"node_id": "newark", "sku": "00123", "available": 37}]


def test_a_refused_change_leaves_its_key_unused(api):
    body = {"lines": [{"node_id": "newark", "sku": "00123", "quantity": 41}]}
    assert api.ask("POST", "/v1/scopes/north/reservations", body, key="again").status_code == 409
    fewer = {"lines": [{"node_id": "newark", "sku": "00123", "quantity": 40}]}
    assert api.ask("POST", "/v1/scopes/north/reservations", fewer, key="again").status_code == 201


def test_a_key_that_asks_too_often_is_told_to_wait(store):
    secret, _ = key_for(store, "read")
    slow = ServiceSettings(requests_per_second=0.001)
    with TestClient(create_app(slow, store)) as client:
        answers = [client.get("/v1/scopes/north", headers={"authorization": f"Bearer {secret}"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [404, 429]
    assert int(answers[1].headers["retry-after"]) > 1
