"""The bad-input catalogue as what channels of the service are sent, and what is wanted of each."""

from __future__ import annotations

import copy
import json
import tomllib
from functools import cache
from pathlib import Path

import pytest
from catalogue import CASES, HERE
from store_cases import everything

from quartermaster.io.codes import CODES
from quartermaster.service.answers import ProblemAnswer

ROOT = Path(__file__).parents[1]
CHANNELS = json.loads((HERE / "channels.json").read_text(encoding="utf-8"))
BODIES = json.loads((HERE / "bodies.json").read_text(encoding="utf-8"))
GOOD = json.loads((HERE / "good.json").read_text(encoding="utf-8"))
BASE = "/v1/scopes/base"
STATUS = {"encoding": 400, "too_large": 413, "too_many_rows": 413, "json_syntax": 400, "json_nonfinite": 400,
          "json_duplicate_key": 400, "json_too_deep": 400}  # fmt: skip
"""Of a body with a problem of this code; 422 with any other."""
SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For what is refused before it comes to the store."""

GIVEN = {
    "order": GOOD["orders"][0],
    "stock": {"kind": "full", "as_of": "2026-11-03T00:00:00Z", "rows": [*GOOD["inventory"]]},
    "hold": {"lines": [{"node_id": "NYC", "sku": "00123", "quantity": 1}]},
    "policy": {"policy": {}},
}
"""A valid body of each kind."""
BODY_ROUTES = {
    "snapshot": ("PUT", "/v1/scopes/new/snapshots/v1"), "inventory": ("POST", f"{BASE}/inventory"),
    "orders": ("POST", f"{BASE}/orders"), "plans": ("POST", f"{BASE}/plans"), "route": ("POST", f"{BASE}/route"),
    "promise": ("POST", f"{BASE}/promise"), "reservations": ("POST", f"{BASE}/reservations"),
    "extend": ("POST", f"{BASE}/reservations/HELD/extend"), "commit": ("POST", f"{BASE}/plans/PLAN/commit"),
}  # fmt: skip
"""Every route of the service that reads a body."""


def at(document, pointer):
    *path, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    for part in path:
        document = document[part]
    return document, last


def changed(kind, case):
    body = copy.deepcopy(GIVEN[kind])
    for pointer, value in case["set"].items():
        held, last = at(body, pointer)
        held[last] = value
    for pointer in case.get("drop", ()):
        held, last = at(body, pointer)
        del held[last]
    return body


def told(response):
    """Status, and code and place of each problem."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert len(response.content) <= 64 * 1024
    problem = ProblemAnswer.model_validate_json(response.content)
    assert problem.status == response.status_code
    errors = problem.errors or []
    assert {error.code for error in errors} <= set(CODES)
    assert problem.errors_total is None or len(errors) == min(100, problem.errors_total)
    places = [error.pointer if error.pointer is not None else place_of(error) for error in errors]
    return problem.status, sorted(zip([error.code for error in errors], places, strict=True))


def place_of(error):
    return f"{error.file or ''} {error.row or ''} {error.column or ''}"


def wanted(entries, prefix=""):
    """The same, of what a case expects."""
    places = [
        prefix + entry["pointer"] if "pointer" in entry
        else f"{entry.get('file') or ''} {entry.get('row') or ''} {entry.get('column') or ''}"
        for entry in entries
    ]  # fmt: skip
    status = next((STATUS[entry["code"]] for entry in entries if entry["code"] in STATUS), 422)
    return status, sorted(zip([entry["code"] for entry in entries], places, strict=True))


def stored(store):
    """All rows of all tables, but when keys were used."""
    return {name: rows for name, rows in everything(store).items() if name != "api_keys"}


def checked(store, sent, expected, name, failures):
    """Send something; where it is to be refused, see that it is, and that nothing is stored."""
    before = stored(store) if expected is not None else None
    response = sent()
    if expected is None:
        if not 200 <= response.status_code < 300:
            failures.append((name, response.text))
        return response
    found = told(response) if response.status_code >= 400 else (response.status_code, response.text)
    if found != expected:
        failures.append((name, found, expected))
    if stored(store) != before:
        failures.append((name, "something was stored"))
    return response


def expected_of(case):
    return json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))


def row_of(case):
    return case[:3]


@cache
def file_cases():
    """Folder cases that need no option of the command line."""
    return [
        case for case in CASES
        if not (HERE / case / "document.json").exists() and not expected_of(case).get("policy")
        and not expected_of(case).get("options")
    ]  # fmt: skip


@cache
def documents():
    return [case for case in CASES if (HERE / case / "document.json").exists()]


@cache
def raw_bodies():
    """Documents that no route can read, whatever it takes."""
    codes = {"json_syntax", "json_nonfinite", "json_duplicate_key", "json_too_deep", "encoding", "number_out_of_range"}
    return [case for case in documents() if {one["code"] for one in expected_of(case).get("problems", ())} & codes]


@cache
def policy_cases():
    """Policy files whose content JSON can carry, as plans are asked for with them."""
    found = {}
    for case in CASES:
        if expected_of(case).get("policy"):
            try:
                policy = tomllib.loads((HERE / case / "policy.toml").read_text(encoding="utf-8"))
                found[case] = json.loads(json.dumps(policy, allow_nan=False))
            except (tomllib.TOMLDecodeError, ValueError):
                continue
    return found


def bodies(kind):
    return [(f"{case['row']:03}", case) for case in BODIES[kind]]
