"""A route that only asks: for a key that may read, without an idempotency key, and nothing is written."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from sqlalchemy import func, select

from quartermaster.service.app import create_app
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.settings import ServiceSettings
from quartermaster.store.keys import make_key
from quartermaster.store.tables import IDEMPOTENCY

NORTH = "/v1/scopes/north"
ROUTE = f"{NORTH}/route"
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}


def key_for(store, *actions):
    return store.transact(lambda transaction: make_key(transaction, "some", actions))[0]


def noted(store):
    with store.read() as transaction:
        return transaction.first(select(func.count()).select_from(IDEMPOTENCY))[0]


def sent(api, secret, body, **headers):
    content = {"authorization": f"Bearer {secret}", "content-type": "application/json", **headers}
    answer = api.client.post(ROUTE, content=json.dumps(body), headers=content)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("asks", [{}, {"reserve": False}, {"count": 1, "nodes": False, "reserve": False}])
def test_who_may_read_asks_without_an_idempotency_key(api, store, asks):
    reader, before = key_for(store, "read"), noted(store)
    status, told = sent(api, reader, {"order": ORDER, **asks})
    assert (status, told["reservation"]) == (200, None)
    assert told["options"]
    for key in ("once", "once", "k" * 300):  # not looked at: a key that came with another request neither
        status, told = sent(api, reader, {"order": ORDER, **asks, "count": 1}, **{"idempotency-key": key})
        assert (status, len(told["options"])) == (200, 1)
        assert sent(api, reader, {"order": ORDER, **asks}, **{"idempotency-key": key})[0] == 200
    assert noted(store) == before


def test_what_holds_needs_what_every_change_needs(api, store):
    reader, committer = key_for(store, "read"), key_for(store, "commit")
    holds, key = {"order": ORDER, "reserve": True}, {"idempotency-key": "once"}
    refused = [
        sent(api, reader, holds, **key),
        sent(api, committer, {"order": ORDER}, **key),
        sent(api, committer, holds),
        sent(api, committer, holds, **{"idempotency-key": "k" * 256}),
        sent(api, reader, {"order": ORDER, "reserve": 1}),
        sent(api, reader, []),
    ]
    assert [(status, told["code"]) for status, told in refused] == [
        (403, "forbidden"),
        (403, "forbidden"),
        (400, "idempotency_key_missing"),
        (400, "idempotency_key_format"),
        (422, "validation"),
        (422, "validation"),
    ]
    before = noted(store)
    status, told = sent(api, committer, holds, **key)
    assert (status, noted(store) - before) == (201, 1)
    assert sent(api, committer, holds, **key) == (201, told)


def test_who_may_not_is_refused_before_the_body_is_read(store):
    """The bodies never end: whoever reads them is not answered."""
    secrets = {"": 401, "qm_none.x": 401, key_for(store, "plan"): 403}

    async def endless():
        yield b"{"
        await asyncio.sleep(60)

    async def play():
        transport = httpx.ASGITransport(app=create_app(ServiceSettings(wrong_keys_per_second=100), store))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client, asyncio.timeout(20):
            for secret, status in secrets.items():
                headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
                answer = await client.post(ROUTE, content=endless(), headers=headers)
                assert answer.status_code == status

    asyncio.run(play())


def test_the_contract_says_so(api):
    document = api.client.get("/openapi.json").json()
    required = {
        told["operationId"]: one["required"]
        for methods in document["paths"].values()
        for told in methods.values()
        for one in told.get("parameters", ())
        if one["name"] == "Idempotency-Key"
    }
    assert [name for name, needed in required.items() if not needed] == ["route_order"]
