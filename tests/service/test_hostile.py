"""Callers that mean harm: another scope's ids, fields that are not theirs to set, texts that are SQL elsewhere."""

from __future__ import annotations

import hashlib
import random
import re
from urllib.parse import quote

from channel_cases import stored
from service.conftest import SNAPSHOT
from service.test_keys_and_scopes import body_of, key_for, operations
from store_cases import everything, number_of

from quartermaster.io.findings import shown
from quartermaster.service.contracts import BODIES, CONTRACTS
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.plans import finish_plan
from quartermaster.store.tables import METADATA

CALLS = number_of("QUARTERMASTER_FOREIGN_CALLS", 3)
"""Calls of each operation on another scope's ids."""
PAYLOADS = number_of("QUARTERMASTER_PAYLOADS", 8)
"""Texts sent in every place that takes one."""
SEED = number_of("QUARTERMASTER_SEED", 20261127)
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}
LINE = {"node_id": "newark", "sku": "00123", "quantity": 1}


def rows_of_scope(store, scope):
    """A hash of all that a scope holds, by table; tables without a scope are hashed through what names them."""
    held, plans = {}, set()
    for name, rows in everything(store).items():
        columns = [column.name for column in METADATA.tables[name].columns]
        if "scope_id" in columns:
            own = [row for row in rows if row[columns.index("scope_id")] == scope]
            plans |= {row[0] for row in own} if name == "plans" else set()
            held[name] = own
    held["plan_blocks"] = [row for row in everything(store)["plan_blocks"] if row[0] in plans]
    assert held["orders"]
    assert held["plan_blocks"]
    return hashlib.sha256(repr(sorted(held.items())).encode()).hexdigest()


def filled(api, store, scope):
    """An order, a reservation and a plan that is made, under the same ids in every scope where ids are the caller's."""
    path = f"/v1/scopes/{scope}"
    assert api.ask("PUT", f"{path}/snapshots/v1", SNAPSHOT).status_code in (200, 201)
    assert api.ask("POST", f"{path}/orders", {"orders": [ORDER]}).status_code == 200
    held = api.ask("POST", f"{path}/reservations", {"lines": [LINE], "order_id": "other"}).json()["reservation_id"]
    plan = api.ask("POST", f"{path}/plans", {}).json()["plan_id"]

    def made(transaction):
        from quartermaster.store.plans import begin_plan

        assert begin_plan(transaction, scope, plan, 1, "v1", 1)
        assert finish_plan(transaction, scope, plan, 1, {}, {"allocations.csv": b"order_id\no1\n"})

    store.transact(made)
    return {"order_id": ORDER["order_id"], "reservation_id": held, "plan_id": plan, "version": "v1"}


def test_another_scope_cannot_be_read_or_changed_by_its_ids(api, store):
    print("seed", SEED)
    numbers = random.Random(SEED)
    ids = filled(api, store, "north")
    filled(api, store, "south")
    key, _ = key_for(store, "read", "plan", "commit", scopes=["south"])
    stranger = api.as_key(key)
    before = rows_of_scope(store, "north")
    templates = api.client.get("/openapi.json").json()["paths"]
    for path, methods in templates.items():
        for method, told in methods.items():
            operation = told["operationId"]
            if operation not in CONTRACTS:
                continue
            for _ in range(CALLS):
                query = numbers.choice(["", "?limit=5", "?cursor=x", "?accept_shrink=true"])
                body = numbers.choice([body_of(operation), {}, None]) if CONTRACTS[operation].body else None
                foreign = stranger.ask(method.upper(), path.format(scope="north", **ids) + query, body)
                assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found"), (operation, foreign.text)
                own = {name: f"no-{name}" for name in ids} | {"order_id": "no-order"}
                mixed = {**own, **{name: ids[name] for name in ("reservation_id", "plan_id")}}
                if "{reservation_id}" in path or "{plan_id}" in path:
                    there = stranger.ask(method.upper(), path.format(scope="south", **mixed), body_of(operation))
                    assert (there.status_code, there.json()["code"]) == (404, "not_found"), (operation, there.text)
    assert rows_of_scope(store, "north") == before
    assert api.ask("DELETE", f"/v1/scopes/north/orders/{ids['order_id']}").status_code == 200
    assert rows_of_scope(store, "north") != before  # the hash sees a change


def test_fields_of_answers_are_not_taken_in(api, store):
    """S6: whatever an operation answers with, and does not read, is refused where it is sent."""
    models = {model.__name__: model for model in BODIES}
    outputs = {name for contract in CONTRACTS.values() for name in contract.answer.model_fields}
    outputs |= {"tenant_id", "scope_id", "created_at", "cost", "status", "is_admin"}
    assert {"state", "stock_version", "commit_sequence", "expires_at", "is_current", "history"} <= outputs
    tried = 0
    for operation, method, path in operations(api):
        contract = CONTRACTS[operation]
        if contract.body not in models:
            continue
        before = stored(store)
        for name in sorted(outputs - set(models[contract.body].model_fields)):
            answer = api.ask(method, path, {**contract.example, name: "x"})
            found = {(one["pointer"], one["code"]) for one in answer.json().get("errors", ())}
            assert (answer.status_code, (f"/{name}", "unknown_field") in found) == (422, True), (operation, answer.text)
            tried += 1
        assert stored(store) == before
    assert tried > 200
    for name in ("state", "reason", "created_at", "lines_total", "scope_id"):
        told = api.ask("POST", "/v1/scopes/north/orders", {"orders": [{**ORDER, "order_id": f"o-{name}", name: "x"}]})
        assert told.json()["orders"][0]["reason"] == f"unknown_field at /{name}"
        answer = api.ask("PUT", "/v1/scopes/north/snapshots/v2", {**SNAPSHOT, name: "x"})
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(f"/{name}", "unknown_field")]


WORDS = ["' OR '1'='1", "'; DROP TABLE orders;--", "\" OR \"\"=\"", "1 OR 1=1", "') OR ('1'='1",
         "' UNION SELECT * FROM api_keys--",
         "'||(SELECT secret_sha256 FROM api_keys)||'", "; DELETE FROM stock", "$$; SELECT pg_sleep(5);$$",
         "%' AND 1=0 UNION ALL--",
         "\\'; COMMIT;--", "' AND (SELECT 1/0)--", "0x27204f52", "';ATTACH DATABASE 'x' AS y;--", "{{7*7}}", "${jndi:ldap://x}",
         "%s%d%n", ":scope", "?", "* FROM orders"]  # fmt: skip
FORMS = ["{}", "a{}", "{}a", "a' {}", "{}/*", "/*{}*/", "({})", "{}\u00e9", "x{}\u02bc", "{} {}"]
TEXTS = [form.format(word, word) for word in WORDS for form in FORMS]
"""200 texts."""
LEAKS = re.compile(
    r"sqlalchemy|psycopg|sqlite|syntax error|unterminated|no such (table|column)|UNIQUE constraint|traceback"
    r"|/site-packages/|operator does not exist|secret_sha256['\"]?:", re.IGNORECASE,
)  # fmt: skip


def places(text):
    """Every place of the service that takes a text, as requests: method, path, body."""
    part, north = quote(text, safe="").replace(".", "%2E"), "/v1/scopes/north"
    yield "GET", f"/v1/scopes/{part}", None
    yield "PUT", f"/v1/scopes/{part}/snapshots/v1", {"snapshot": 5}
    yield "PUT", f"{north}/snapshots/{part}", {"snapshot": {"as_of": text, "currency": text, "version": text}}
    for tail in ("orders/{}", "orders/{}/explanation", "plans/{}", "plans/{}/prices", "reservations/{}"):
        yield "GET", f"{north}/{tail.format(part)}", None
    for tail in ("orders/{}", "plans/{}"):
        yield "DELETE", f"{north}/{tail.format(part)}", None
    for tail in ("commit", "release"):
        yield "POST", f"{north}/reservations/{part}/{tail}", None
    for query in ("sku", "node_id", "cursor", "limit"):
        yield "GET", f"{north}/availability?{query}={part}", None
    for query in ("orders?state", "orders?cursor", "events?after", "orders?" + part):
        yield "GET", f"{north}/{query}={part}", None
    for name in ("node_id", "sku"):
        yield "POST", f"{north}/reservations", {"lines": [{**LINE, name: text}]}
    yield "POST", f"{north}/reservations", {"lines": [LINE], "order_id": text}
    feed = {"kind": "delta", "as_of": "2026-03-03T00:00:00Z", "sequence": 1, "rows": []}
    for name in ("kind", "as_of"):
        yield "POST", f"{north}/inventory", {**feed, name: text}
    yield "POST", f"{north}/plans", {"policy": {"strategy": text}}
    for name in ("postal_code", "country", "ordered_at", "promise_date", "service_level", "channel"):
        yield "POST", f"{north}/route", {"order": {**ORDER, name: text}}
    yield "POST", f"{north}/promise", {"order": {**ORDER, "order_id": text, "labels": [text]}}
    yield "POST", f"{north}/route", {"order": {**ORDER, "lines": [{**ORDER["lines"][0], "sku": text}]}}


def test_texts_that_are_sql_elsewhere_are_texts(api, store):
    """S9: nothing is answered that only a database says, nothing fails, and no row is gone or other than it was."""
    print("seed", SEED)
    assert len(set(TEXTS)) == 200
    api.ask("POST", "/v1/scopes/north/orders", {"orders": [ORDER]})
    sent = random.Random(SEED).sample(TEXTS, PAYLOADS)
    fixed = ("scopes", "stock", "orders", "order_lines", "snapshots", "blobs", "plans", "secrets")
    before = everything(store)
    for text in sent:
        for method, path, body in places(text):
            answer = api.ask(method, path, body)
            assert answer.status_code < 500, (path, body, answer.text)
            said = answer.text.replace(text, "").replace(shown(text), "")
            assert not LEAKS.search(said), (path, body, answer.text)
    after = everything(store)
    held = {row[0]: row for row in after["stock"]}
    assert len(held) == len({row[0] for row in before["stock"]})
    counted = {name: len(rows) for name, rows in before.items() if name in fixed}
    assert {name: len(rows) for name, rows in after.items() if name in fixed} == counted
    for name in ("scopes", "orders", "order_lines", "snapshots", "blobs", "secrets"):
        assert after[name] == before[name], name


def test_ids_that_are_sql_elsewhere_come_back_byte_for_byte(api, store):
    legal = [text for text in TEXTS if text[0] not in "=+-@" and text == text.strip() and len(text) <= 128]
    sent = random.Random(SEED).sample(legal, min(PAYLOADS, len(legal)))
    told = api.ask("POST", "/v1/scopes/north/orders", {"orders": [{**ORDER, "order_id": text} for text in sent]})
    assert {one["result"] for one in told.json()["orders"]} == {"created"}, told.text
    for text in sent:
        found = api.ask("GET", f"/v1/scopes/north/orders/{quote(text, safe='').replace('.', '%2E')}")
        assert (found.status_code, found.json()["order_id"], found.json()["order"]["order_id"]) == (200, text, text)
    listed = api.ask("GET", "/v1/scopes/north/orders").json()["rows"]
    assert {row["order_id"] for row in listed} == set(sent)
