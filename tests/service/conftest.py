"""The service over a store of each kind, in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from channel_cases import BASE, GOOD
from starlette.testclient import TestClient
from store.conftest import postgresql_schema, sqlite_template, store, store_url  # noqa: F401 - fixtures
from store_cases import Clock

from quartermaster.service.app import create_app
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.guard import SECURITY_HEADERS
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import Store
from quartermaster.store.keys import make_key

SNAPSHOT = {**PLAN_REQUEST["snapshot"], "orders": []}


def has_its_headers(response: httpx.Response) -> None:
    """S16: of every answer, whatever it answers."""
    for name, value in SECURITY_HEADERS.items():
        assert response.headers.get_list(name) == [value], (response.request.url, name)
    assert "server" not in response.headers
    assert not any(name.startswith("access-control") for name in response.headers)


class Api:
    """The service as one caller: a key, and an idempotency key of its own for each change."""

    def __init__(self, client: TestClient, secret: str) -> None:
        self.client, self.secret = client, secret
        client.event_hooks = {"response": [has_its_headers]}
        self._numbers = itertools.count()

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.secret}",
            "content-type": "application/json",
            "idempotency-key": key or f"key-{next(self._numbers)}",
        }

    def ask(self, method: str, path: str, body=None, key: str | None = None):
        content = None if body is None else json.dumps(body)
        return self.client.request(method, path, content=content, headers=self.headers(key))

    def as_key(self, secret: str) -> Api:
        return Api(self.client, secret)


@pytest.fixture
def api(store: Store) -> Iterator[Api]:  # noqa: F811
    """Everything allowed, in a scope "north" that has a snapshot: 40 units of 00123 at newark, one at store-7."""
    secret, _ = store.transact(lambda transaction: make_key(transaction, "tests", ["admin"]))
    settings = ServiceSettings(wrong_keys_per_second=1000.0)
    with TestClient(create_app(settings, store), raise_server_exceptions=False) as client:
        caller = Api(client, secret)
        put = caller.ask("PUT", "/v1/scopes/north/snapshots/v1", SNAPSHOT)
        assert put.status_code == 201, put.text
        assert caller.ask("GET", "/v1/scopes/north").status_code == 200  # what the first answer makes is there
        yield caller


@pytest.fixture
def connect(store: Store) -> Iterator[Callable[..., Api]]:  # noqa: F811
    """Makes a caller of the service over the store of the test; scope "base" holds the good snapshot."""
    store.clock = Clock()
    secret, _ = store.transact(lambda transaction: make_key(transaction, "tests", ["admin"]))
    opened = []

    def made(**limits):
        client = TestClient(create_app(ServiceSettings(**limits), store), raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        caller = Api(client, secret)
        assert caller.ask("PUT", f"{BASE}/snapshots/v1", GOOD, key=f"base {len(opened)}").status_code in (200, 201)
        assert caller.ask("GET", BASE).status_code == 200  # what the first answer makes is there
        return caller

    yield made
    for client in opened:
        client.__exit__(None, None, None)
