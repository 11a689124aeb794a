"""A request that is sent again is answered as before, whatever the world has come to meanwhile."""

from __future__ import annotations

import copy

import pytest
from service.conftest import SNAPSHOT

from quartermaster.errors import InputError, Problem
from quartermaster.router import Router
from quartermaster.service import route_calls
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.idempotency import replied

NORTH = "/v1/scopes/north"
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}
HOLD = ("POST", f"{NORTH}/route", {"order": ORDER, "reserve": True})


def drop_the_sku(api):
    """Put a snapshot that knows another SKU only."""
    other = copy.deepcopy(SNAPSHOT)
    for row in (*other["products"], *other["inventory"]):
        row["sku"] = "00456"
    other["snapshot"] |= {"version": "later", "as_of": "2026-03-02T10:00:00-05:00"}
    put = api.ask("PUT", f"{NORTH}/snapshots/v2?accept_shrink=true", other)
    assert put.status_code in (200, 201), put.text


@pytest.mark.parametrize("request_", [HOLD, ("POST", f"{NORTH}/orders", {"orders": [ORDER]})])
def test_a_retry_is_answered_as_before_though_its_sku_is_gone(api, monkeypatch, request_):
    first = api.ask(*request_, key="once")
    assert first.status_code in (200, 201), first.text
    drop_the_sku(api)
    routed, route = [], Router.route
    monkeypatch.setattr(Router, "route", lambda *given: routed.append(given) or route(*given))
    again = api.ask(*request_, key="once")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert routed == [], "what was answered is not worked out again"
    method, path, body = request_
    other = api.ask(method, path, {**body, "orders": []} if "orders" in body else {**body, "count": 1}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_new_key_is_told_what_is_wrong_now(api):
    assert api.ask(*HOLD, key="once").status_code == 201
    drop_the_sku(api)
    anew = api.ask(*HOLD, key="another")
    assert (anew.status_code, anew.json()["errors"][0]["code"]) == (422, "unknown_sku")


def test_a_copy_that_cannot_be_read_any_more_has_the_answer_of_the_first(api, monkeypatch):
    """The first of two is answered while the second, which found nothing noted, is being read."""
    read, first = route_calls.read_route, []

    def reading(*given, **options):
        if first:
            return read(*given, **options)
        first.append(None)
        first.append(api.ask(*HOLD, key="once"))
        raise InputError([Problem("unknown_sku", "is not known any more")])

    monkeypatch.setattr(route_calls, "read_route", reading)
    second = api.ask(*HOLD, key="once")
    assert (second.status_code, second.content) == (201, first[1].content)


def test_nothing_was_answered_to_a_key_that_was_not_used(store):
    assert replied(store, "nobody", "none", b"") is None
