"""Days in a store of each kind, and the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from run_days import Clock, put_day, put_orders
from simple_day import CHICAGO, LOS_ANGELES, MONDAY, NEWARK, simple_day
from store.conftest import postgresql_schema, sqlite_template, store, store_url, url  # noqa: F401 - fixtures

from quartermaster.demo import demo_snapshot
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine


@pytest.fixture(scope="session")
def demo():
    """Forty orders, six nodes."""
    return demo_snapshot(orders=40, nodes=6, skus=40, seed=2)


@pytest.fixture
def demo_day(store, demo):  # noqa: F811
    """The demo in a store whose clock stands an hour later; gives the store."""
    store.clock = Clock(demo.as_of + timedelta(hours=1))
    put_orders(store, put_day(store, demo))
    return store


def small_snapshot(**changes):
    """Two nodes, three orders of one line: ten units of A at each node, one of B."""
    rows = {
        "orders": [Order(order_id=name, **NEWARK) for name in ("o1", "o2", "o3")],
        "lines": [
            OrderLine(order_id="o1", line_id="1", sku="A", quantity=4),
            OrderLine(order_id="o2", line_id="1", sku="A", quantity=3),
            OrderLine(order_id="o3", line_id="1", sku="B", quantity=2),
        ],
        "nodes": [Node(node_id="CHI", **CHICAGO, max_units=100, max_shipments=50), Node(node_id="LAX", **LOS_ANGELES)],
        "stock": {("CHI", "A"): 10, ("LAX", "A"): 10, ("CHI", "B"): 1},
    }
    return simple_day(**{**rows, **changes})


@pytest.fixture
def small_day(store):  # noqa: F811
    """A day small enough for the head in a store whose clock stands an hour later; gives the store."""
    store.clock = Clock(MONDAY + timedelta(hours=1))
    put_orders(store, put_day(store, small_snapshot()))
    return store
