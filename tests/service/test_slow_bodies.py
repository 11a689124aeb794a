"""Bodies that come slowly: nobody else waits for them, and one key has only so many."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from quartermaster.service.app import create_app
from quartermaster.service.settings import ServiceSettings
from quartermaster.store.keys import make_key

NORTH = "/v1/scopes/north"
HELD = 3
"""Bodies of one key that may be arriving."""
CHANGES = (("POST", f"{NORTH}/orders"), ("PUT", f"{NORTH}/snapshots/v1"), ("POST", f"{NORTH}/promise"))


def headers(secret, number, media="application/json"):
    return {"authorization": f"Bearer {secret}", "content-type": media, "idempotency-key": f"slow-{number}"}


@pytest.mark.parametrize("media", ["application/json", "application/zip"])
def test_nobody_waits_for_the_bodies_of_others(store, media):
    """As many as the house holds begin a body and do not end it."""
    slow, quick = (
        store.transact(lambda transaction, name=name: make_key(transaction, name, ["admin"]))[0]
        for name in ("slow", "quick")
    )
    app = create_app(ServiceSettings(threads=1, crowd=HELD, arriving=HELD, uploads=HELD + 1), store)

    async def play():
        end, begun = asyncio.Event(), []

        async def body():
            yield b"{"
            begun.append(None)
            await end.wait()

        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

            def send(number):
                method, path = CHANGES[1] if media != "application/json" else CHANGES[number % len(CHANGES)]
                return asyncio.create_task(
                    client.request(method, path, content=body(), headers=headers(slow, number, media))
                )

            assert (await client.get(NORTH, headers=headers(slow, "first"))).status_code == 404  # both keys are known
            assert (await client.get(NORTH, headers=headers(quick, "first"))).status_code == 404
            arriving = [send(number) for number in range(HELD)]
            async with asyncio.timeout(10):
                while len(begun) < HELD:
                    await asyncio.sleep(0.01)
                refused = await send(HELD)
                assert (refused.status_code, refused.json()["code"]) == (429, "rate")
                assert int(refused.headers["retry-after"]) > 0
                for secret in (quick, slow):
                    there = await client.get(NORTH, headers=headers(secret, "get"))
                    assert (there.status_code, there.json()["code"]) == (404, "not_found")
                told = await client.post(f"{NORTH}/reservations", content=b"{}", headers=headers(quick, "whole"))
                assert told.status_code == 422, "whole bodies are read meanwhile"
            end.set()
            ended = [await task for task in arriving]
            assert set(Counter(answer.json()["code"] for answer in ended)) <= {"json_syntax", "archive_not_allowed"}
            again = await client.post(f"{NORTH}/orders", content=b"{", headers=headers(slow, "again"))
            assert (again.status_code, again.json()["code"]) == (400, "json_syntax"), "nothing is arriving any more"

    asyncio.run(play())
