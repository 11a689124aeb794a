"""The service over a store of each kind, in this process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from store.conftest import postgresql_schema, sqlite_template, store, store_url  # noqa: F401 - fixtures

from quartermaster.service.app import create_app
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import Store
from quartermaster.store.keys import make_key

SNAPSHOT = {**PLAN_REQUEST["snapshot"], "orders": []}


class Api:
    """The service as one caller: a key, and an idempotency key of its own for each change."""

    def __init__(self, client: TestClient, secret: str) -> None:
        self.client, self.secret = client, secret
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
        yield caller
