"""What tests of the store begin with: a clock that is set, stock, orders, plans, and what is in a database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, select

from quartermaster.errors import StoreError
from quartermaster.store import Store
from quartermaster.store.audit import audit
from quartermaster.store.available import availability
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder
from quartermaster.store.plan_commit import Allocation, Backorder
from quartermaster.store.plans import begin_plan, finish_plan, queue_plan
from quartermaster.store.reservations import Reservation, reserve
from quartermaster.store.scopes import scope_state
from quartermaster.store.stock import Feed, StockLine, StockRow, take_feed
from quartermaster.store.tables import METADATA

SCOPE = "north"
MILLISECOND = 1_000
SECOND = 1_000_000
HOUR = 3_600 * SECOND
START = 1_800_000_000 * SECOND
"""Where clocks of tests begin."""

Pair = tuple[str, str]


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is set."""

    now: int = START

    def __call__(self) -> int:
        return self.now


def number_of(variable: str, default: int) -> int:
    """How many, by an environment variable."""
    return int(os.environ.get(variable, default))


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[StoreError]]:
    """See that something is refused with a code."""
    with pytest.raises(StoreError) as caught:
        yield caught
    assert caught.value.code == code


def rows_of(units: Mapping[Pair, int]) -> list[StockRow]:
    return [StockRow(node_id, sku, on_hand) for (node_id, sku), on_hand in units.items()]


def stocked(store: Store, units: Mapping[Pair, int], as_of: int = 0, scope: str = SCOPE, **more: Any) -> int:
    """Take a full feed; return the version of stock."""
    feed = Feed(rows_of(units), True, as_of, **more)
    return store.transact(lambda transaction: take_feed(transaction, scope, feed)).stock_version


def changed(store: Store, units: Mapping[Pair, int], sequence: int, as_of: int | None = None, **more: Any) -> int:
    """Take a delta feed, as of the last feed where nothing is said; return the version of stock."""

    def take(transaction: Any) -> int:
        last = scope_state(transaction, SCOPE).feed_as_of or 0
        feed = Feed(rows_of(units), False, last if as_of is None else as_of, sequence, **more)
        return take_feed(transaction, SCOPE, feed).stock_version

    return store.transact(take)


def held(store: Store, units: Mapping[Pair, int], lifetime: int = HOUR, scope: str = SCOPE, **more: Any) -> Reservation:
    """Reserve units."""
    lines = [StockLine(node_id, sku, quantity) for (node_id, sku), quantity in units.items()]
    return store.transact(lambda transaction: reserve(transaction, scope, lines, lifetime, **more))


def available(store: Store, scope: str = SCOPE) -> dict[Pair, int]:
    with store.read() as transaction:
        return availability(transaction, scope)


def ordered(
    store: Store, order_id: str, lines: Mapping[str, tuple[str, int]], scope: str = SCOPE, rejected: str = ""
) -> str:
    """Take an order in: units of a SKU by line."""
    document = repr((order_id, sorted(lines.items())))
    new = [NewLine(line_id, sku, quantity) for line_id, (sku, quantity) in lines.items()]
    order = NewOrder(order_id, document, new, rejected)
    return store.transact(lambda transaction: put_order(transaction, scope, order))


def planned(store: Store, scope: str = SCOPE, fence: int = 1, parts: Mapping[str, bytes] | None = None) -> str:
    """Make a plan of the stock picture of now; return its id."""

    def run(transaction: Any) -> str:
        plan_id = queue_plan(transaction, scope, "{}", 100).plan_id
        version = scope_state(transaction, scope).stock_version
        assert begin_plan(transaction, scope, plan_id, fence, "1", version)
        assert finish_plan(transaction, scope, plan_id, fence, {"cost": 1}, parts or {"plan.json": b"{}"})
        return plan_id

    return store.transact(run)


def given(order_id: str, node_id: str, quantity: int, line_id: str = "1", sku: str = "A") -> Allocation:
    return Allocation(order_id, line_id, sku, node_id, quantity, f"{order_id}-{node_id}")


def left(order_id: str, quantity: int, line_id: str = "1", reason: str = "no_stock") -> Backorder:
    return Backorder(order_id, line_id, quantity, reason)


def everything(store: Store) -> dict[str, Sequence[tuple[Any, ...]]]:
    """All rows of all tables."""
    with store.read() as transaction:
        return {
            table.name: sorted((tuple(row) for row in transaction.all(select(table))), key=repr)
            for table in METADATA.sorted_tables
        }


@contextmanager
def counting(store: Store) -> Iterator[list[str]]:
    """Count the statements that are sent in the block."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    event.listen(store.writer, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.writer, "before_cursor_execute", note)


def adds_up(store: Store, scope: str = SCOPE) -> None:
    with store.read() as transaction:
        assert audit(transaction, scope) == []
