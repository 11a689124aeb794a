"""Logs: one line an event, with the request's id, and without anything that is secret or of a person (S14)."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import Counter

import httpx
import pytest
from service.conftest import SNAPSHOT
from service_process import running_service

from quartermaster.demo import demo_snapshot
from quartermaster.io import snapshot_document
from quartermaster.service.logs import configure_logs
from quartermaster.store import open_store
from quartermaster.store.keys import make_key

LOG = logging.getLogger("quartermaster.test")
KEY = "qm_0123456789abcdef.kanarienvogel_-X"


@pytest.fixture
def lines(capsys):
    """Gives the JSON lines that were logged since it was last asked."""
    configure_logs("json", "debug")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    configure_logs("json", "error")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {KEY} came", "key qm_0123456789abcdef.*** came"),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer ***"),
        ("basic dXNlcjpw", "basic ***"),
        ("at postgresql+psycopg://me:p@ss:w/rd@db:5432/qm now", "at postgresql+psycopg://me:***@db:5432/qm now"),
        ("password=hunter2 host=db", "password=*** host=db"),
        ("signed with whsec_a+b/c==.", "signed with whsec_***."),
        ("write to jo.doe@mail.example please", "write to *** please"),
        ("one\r\ntwo", "one\\x0d\\x0atwo"),
        ("\x1b[31mred\x9b0m\x7f", "\\x1b[31mred\\x9b0m\\x7f"),
        ("a\u2028b\u202ec", "a\\u2028b\\u202ec"),
        ("x" * 3_000, "x" * 2_000 + "…"),
        ("postgresql://me@db/qm is fine", "postgresql://me@db/qm is fine"),
    ],
)
def test_what_is_secret_or_would_break_a_line_is_not_written(lines, text, shown):
    LOG.info(text)
    LOG.info("%s", text)
    LOG.info("as a fact", extra={"fact": text, "facts": [{"deep": text}]})
    said, filled, fact = lines()
    assert (said["event"], filled["event"], fact["fact"], fact["facts"]) == (shown, shown, shown, [{"deep": shown}])


def test_fields_that_are_secret_or_of_a_person_are_hidden_at_every_depth(lines):
    person = {"name": "Jo", "postal_code": "02139", "lat": 42.36, "Street": "Elm", "units": 3}
    LOG.warning("order", extra={"order": {"to": [person]}, "password": "p", "authorization": KEY, "body": {"a": 1}})
    (line,) = lines()
    hidden = {"name": "***", "postal_code": "***", "lat": "***", "Street": "***", "units": 3}
    assert line["order"] == {"to": [hidden]}
    assert (line["password"], line["authorization"], line["body"]) == ("***", "***", "***")


def test_a_fault_is_told_by_its_class_and_place_never_by_its_words(lines):
    def fails():
        try:
            {}["kanarienvogel"]
        except KeyError as error:
            raise ValueError("kanarienvogel") from error

    try:
        fails()
    except ValueError:
        LOG.exception("it broke")
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    for line in lines():
        assert line["fault"] == "ValueError from KeyError"
        assert re.fullmatch(r"service/test_logs\.py:\d+ fails", line["fault_at"][-1])
        assert "kanarienvogel" not in json.dumps(line)


def test_lines_for_people_are_as_safe(capsys):
    configure_logs("text", "info")
    LOG.info("hello\nworld", extra={"fact": "\x1b[2J", "password": "p4ss"})
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "hello\\x0aworld" in told
    assert "\x1b" not in told
    assert "p4ss" not in told
    configure_logs("json", "error")


def test_levels_choose_what_is_said(capsys):
    configure_logs("json", "warning")
    LOG.info("low")
    LOG.warning("high")
    logging.getLogger("some.library").info("chatter")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["high"]
    configure_logs("json", "error")


def test_a_request_is_one_line_with_the_id_of_its_problem(api, lines):
    lines()
    missing = api.ask("GET", "/v1/scopes/north/orders/Jo-Doe-42")
    nowhere = api.client.get("/secret/place?token=1")
    anonymous = api.client.get("/v1/scopes/north")
    put = api.ask("PUT", "/v1/scopes/north/snapshots/v2", SNAPSHOT)
    told = lines()
    told = [line for line in told if line["event"] == "request"]
    key = api.secret.partition(".")[0]
    assert [(one["method"], one["route"], one["status"]) for one in told] == [
        ("GET", "/v1/scopes/{scope}/orders/{order_id}", 404),
        ("GET", "none", 404),
        ("GET", "/v1/scopes/{scope}", 401),
        ("PUT", "/v1/scopes/{scope}/snapshots/{version}", put.status_code),
    ]
    assert [(one.get("scope_id"), one.get("key")) for one in told] == [
        ("north", key), (None, None), (None, None), ("north", key),
    ]  # fmt: skip
    assert [one["request_id"] for one in told][:3] == [
        answer.json()["instance"] for answer in (missing, nowhere, anonymous)
    ]
    assert len({one["request_id"] for one in told}) == 4
    assert all(one["seconds"] >= 0 for one in told)


def test_an_internal_error_is_found_by_the_id_that_the_caller_has(api, lines, monkeypatch):
    from quartermaster.service import stock_calls

    def broken(*_):
        raise RuntimeError("kanarienvogel")

    monkeypatch.setattr(stock_calls, "scope_state", broken)
    lines()
    answer = api.ask("GET", "/v1/scopes/north")
    assert answer.status_code == 500
    fault, request = (line for line in lines() if line["event"] in ("internal error", "request"))
    assert (fault["request_id"], request["request_id"]) == (answer.json()["instance"],) * 2
    assert (fault["fault"], request["status"]) == ("RuntimeError", 500)
    assert fault["fault_at"][-1].endswith("broken")


CANARIES = ("kanarienvogel", "41.98765", "Zaunkoenig")
"""Stand in bodies, paths, queries, headers and the database's URL; and the secret parts of keys."""


def test_a_day_and_bad_calls_leave_no_canary_in_anything_printed(store_url, tmp_path, monkeypatch):
    if store_url.startswith("postgresql"):
        store_url = store_url.replace("://postgres@", "://postgres:kanarienvogel@")
        assert "kanarienvogel" in store_url
    store = open_store(store_url)
    secret, key = store.transact(lambda transaction: make_key(transaction, "Zaunkoenig", ["admin"]))
    store.close()
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", store_url)
    options = ("--every", "0", "--log-level", "debug")
    with running_service(tmp_path, *options, stateless=False) as service:
        asked = _a_day(service.address, secret) + _bad_calls(service.address, secret)
    printed = (tmp_path / "serve.log").read_text()
    told = [json.loads(line) for line in printed.splitlines()]
    for canary in (*CANARIES, secret.partition(".")[2]):
        assert canary not in printed, [line for line in printed.splitlines() if canary in line]
    assert "\x1b" not in printed
    assert key.key_id in printed  # what is public of the key is there: it is the right text that was looked at
    events = Counter(line["event"] for line in told)
    assert events["request"] == asked
    assert events["scheduler started"] == events["run begun"] == 1
    (run,) = (line for line in told if line["event"] == "run done")
    assert (run["state"], run["scope_id"], run["orders"]) == ("committed", "south", 30)
    assert run["seconds"] > 0
    assert {"plan_id", "status", "gap", "backorders", "solver_contradictions"} <= run.keys()
    assert events["lease given back"] == events["lease taken"] >= 1
    assert "scheduler stopped" in events


def _a_day(address, secret):
    """Put a day whose orders carry canaries, plan and commit it, read it; return how many requests that was."""
    document = snapshot_document(demo_snapshot(orders=30, nodes=4, skus=30, seed=3))
    orders = document.pop("orders")
    for number, order in enumerate(orders):
        order.update(order_id=f"kanarienvogel-{number}", lat=41.98765, lon=-87.1, promise_date="2099-12-31")
    asked = 0

    def ask(method, path, body=None):
        nonlocal asked
        asked += 1
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": f"kanarienvogel-{asked}"}
        answer = httpx.request(method, f"{address}/v1/scopes/south{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code < 300, answer.text
        return answer.json()

    ask("PUT", "/snapshots/kanarienvogel", {**document, "orders": []})
    ask("POST", "/orders", {"orders": orders})
    plan = ask("POST", "/plans", {"commit": True, "policy": {"solver": {"time_limit_seconds": 5}}})["plan_id"]
    until = time.monotonic() + 120
    while ask("GET", f"/plans/{plan}")["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.5)
    ask("GET", "/orders/kanarienvogel-1")
    ask("GET", "/orders/kanarienvogel-1/explanation")
    ask("GET", "/events?limit=5")
    return asked


def _bad_calls(address, secret):
    """Send canaries where they do not belong; return how many requests that was."""
    scope, bearer = f"{address}/v1/scopes/south", {"authorization": f"Bearer {secret}", "idempotency-key": "k"}
    body = b'{"orders": [{"order_id": "kanarienvogel", "postal_code": "02139", "name": "Zaunkoenig"'
    calls = [
        ("GET", f"{address}/kanarienvogel?secret=Zaunkoenig", {}, b""),
        ("GET", f"{address}/v1/plan\r\nkanarienvogel".replace("\r\n", "%0d%0a%1b[31m"), {}, b""),
        ("GET", f"{scope}/orders/kanarienvogel%0a02139", bearer, b""),
        ("GET", f"{address}/v1/scopes/nowhere%0a%1b[31m", bearer, b""),
        ("GET", scope, {"authorization": f"Bearer {secret}kanarienvogel"}, b""),
        ("GET", scope, {"authorization": "Basic kanarienvogel"}, b""),
        ("POST", f"{scope}/orders", bearer, body),
        ("POST", f"{scope}/orders", bearer, body + b"}]}"),
        ("POST", f"{scope}/plans", {**bearer, "x-kanarienvogel": "Zaunkoenig"}, b'{"policy": {"kanarienvogel": 1}}'),
        ("POST", f"{address}/v1/plan", {}, b'{"snapshot": "kanarienvogel"}'),
        ("DELETE", f"{scope}/orders/kanarienvogel-none", bearer, b""),
    ]
    for method, url, headers, content in calls:
        headers = {"content-type": "application/json", **headers}
        status = httpx.request(method, url, headers=headers, content=content, timeout=60).status_code
        assert 400 <= status < 500 or (status == 200 and content.endswith(b"}]}")), (
            url
        )  # a bad order is held as rejected
    return len(calls)
