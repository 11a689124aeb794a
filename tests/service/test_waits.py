"""Who waits for whom: nobody for the reading of a body, and nobody for a store that does not answer."""

from __future__ import annotations

import pytest
from service.conftest import SNAPSHOT
from sqlalchemy import create_engine

from quartermaster import io
from quartermaster.service import route_calls
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store import database
from quartermaster.store.audit import audit
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import StockLine

NORTH = "/v1/scopes/north"
LINE = {"node_id": "newark", "sku": "00123", "quantity": 1}
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "snapshots/v2", SNAPSHOT),
        ("POST", "orders", {"orders": [ORDER]}),
        ("POST", "route", {"order": ORDER, "reserve": True}),
    ],
)
def test_others_write_while_a_body_is_read(api, store, monkeypatch, method, path, body):
    """SQLite has one writer: a body that is read in its transaction would keep everybody out."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    read, written = io.read_document, []

    def reading(*given, **options):
        written.append(store.transact(lambda transaction: transaction.now))
        return read(*given, **options)

    monkeypatch.setattr(io, "read_document", reading)
    assert api.ask(method, f"{NORTH}/{path}", body).status_code in (200, 201)
    assert written


def test_a_store_that_does_not_answer_is_told_of(api, store):
    reader, writer = store.reader, store.writer
    nowhere = create_engine("postgresql+psycopg://postgres@127.0.0.1:1/none")
    store.reader = store.writer = nowhere
    try:
        for method, path, body in (
            ("GET", "/readyz", None),
            ("GET", "/metrics", None),
            ("GET", f"{NORTH}/availability", None),
            ("POST", f"{NORTH}/reservations", {"lines": [LINE]}),
        ):
            answer = api.ask(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unreachable"), path
            assert int(answer.headers["retry-after"]) > 0
            assert "127.0.0.1" not in answer.text
            assert "nothing was planned or stored" not in answer.text, (
                "it may have been: the answer may be what is lost"
            )
    finally:
        store.reader, store.writer = reader, writer
    assert api.client.get("/readyz").status_code == 200


def test_of_orders_of_one_id_in_a_request_all_count_or_none(api):
    """The same twice is one order; different ones are refused, each; answers come in the order of the request."""
    changed = {**ORDER, "order_id": "a", "lines": [{**ORDER["lines"][0], "quantity": 7}]}
    orders = [{**ORDER, "order_id": "b"}, {"lines": []}, {**ORDER, "order_id": "a"}, changed]
    told = api.ask("POST", f"{NORTH}/orders", {"orders": orders}).json()["orders"]
    assert [one["result"] for one in told] == ["created", "refused", "refused", "refused"]
    assert [one["order_id"] for one in told][::2] == ["b", "a"]
    assert [one["reason"].split(":")[0] for one in told[2:]] == ["order_conflict"] * 2
    assert api.ask("GET", f"{NORTH}/orders/a").status_code == 404


def test_an_order_is_routed_again_when_others_took_its_best_option(api, store, monkeypatch):
    """Between the routing and the hold, somebody takes all but one unit of the node that it chose."""
    routed, taken = route_calls.Routed, []

    def taking(*given):
        if not taken:
            lines = [StockLine("newark", "00123", 39)]
            taken.append(store.transact(lambda transaction: reserve(transaction, "north", lines, 10**9)))
        return routed(*given)

    monkeypatch.setattr(route_calls, "Routed", taking)
    told = api.ask("POST", f"{NORTH}/route", {"order": ORDER, "reserve": True})
    assert told.status_code == 201, told.text
    units = {line["node_id"]: line["quantity"] for line in told.json()["reservation"]["lines"]}
    assert len(taken) == 1
    assert units == {"newark": 1, "store-7": 1}
    with store.read() as transaction:
        assert audit(transaction, "north") == []
