"""Orders that come together are read as if each came alone."""

from __future__ import annotations

import copy
import json
import os
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_spoiling import GOOD, NOW, catalogued, orders, shown
from service.test_stateful import ORDER

from quartermaster import io
from quartermaster.errors import InputError
from quartermaster.service.order_reading import new_orders
from quartermaster.service.references import Reference
from quartermaster.store.orders import NewOrder
from quartermaster.store.snapshots import Stored

EXAMPLES = int(os.environ.get("QUARTERMASTER_EXAMPLES", "100"))


def reference() -> Reference:
    snapshot = io.snapshot_from_document(copy.deepcopy(GOOD))
    frame = {"snapshot": GOOD["snapshot"], "nodes": GOOD["nodes"]}
    products = {row["sku"]: row for row in GOOD["products"]}
    stored = Stored("north", "v1", "0" * 64, 0, 1, 1, 1)
    return Reference(stored, snapshot, io.OrderReader.of(snapshot), frame, products, NOW)


REFERENCE = reference()


def told(found: NewOrder | InputError):
    """What callers see of it; details name other products where orders are read together, codes and places do not."""
    if isinstance(found, NewOrder):
        return found
    return [(problem.code, problem.pointer) for problem in found.problems]


def alone(order) -> NewOrder | InputError:
    """The slow way: a snapshot with this order and no other."""
    try:
        io.read_document(REFERENCE.with_orders([order]))
    except InputError as error:
        problems = [
            (problem.code, problem.pointer.removeprefix("/orders/0").removeprefix("/orders"))
            for problem in error.problems
        ]
        order_id = order.get("order_id") if isinstance(order, dict) else None
        bad_id = {"missing_field", "type", "id_format", "encoding", "text_not_allowed"}
        if not isinstance(order_id, str) or any(at == "/order_id" and code in bad_id for code, at in problems):
            return problems
        reasons = "; ".join(f"{code} at {at or '/'}" for code, at in problems[:10])
        return (order_id, reasons)
    return (order["order_id"], "")


def agree(documents) -> None:
    found = new_orders(REFERENCE, copy.deepcopy(documents))
    assert len(found) == len(documents)
    for document, one in zip(documents, found, strict=True):
        seen = (one.order_id, one.rejected) if isinstance(one, NewOrder) else told(one)
        assert seen == alone(copy.deepcopy(document)), shown(document)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=6))
def test_orders_are_told_what_is_wrong_with_them_alone(documents):
    agree(documents)


def test_the_catalogue_at_once():
    documents = list(catalogued())
    agree(documents)
    read = new_orders(REFERENCE, documents)
    assert any(isinstance(one, InputError) for one in read)
    assert any(isinstance(one, NewOrder) and one.rejected for one in read)
    assert any(isinstance(one, NewOrder) and not one.rejected for one in read)


def test_bad_orders_do_not_have_the_network_read_for_each(monkeypatch):
    """Two hundred bad orders of ids of their own: the network is read for a hundred at a time."""
    times, read = [], io.read_document
    monkeypatch.setattr(io, "read_document", lambda *given, **options: times.append(1) or read(*given, **options))
    bad = [{**GOOD["orders"][0], "order_id": f"B-{number}", "country": "uk"} for number in range(200)]
    found = new_orders(REFERENCE, bad)
    assert {one.rejected for one in found} == {"country_code at /country"}
    assert len(times) == 2
    assert [one.order_id for one in found] == [one["order_id"] for one in bad]
    times.clear()
    assert not any(one.rejected for one in new_orders(REFERENCE, GOOD["orders"]))
    assert not times


def test_an_order_is_held_as_it_came():
    good, bad = (
        {**GOOD["orders"][0], "lat": Decimal("41.500000000000000001"), "lon": Decimal("-70.10")},
        {"n": Decimal("1.7e308")},
    )
    bad["order_id"] = "B-1"
    held, rejected = new_orders(REFERENCE, [good, bad])
    assert '"lat": 41.500000000000000001, ' in held.document
    assert '"lon": -70.10, ' in held.document
    assert '"n": 1.7E+308, ' in rejected.document


def test_neither_what_is_no_order_nor_orders_of_one_id_have_the_network_read_for_each(monkeypatch):
    times, read = [], io.read_document
    monkeypatch.setattr(io, "read_document", lambda *given, **options: times.append(1) or read(*given, **options))
    strange = [*range(200), "x", None, True, [1], *range(200)]
    found = new_orders(REFERENCE, strange)
    assert not times
    assert {tuple(told(one)) for one in found} == {(("type", ""), ("missing_field", "/order_id"))}
    lines = GOOD["orders"][0]["lines"]
    twins = [{**GOOD["orders"][0], "country": "uk", "channel": f"{number}"} for number in range(200)]
    twins[7] = {**twins[7], "lines": [{**line, "order_id": twins[7]["order_id"]} for line in lines]}
    found = new_orders(REFERENCE, twins)
    assert {one.rejected for one in found} == {"country_code at /country"}
    assert {one.order_id for one in found} == {GOOD["orders"][0]["order_id"]}
    assert len(times) == 2
    times.clear()
    new_orders(REFERENCE, [{"order_id": 5, "lines": 5}] * 200)
    assert len(times) == 1


def test_what_is_no_order_is_told_the_same_as_by_the_slow_way():
    for one in (1, "x", [], [1], None, True, Decimal("1.50")):
        (found,) = new_orders(REFERENCE, [one])
        with pytest.raises(InputError) as slow:
            REFERENCE.order(one)
        assert list(found.problems) == list(slow.value.problems)


def test_orders_of_one_id_are_told_what_is_wrong_with_each():
    one = GOOD["orders"][0]
    spoilt = [{"country": "uk"}, {"lines": []}, {"priority": "3"}, {"lines": [{**one["lines"][0], "sku": "none"}]}, {}]
    agree([{**one, "channel": "c", **change} for change in spoilt])
    agree([{**one, "order_id": "=bad", "channel": f"{at}", **change} for at, change in enumerate(spoilt)])


def test_an_order_with_a_number_that_no_float_holds_is_refused_and_not_held(api):
    """Once it was held as Infinity, and whoever asked for it was answered 500 for ever."""
    body = json.dumps({"orders": [{**ORDER, "order_id": "far", "lat": 0}]}).replace('"lat": 0', '"lat": 9e308')
    answer = api.client.post("/v1/scopes/north/orders", content=body, headers=api.headers())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "number_out_of_range")
    assert api.ask("GET", "/v1/scopes/north/orders/far").status_code == 404


def test_what_is_wrong_with_an_order_does_not_keep_it_from_being_read(api):
    body = json.dumps({"orders": [{**ORDER, "order_id": "far", "lat": 0}]}).replace('"lat": 0', '"lat": 1.7e308')
    assert api.client.post("/v1/scopes/north/orders", content=body, headers=api.headers()).status_code == 200
    answer = api.ask("GET", "/v1/scopes/north/orders/far")
    assert (answer.status_code, answer.json()["state"], answer.json()["order"]["lat"]) == (200, "rejected", 1.7e308)
