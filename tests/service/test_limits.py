"""What one caller may take of the service: wrong keys, open reservations, places in the house; and what keys cost."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager, nullcontext

import pytest
from service.conftest import SNAPSHOT, Api
from starlette.testclient import TestClient

from quartermaster.errors import StoreError
from quartermaster.service.app import create_app
from quartermaster.service.contracts import CONTRACTS
from quartermaster.service.crowd import RUSH_SECONDS, Crowd, Entrance
from quartermaster.service.keyring import Keyring
from quartermaster.service.open_reservations import COUNT_SECONDS, OpenReservations
from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.rates import MOST_KEPT, Rates
from quartermaster.service.settings import MIB, ServiceSettings
from quartermaster.store.keys import every_key, make_key, revoke_key

NORTH = "/v1/scopes/north"
LINE = {"node_id": "newark", "sku": "00123", "quantity": 1}


class Clock:
    """Seconds, set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def serving(store, **settings):
    """The service with other limits, as one caller that may do everything."""
    secret, key = store.transact(lambda transaction: make_key(transaction, "tests", ["admin"]))
    with TestClient(create_app(ServiceSettings(**settings), store), raise_server_exceptions=False) as client:
        caller = Api(client, secret)
        caller.ask("PUT", f"{NORTH}/snapshots/v1", SNAPSHOT)
        yield caller, key


def code(answer):
    return answer.status_code, answer.json()["code"]


def test_wrong_keys_from_one_address_are_soon_not_looked_up(store):
    with serving(store, wrong_keys_per_second=0.001, key_seconds=0) as (api, _):
        other, _ = store.transact(lambda transaction: make_key(transaction, "late", ["read"]))
        wrong = [code(api.as_key("qm_none.x").ask("GET", NORTH)) for _ in range(5)]
        assert wrong == [(401, "unauthorized")] + [(429, "rate")] * 4
        refused = api.as_key("qm_other.y").ask("GET", NORTH)
        assert code(refused) == (429, "rate")
        assert int(refused.headers["retry-after"]) > 1
        assert code(api.as_key(other).ask("GET", NORTH)) == (429, "rate"), "none is looked up from there"
        assert api.ask("GET", NORTH).status_code == 200, "a key that was good here before is looked up all the same"


def test_addresses_have_their_own_turns_and_the_oldest_are_forgotten():
    clock = Clock()
    rates = Rates(1.0, clock, burst_seconds=2.0)
    assert [rates.wait("a") for _ in range(3)] == [0, 0, 1]
    assert rates.due("b") == 0
    assert (rates.wait("b"), rates.due("b"), rates.due("a")) == (0, 0, 1)
    clock.now += 1.0
    assert (rates.due("a"), rates.wait("a"), rates.due("a")) == (0, 0, 1)
    for number in range(MOST_KEPT):
        rates.wait(f"address {number}")
    assert len(rates._buckets) == MOST_KEPT
    assert rates.due("a") == 0, "forgotten, as if it had never asked"


def test_a_key_is_known_for_a_moment_and_then_looked_up(store):
    clock = Clock()
    keyring = Keyring(store, ServiceSettings(), clock)
    secret, key = store.transact(lambda transaction: make_key(transaction, "some", ["read"]))
    assert keyring.known(secret) is None
    assert keyring.looked_up(secret, "here").key_id == key.key_id
    assert keyring.known(secret).key_id == key.key_id
    assert keyring.known(secret + "x") is None
    store.transact(lambda transaction: revoke_key(transaction, key.key_id))
    clock.now += 1.99
    assert keyring.known(secret) is not None
    clock.now += 0.01
    assert keyring.known(secret) is None
    with pytest.raises(RequestRefused) as refused:
        keyring.looked_up(secret, "here")
    assert refused.value.code == "unauthorized"


def test_a_revoked_key_is_refused_within_five_seconds(store):
    """By the default: it is known for two seconds, however often it asks meanwhile."""
    assert ServiceSettings().key_seconds <= 5
    clock = Clock()
    keyring = Keyring(store, ServiceSettings(), clock)
    secret, key = store.transact(lambda transaction: make_key(transaction, "some", ["read"]))
    keyring.looked_up(secret, "here")
    store.transact(lambda transaction: revoke_key(transaction, key.key_id))
    times = 0
    while keyring.known(secret) is not None:
        clock.now += 0.1
        times += 1
    assert 0 < times <= 21


def used(store):
    with store.read() as transaction:
        return {key.name: key.last_used_at for key in every_key(transaction)}


def test_reading_waits_for_no_writer_and_use_is_noted_later(store, monkeypatch):
    """Whoever reads must not be kept waiting by the note that his key was used: writing is out of order here."""
    with serving(store) as (api, _):
        secret, _ = store.transact(lambda transaction: make_key(transaction, "reader", ["read"]))
        transact = type(store).transact

        def busy(self, work):
            raise StoreError("store_busy", "others were writing all the time")

        monkeypatch.setattr(type(store), "transact", busy)
        assert api.as_key(secret).ask("GET", NORTH).status_code == 200
        monkeypatch.setattr(type(store), "transact", transact)
        assert used(store)["reader"] is None
    assert used(store)["reader"] is not None, "noted when the service ends, at the latest"


def test_uses_that_could_not_be_noted_are_noted_with_the_next(store, monkeypatch):
    keyring = Keyring(store, ServiceSettings())
    secret, _ = store.transact(lambda transaction: make_key(transaction, "reader", ["read"]))
    keyring.looked_up(secret, "here")
    with monkeypatch.context() as broken:
        broken.setattr("quartermaster.service.keyring.note_uses", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            keyring.write_uses()
    keyring.write_uses()
    assert used(store)["reader"] is not None


def test_a_key_has_so_many_reservations_open(store):
    with serving(store, most_reservations=2) as (api, _):
        order = {**SNAPSHOT_ORDER, "lines": [{"line_id": "1", "sku": "00123", "quantity": 1}]}
        first = api.ask("POST", f"{NORTH}/reservations", {"lines": [LINE]})
        routed = api.ask("POST", f"{NORTH}/route", {"order": order, "reserve": True})
        assert (first.status_code, routed.status_code) == (201, 201)
        for path, body in (("reservations", {"lines": [LINE]}), ("route", {"order": order, "reserve": True})):
            refused = api.ask("POST", f"{NORTH}/{path}", body, key="kept")
            assert code(refused) == (429, "reservations_open"), path
            assert int(refused.headers["retry-after"]) > 0
        assert api.ask("POST", f"{NORTH}/route", {"order": order}).status_code == 200
        other, _ = store.transact(lambda transaction: make_key(transaction, "other", ["commit"]))
        assert api.as_key(other).ask("POST", f"{NORTH}/reservations", {"lines": [LINE]}).status_code == 201
    with serving(store, most_reservations=0) as (api, _):
        answers = [api.ask("POST", f"{NORTH}/reservations", {"lines": [LINE]}).status_code for _ in range(3)]
        assert answers == [201] * 3


SNAPSHOT_ORDER = {"order_id": "o-1", "country": "US", "postal_code": "10001", "promise_date": "2099-12-31"}


def test_open_reservations_are_counted_anew_after_a_while(monkeypatch):
    clock, there = Clock(), [3]
    monkeypatch.setattr("quartermaster.service.open_reservations.open_of", lambda *_: there[0])
    opened = OpenReservations(5, clock)
    for _ in range(2):
        opened.admit(None, "k")
    with pytest.raises(RequestRefused):
        opened.admit(None, "k")
    there[0] = 4  # some were released, which is not seen at once
    with pytest.raises(RequestRefused):
        opened.admit(None, "k")
    clock.now += COUNT_SECONDS
    opened.admit(None, "k")
    with pytest.raises(RequestRefused):
        opened.admit(None, "k")


LARGE = {"put_snapshot", "feed_inventory"}
"""Operations that take a body of the size of a batch."""


def test_only_snapshots_and_feeds_may_be_as_large_as_a_batch(store):
    assert (ServiceSettings().max_order_body_bytes, ServiceSettings().max_body_bytes) == (8 * MIB, 64 * MIB)
    with serving(store, max_order_body_bytes=20_000, max_body_bytes=40_000) as (api, _):
        paths = api.client.get("/openapi.json").json()["paths"]
        names = {"scope": "north", "version": "v2", "plan_id": "none", "reservation_id": "none"}
        with_body = {
            told["operationId"]: (method.upper(), path.format(**names))
            for path, methods in paths.items()
            for method, told in methods.items()
            if "requestBody" in told
        }
        assert set(with_body) == {name for name, contract in CONTRACTS.items() if contract.body} | {"plan", "evaluate"}
        for operation, (method, path) in with_body.items():
            cap = 40_000 if operation in LARGE | {"plan", "evaluate"} else 20_000
            for size, status in ((cap, 400), (cap + 1, 413)):
                for content in (b"{" * size, iter([b"{" * size])):  # with a length, and without
                    answer = api.client.request(method, path, content=content, headers=api.headers())
                    assert answer.status_code == status, (operation, size, answer.text)
    with serving(store, max_body_bytes=20_000) as (api, _):
        answer = api.client.post(f"{NORTH}/orders", content=b"{" * 20_001, headers=api.headers())
        assert code(answer) == (413, "too_large"), "no body is larger than the largest"


class House:
    """An application whose requests are worked on until they are told to end."""

    def __init__(self, **settings) -> None:
        self.clock, self.doors = Clock(), []
        self.crowd = Crowd(ServiceSettings(**settings), self.clock)
        self.entrance = Entrance(self.app, self.crowd)

    async def app(self, scope, receive, send):
        door = asyncio.Event()
        self.doors.append(door)
        with self.crowd.inside() if scope["path"].startswith("/v1/scopes") else nullcontext():
            await door.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def come(self, path=f"{NORTH}/route"):
        """Send a request; the messages of its answer come in as they are sent."""
        sent = []

        async def send(message):
            sent.append(message)

        task = asyncio.create_task(self.entrance({"type": "http", "path": path}, None, send))
        await asyncio.sleep(0)
        return sent, task

    async def leave(self, count):
        for door in self.doors[:count]:
            door.set()
        del self.doors[:count]
        for _ in range(3):
            await asyncio.sleep(0)


def statuses(came):
    return [sent[0]["status"] if sent else None for sent, _ in came]


def test_a_rush_may_wait_and_a_crowd_that_stays_is_not_let_in():
    async def play():
        house = House(threads=2, crowd=4)
        came = [await house.come() for _ in range(5)]
        assert statuses(came) == [None] * 4 + [503], "four may be in for a moment"
        head, body = came[4][0]
        assert dict(head["headers"])[b"retry-after"] == b"1"
        assert json.loads(body["body"])["code"] == "store_busy"
        await house.leave(1)
        assert statuses([await house.come()]) == [None]
        house.clock.now += RUSH_SECONDS
        await house.leave(1)
        assert statuses([await house.come()]) == [503], "it has been full for too long"
        await house.leave(1)
        assert statuses([await house.come()]) == [503]
        await house.leave(1)  # one is left: the crowd is gone
        assert statuses([await house.come() for _ in range(4)]) == [None, None, None, 503]
        await house.leave(10)

    asyncio.run(play())


def test_requests_that_need_no_store_are_always_let_in():
    async def play():
        house = House(threads=1, crowd=1)
        came = [await house.come() for _ in range(2)]
        came += [await house.come(path) for path in ("/healthz", "/readyz", "/v1/plan")]
        assert statuses(came) == [None, 503, None, None, None]
        await house.leave(10)

    asyncio.run(play())
