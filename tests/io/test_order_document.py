"""One order read by itself is read as a snapshot with that one order reads it, or is left to that."""

from __future__ import annotations

import copy
import os
from datetime import timedelta

import pytest
from hypothesis import given, settings
from order_spoiling import GOOD, NOW, catalogued, orders, shown
from reading_cases import good_document

from quartermaster import io
from quartermaster.errors import InputError

EXAMPLES = int(os.environ.get("QUARTERMASTER_EXAMPLES", "300"))
READER = io.OrderReader.of(io.snapshot_from_document(good_document()))


def as_snapshot(order):
    """The slow way, which is the one of snapshots: the order and its lines, or None where anything is wrong."""
    heading = {**GOOD["snapshot"], "as_of": NOW.isoformat()}
    document = {"snapshot": heading, "orders": [order], "products": GOOD["products"], "nodes": GOOD["nodes"]}
    try:
        read = io.read_document({**copy.deepcopy(document), "inventory": []}).snapshot
    except InputError:
        return None
    (held,) = read.orders
    return held, list(read.order_lines)


def agrees(order) -> bool:
    """Compare both ways; tell whether the order was good."""
    slow, quick = as_snapshot(order), READER.read(copy.deepcopy(order), NOW)
    assert quick is None or quick == slow, shown(order)
    return quick is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(orders())
def test_a_spoilt_order_is_read_as_in_a_snapshot(order):
    agrees(order)


def test_orders_of_the_catalogue_are_read_as_in_a_snapshot():
    good = [agrees(order) for order in catalogued()]
    assert len(good) > 40
    assert any(good)
    assert not all(good)


def test_good_orders_need_no_snapshot():
    """What is left to the slow way is what is rare, or wrong."""
    assert all(agrees(order) for order in GOOD["orders"])
    order = GOOD["orders"][0]
    line = order["lines"][0]
    full = {
        **order,
        "lat": 42,
        "lon": io.parse_document(b'{"n": -71.06}')["n"],
        "ordered_at": "2026-11-02T13:04:00Z",
        "promise_date": "2026-11-05",
        "priority": 99,
        "max_shipments": 2,
        "labels": ["a", "b"],
        "channel": "",
        "service_level": None,
        "lines": [
            {**line, "line_id": "b", "backorder_cost": "12.500000"},
            {**line, "line_id": "a", "order_id": order["order_id"], "quantity": 1},
        ],
    }
    assert agrees(full)
    read, lines = READER.read(full, NOW)
    assert [one.line_id for one in lines] == ["a", "b"]
    assert (read.lat, read.priority, read.channel) == (42.0, 99, "")


@pytest.mark.parametrize("hours", range(-14, 15, 4))
def test_the_day_of_a_promise_is_the_customers(hours):
    """An order of the evening may be promised for a day that is over in London, where the customer is far west."""
    for lon in (None, -179, -71, 0, 100, 179):
        for days in (-2, -1, 0):
            ordered = NOW + timedelta(hours=hours)
            order = {**GOOD["orders"][0], "ordered_at": ordered.isoformat()}
            order |= {
                "country": "GB",
                "postal_code": "",
                "promise_date": (ordered + timedelta(days=days)).date().isoformat(),
            }
            order |= {} if lon is None else {"lat": 40, "lon": lon}
            slow = as_snapshot(order)
            assert agrees(order) == (slow is not None), shown(order)
