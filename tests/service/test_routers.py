"""Routers in memory: a few, in step with the store, each made once."""

from __future__ import annotations

import threading

from service.conftest import SNAPSHOT

from quartermaster.domain.orders import Order, OrderLine
from quartermaster.service import references
from quartermaster.service import routers as module
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.references import References, rows_of
from quartermaster.service.routers import Routers
from quartermaster.service.settings import ServiceSettings

ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}


def lend(store, routers, scope):
    """Route an order there; return the router that did it."""
    with store.read() as transaction:
        stands, reference = routers.standing(transaction, scope)
        order, lines = reference.order(ORDER)
        counted = routers.counted(transaction, stands, reference, lines)
    with routers.lent(counted) as router:
        assert router.route(order, lines, 1).best.shipments
        return router


def test_routers_are_held_as_long_as_there_is_room_and_those_used_last_are_kept(api, store, monkeypatch):
    scopes = [f"scope-{number}" for number in range(6)]
    for scope in scopes:
        assert api.ask("PUT", f"/v1/scopes/{scope}/snapshots/v1", SNAPSHOT).status_code == 201
    routers = Routers(References(ServiceSettings()))
    made = [lend(store, routers, scope) for scope in scopes]
    assert [lend(store, routers, scope) for scope in scopes] == made
    rows = rows_of(made[0]._snapshot)
    monkeypatch.setattr(module, "MOST_ROWS", 3 * rows)
    routers = Routers(References(ServiceSettings()))
    made = [lend(store, routers, scope) for scope in scopes[:3]]
    assert lend(store, routers, scopes[0]) is made[0]
    lend(store, routers, scopes[3])
    assert lend(store, routers, scopes[0]) is made[0], "it was used after the others"
    assert lend(store, routers, scopes[1]) is not made[1]


def test_snapshots_in_turn_are_read_once_each(api, store, monkeypatch):
    read, read_document = [], references.io.read_document
    monkeypatch.setattr(references.io, "read_document", lambda *a, **k: read.append(1) or read_document(*a, **k))
    held = References(ServiceSettings())
    for number in range(6):
        document = {**SNAPSHOT, "snapshot": {**SNAPSHOT["snapshot"], "version": f"version {number}"}}
        assert api.ask("PUT", f"/v1/scopes/scope-{number}/snapshots/v1", document).status_code == 201
    read.clear()
    for _ in range(2):
        for number in range(6):
            with store.read() as transaction:
                held.of(transaction, f"scope-{number}")
    assert len(read) == 6


def test_a_router_is_made_once_however_many_ask_at_once(api, store, monkeypatch):
    made, routers, made_by = [], Routers(References(ServiceSettings())), module.Router

    def making(snapshot):
        made.append(snapshot)
        return made_by(snapshot)

    monkeypatch.setattr(module, "Router", making)
    threads = [threading.Thread(target=lend, args=(store, routers, "north")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_snapshot_that_comes_later_is_routed_by(api, store):
    """Also by a router that had counted more units of the SKU, at a node that the new one does not stock."""
    routers = Routers(References(ServiceSettings()))
    first = lend(store, routers, "north")
    assert first.stock_of("00123") == {"newark": 40, "store-7": 1}
    later = {**SNAPSHOT, "snapshot": {**SNAPSHOT["snapshot"], "version": "later"}}
    later["inventory"] = [{"node_id": "store-7", "sku": "00123", "on_hand": 9}]
    answer = api.ask("PUT", "/v1/scopes/north/snapshots/v2?accept_shrink=true", later)
    assert answer.status_code == 201, answer.text
    second = lend(store, routers, "north")
    assert second is not first
    assert {node: units for node, units in second.stock_of("00123").items() if units} == {"store-7": 9}


def test_inbound_that_a_feed_shows_is_promised_once(api, store):
    """Three units are due on the 10th; when a picture of that day has come, they are among those that it shows."""
    due = [{"node_id": "store-7", "sku": "00123", "quantity": 3, "arrives_on": "2026-03-10"}]
    coming = {**SNAPSHOT, "snapshot": {**SNAPSHOT["snapshot"], "version": "coming"}, "replenishment": due}
    coming["inventory"] = [{"node_id": "store-7", "sku": "00123", "on_hand": 1}]
    answer = api.ask("PUT", "/v1/scopes/north/snapshots/v2?accept_shrink=true", coming)
    assert answer.status_code == 201, answer.text
    routers = Routers(References(ServiceSettings()))

    def most():
        router, units = lend(store, routers, "north"), 1
        while router.promise(Order(order_id="cart", postal_code="02139"), [line(units)]):
            units += 1
        return units - 1

    def line(units):
        return OrderLine(order_id="cart", line_id="1", sku="00123", quantity=units)

    assert most() == 4
    shown = [{"node_id": "store-7", "sku": "00123", "on_hand": 4}]
    feed = {"kind": "delta", "as_of": "2026-03-10T15:00:00Z", "sequence": 1, "rows": shown}
    answer = api.ask("POST", "/v1/scopes/north/inventory", feed)
    assert answer.status_code < 300, answer.text
    assert most() == 4
