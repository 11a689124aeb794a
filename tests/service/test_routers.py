"""Routers in memory: a few, in step with the store, each made once."""

from __future__ import annotations

import threading

from service.conftest import SNAPSHOT

from quartermaster.service import routers as module
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.references import References
from quartermaster.service.routers import MOST_HELD, Routers
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


def test_a_few_routers_are_held_and_those_used_last_are_kept(api, store):
    routers, scopes = Routers(References(ServiceSettings())), [f"scope-{number}" for number in range(MOST_HELD + 1)]
    for scope in scopes:
        assert api.ask("PUT", f"/v1/scopes/{scope}/snapshots/v1", SNAPSHOT).status_code == 201
    first = lend(store, routers, scopes[0])
    for scope in scopes[1:MOST_HELD]:
        lend(store, routers, scope)
    assert lend(store, routers, scopes[0]) is first
    lend(store, routers, scopes[MOST_HELD])
    assert len(routers._held) == MOST_HELD
    assert lend(store, routers, scopes[0]) is first, "it was used after the others"


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
