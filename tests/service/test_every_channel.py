"""Every row of the bad-input catalogue through every channel that can carry it: status, codes, places; nothing stored.

`channels.json` says which rows a channel can carry; a row that is not sent through one of its channels fails here.
Cases are those of the folders, sent as files and as documents, and `bodies.json`: changes of a valid body.
"""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest
from catalogue import CASES, HERE, laid_out
from channel_cases import (
    BASE,
    BODY_ROUTES,
    CHANNELS,
    GIVEN,
    ROOT,
    SQLITE,
    bodies,
    changed,
    checked,
    documents,
    expected_of,
    file_cases,
    policy_cases,
    raw_bodies,
    row_of,
    stored,
    told,
    wanted,
)
from service.test_folders import zipped


@SQLITE
def test_files(connect, store, tmp_path):
    api, failures = connect(), []
    for number, case in enumerate(file_cases()):
        folder, expected = laid_out(case, tmp_path / case)
        if "limits" in expected:
            continue  # by test_files_over_their_caps
        content = zipped({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
        headers = {**api.headers(), "content-type": "application/zip"}
        path = f"/v1/scopes/files-{number}/snapshots/v1"
        problems = expected.get("problems")
        checked(
            store, lambda: api.client.put(path, content=content, headers=headers),  # noqa: B023
            wanted(problems) if problems else None, case, failures,
        )  # fmt: skip
    assert failures == []


@SQLITE
def test_documents(connect, store):
    api, failures = connect(), []
    for number, case in enumerate(documents()):
        content = (HERE / case / "document.json").read_bytes()
        problems = expected_of(case).get("problems")
        expected = wanted(problems) if problems else None
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            expected = (415, [])
        path = f"/v1/scopes/document-{number}/snapshots/v1"
        checked(
            store, lambda: api.client.put(path, content=content, headers=api.headers()),  # noqa: B023
            expected, case, failures,
        )  # fmt: skip
    assert failures == []


@SQLITE
def test_bodies_that_no_route_can_read(connect, store):
    api, failures = connect(), []
    for case in raw_bodies():
        content = (HERE / case / "document.json").read_bytes()
        expected = wanted(expected_of(case)["problems"])
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            expected = (415, [])
        for channel, (method, path) in BODY_ROUTES.items():
            checked(
                store, lambda: api.client.request(method, path, content=content, headers=api.headers()),  # noqa: B023
                expected, (case, channel), failures,
            )  # fmt: skip
    assert failures == []


@SQLITE
def test_empty_bodies(connect, store):
    api, failures = connect(), []
    optional = {"plans": b"{}", "commit": b"{}", "extend": b"{}"}
    for channel, (method, path) in BODY_ROUTES.items():
        for content in (b"", b" \n", b"null", b"[]", b"{}"):
            if content == optional.get(channel):
                continue
            before = stored(store)
            response = api.client.request(method, path, content=content, headers=api.headers())
            status, found = told(response)
            if status != 422 or {code for code, _ in found} != {"missing_field"}:
                failures.append((channel, content, response.text))
            if stored(store) != before:
                failures.append((channel, content, "something was stored"))
    assert failures == []


def test_orders(connect, store):
    """One by one: what cannot be planned is held with its reasons, what has no id is refused, and a body is a body."""
    api, failures = connect(), []
    for number, (_, case) in enumerate(bodies("order")):
        order = {"order_id": f"case-{number}", **{k: v for k, v in changed("order", case).items() if k != "order_id"}}
        order["order_id"] = case["set"].get("/order_id", f"case-{number}")
        if any(code == "number_out_of_range" for code, _ in case["problems"]):
            expected = (422, [(code, f"/orders/0{pointer}") for code, pointer in case["problems"]])
            checked(store, lambda: api.ask("POST", f"{BASE}/orders", {"orders": [order]}), expected, case, failures)  # noqa: B023
            continue
        response = api.ask("POST", f"{BASE}/orders", {"orders": [order]})
        reason = "; ".join(f"{code} at {pointer or '/'}" for code, pointer in case["problems"])
        wanted_one = {"order_id": order["order_id"], "result": "rejected" if reason else "created", "reason": reason}
        if response.status_code != 200 or response.json()["orders"] != [wanted_one]:
            failures.append((case["name"], response.text, wanted_one))
    assert failures == []
    for order_id in ("", "=x", " x", "a\nb", "a\0b", "x" * 129, 5, None, True):
        before = stored(store)
        answer = api.ask("POST", f"{BASE}/orders", {"orders": [{**GIVEN["order"], "order_id": order_id}]}).json()
        assert [one["result"] for one in answer["orders"]] == ["refused"], answer
        after = stored(store)
        assert [after[name] for name in ("orders", "order_lines", "order_events")] == [
            before[name] for name in ("orders", "order_lines", "order_events")
        ]


@pytest.mark.parametrize("channel", ["route", "promise"])
@SQLITE
def test_single_orders(connect, store, channel):
    api, failures = connect(), []
    for _, case in bodies("order"):
        expected = wanted([{"code": code, "pointer": pointer} for code, pointer in case["problems"]], "/order")
        body = {"order": changed("order", case)}
        checked(
            store, lambda: api.ask("POST", f"{BASE}/{channel}", body),  # noqa: B023
            expected if case["problems"] else None, case["name"], failures,
        )  # fmt: skip
    assert failures == []


@pytest.mark.parametrize(
    ("kind", "path"), [("stock", "inventory"), ("hold", "reservations"), ("policy", "plans")], ids=lambda one: one
)
def test_bodies(connect, store, kind, path):
    api, failures = connect(), []
    for _, case in bodies(kind):
        expected = wanted([{"code": code, "pointer": pointer} for code, pointer in case["problems"]])
        body = changed(kind, case)
        checked(
            store, lambda: api.ask("POST", f"{BASE}/{path}", body),  # noqa: B023
            expected if case["problems"] else None, case["name"], failures,
        )  # fmt: skip
    for case, policy in policy_cases().items() if kind == "policy" else ():
        problems = [
            {"code": one["code"], "pointer": "/policy/" + one["column"].replace(".", "/")}
            for one in expected_of(case)["problems"]
        ]
        checked(
            store, lambda: api.ask("POST", f"{BASE}/plans", {"policy": policy}),  # noqa: B023
            wanted(problems), case, failures,
        )  # fmt: skip
    assert failures == []
    if kind != "policy":
        assert api.ask("POST", f"{BASE}/{path}", GIVEN[kind]).status_code in (200, 201)


def driven():
    """Channels by row, of everything that is sent: by the tests here, and by those of files and stateless documents."""
    found = defaultdict(set)
    for case in CASES:
        found[row_of(case)] |= {"document"} if case in documents() else {"files"}  # tests/bad_inputs, tests/cli
    for case in file_cases():
        found[row_of(case)].add("zip")
    for case in documents():
        found[row_of(case)].add("snapshot")
    for case in raw_bodies():
        found[row_of(case)] |= set(BODY_ROUTES)
    found["017"] |= set(BODY_ROUTES)  # test_empty_bodies
    found["018"] |= {"inventory", "orders", "reservations", "route", "promise"}  # test_more_rows_than_a_channel_takes
    for case in policy_cases():
        found[row_of(case)].add("plans")
    sent_by = {"order": {"orders", "route", "promise"}, "stock": {"inventory"}, "hold": {"reservations"},
               "policy": {"plans"}}  # fmt: skip
    for kind, channels in sent_by.items():
        for row, _ in bodies(kind):
            found[row] |= channels
    for row in ("029", "030"):
        found[row].add("orders")  # test_orders_that_stand_twice
    return found


def functions_of(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_goes_through_every_channel_that_can_carry_it():
    assert sorted(CHANNELS) == [f"{row:03}" for row in range(1, 82)]
    found = driven()
    missing = {
        row: told for row, names in CHANNELS.items() if (told := {n for n in names if "::" not in n} - found[row])
    }
    assert missing == {}
    untold = {row: more for row, names in found.items() if (more := names - set(CHANNELS[row]))}
    assert untold == {}, "say it in channels.json"
    named = {name for names in CHANNELS.values() for name in names if "::" in name}
    assert {name for name in named if name.split("::")[1] not in functions_of(name.split("::")[0])} == set()


def test_every_route_with_a_body_is_a_channel(connect):
    document = connect().client.get("/openapi.json").json()
    with_body = {
        (method.upper(), path) for path, methods in document["paths"].items()
        for method, told_one in methods.items() if "requestBody" in told_one and path.startswith("/v1/scopes")
    }  # fmt: skip
    sent = {(method, path.count("/"), path.rpartition("/")[2]) for method, path in BODY_ROUTES.values()}
    assert {
        (method, path.count("/"), path.rpartition("/")[2].replace("{version}", "v1")) for method, path in with_body
    } == sent
