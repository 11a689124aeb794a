"""A day at a store: one job of each kind, each with traces by which it is known whether it was done, and whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from store_cases import HOUR, SCOPE, SECOND, given, left, ordered, rows_of

import quartermaster.store
from quartermaster.store import Store
from quartermaster.store.database import Transaction
from quartermaster.store.events import events_after
from quartermaster.store.expiry import sweep
from quartermaster.store.idempotency import Reply, once
from quartermaster.store.leases import acquire
from quartermaster.store.orders import cancel_order
from quartermaster.store.plan_attempts import take_up
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import begin_plan, finish_plan, queue_plan
from quartermaster.store.reservations import commit, extend, release, reserve
from quartermaster.store.run_facts import reject_order
from quartermaster.store.scopes import scope_state
from quartermaster.store.snapshots import put_snapshot
from quartermaster.store.stock import Feed, StockLine, take_feed
from quartermaster.store.tables import (
    ALLOCATIONS,
    EVENTS,
    IDEMPOTENCY,
    ORDER_EVENTS,
    ORDER_LINES,
    ORDERS,
    PLAN_BLOCKS,
    PLANS,
    RESERVATION_LINES,
    RESERVATIONS,
    SNAPSHOTS,
)

A, B = ("boston", "A"), ("dallas", "B")
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """Some work, and whether its traces are there: all of them, none, or (what must not be) some."""

    name: str
    do: Callable[[Store], object]
    traces: Callable[[Transaction], int]
    whole: int


def every_name() -> set[str]:
    """Every fail point that the source of the store names, but for those of sending, which has tests of its own."""
    files = Path(quartermaster.store.__file__).parent.glob("*.py")
    texts = [file.read_text() for file in files if file.name != "webhooks.py"]
    return {name for text in texts for name in re.findall(r'fail_point\("([^"]+)"\)', text)}


def _count(table: Any, *conditions: Any) -> Callable[[Transaction], int]:
    query = select(func.count()).select_from(table).where(*conditions)
    return lambda transaction: int(transaction.connection.execute(query).scalar_one())


def _sum(*counts: Callable[[Transaction], int]) -> Callable[[Transaction], int]:
    return lambda transaction: sum(one(transaction) for one in counts)


def _reservation(transaction: Transaction, name: str) -> Any:
    return transaction.first(select(RESERVATIONS).where(RESERVATIONS.c.order_id == name))


def _plan(transaction: Transaction, day: int) -> str:
    return str(transaction.first(select(PLANS.c.plan_id).where(PLANS.c.policy == f"{day}")).plan_id)


def _hold(transaction: Transaction, name: str, lifetime: int = HOUR) -> Any:
    return reserve(transaction, SCOPE, [StockLine(*A, 1), StockLine(*B, 2)], lifetime, order_id=name)


def jobs_of(day: int) -> list[Job]:
    """The jobs of a day, in their order."""
    own = RESERVATIONS.c

    def told(function: Callable[..., object], name: str, *more: Any) -> Callable[[Store], object]:
        return lambda store: store.transact(
            lambda transaction: function(transaction, SCOPE, _reservation(transaction, name).reservation_id, *more)
        )

    def held(name: str, lifetime: int = HOUR) -> Job:
        lines = _count(
            RESERVATION_LINES.join(RESERVATIONS, own.reservation_id == RESERVATION_LINES.c.reservation_id),
            own.order_id == name,
        )
        do = lambda store: store.transact(lambda transaction: _hold(transaction, name, lifetime))  # noqa: E731
        return Job(f"reserve {name}", do, _sum(_count(RESERVATIONS, own.order_id == name), lines), 3)

    def state(name: str, wanted: str) -> Callable[[Transaction], int]:
        return _count(RESERVATIONS, own.order_id == name, own.state == wanted)

    def snapshot(transaction: Transaction) -> None:
        put_snapshot(transaction, SCOPE, f"v{day}", f"content {day}".encode(), day, rows_of({A: MANY, B: MANY}))

    def delta(transaction: Transaction) -> None:
        taken = scope_state(transaction, SCOPE).feed_sequence or 0
        through = _reservation(transaction, f"{day} committed").commit_sequence
        feed = Feed(rows_of({A: MANY, ("elgin", f"{day}"): 1}), False, day, taken + 1, through)
        take_feed(transaction, SCOPE, feed)

    def begin(transaction: Transaction) -> None:
        lease = acquire(transaction, SCOPE, "planner", SECOND)
        assert lease is not None
        version = scope_state(transaction, SCOPE).stock_version
        assert take_up(transaction, SCOPE) is not None
        assert begin_plan(transaction, SCOPE, _plan(transaction, day), lease.fence, f"v{day}", version)

    def finish(transaction: Transaction) -> None:
        plan_id = _plan(transaction, day)
        fence = transaction.first(select(PLANS.c.fence).where(PLANS.c.plan_id == plan_id)).fence
        parts = {name: name.encode() * 1000 for name in ("a", "b", "c")}
        assert finish_plan(transaction, SCOPE, plan_id, fence, {}, parts)

    def settle(transaction: Transaction) -> None:
        allocations = [given(f"{day} one", "boston", 2), given(f"{day} two", "dallas", 3, sku="B")]
        commit_plan(transaction, SCOPE, _plan(transaction, day), allocations, [left(f"{day} two", 1)])

    def reply(transaction: Transaction) -> Reply:
        return Reply(201, _hold(transaction, f"{day} once").reservation_id.encode())

    def reject(transaction: Transaction) -> None:
        document = transaction.first(select(ORDERS.c.document).where(ORDERS.c.order_id == wrong)).document
        assert reject_order(transaction, SCOPE, wrong, document, "it cannot be planned")

    orders, wrong, kept = (f"{day} one", f"{day} two"), f"{day} wrong", f"{day} kept"
    planned = PLANS.c.policy == f"{day}"
    settled = _sum(
        _count(PLANS, planned, PLANS.c.state == "committed"),
        _count(ALLOCATIONS, ALLOCATIONS.c.order_id.in_(orders)),
        _count(RESERVATIONS, own.order_id.in_(orders), own.state == "committed"),
        _count(ORDERS, ORDERS.c.order_id.in_(orders), ORDERS.c.state.in_(["allocated", "backordered"])),
        _count(EVENTS, EVENTS.c.subject.in_(orders)),
    )
    extended = own.expires_at - own.created_at > 2 * HOUR
    work = lambda function: lambda store: store.transact(function)  # noqa: E731
    return [
        Job("snapshot", work(snapshot), _count(SNAPSHOTS, SNAPSHOTS.c.version == f"v{day}"), 1),
        *(
            Job(
                f"order {name}",
                lambda store, name=name, sku=sku, units=units: ordered(store, name, {"1": (sku, units)}),
                _sum(_count(ORDERS, ORDERS.c.order_id == name), _count(ORDER_LINES, ORDER_LINES.c.order_id == name)),
                2,
            )
            for name, sku, units in ((orders[0], "A", 1), (orders[1], "B", 4), (f"{day} gone", "A", 9), (wrong, "A", 1))
        ),
        Job(
            "order changed",
            lambda store: ordered(store, orders[0], {"1": ("A", 2)}),
            _sum(
                _count(ORDER_EVENTS, ORDER_EVENTS.c.order_id == orders[0], ORDER_EVENTS.c.event == "updated"),
                _count(ORDER_LINES, ORDER_LINES.c.order_id == orders[0], ORDER_LINES.c.ordered == 2),
            ),
            2,
        ),
        Job(
            "reject",
            work(reject),
            _sum(
                _count(ORDERS, ORDERS.c.order_id == wrong, ORDERS.c.state == "rejected"),
                _count(EVENTS, EVENTS.c.subject == wrong),
            ),
            2,
        ),
        *(held(f"{day} {kind}") for kind in ("committed", "released", "extended")),
        held(f"{day} expired", 0),
        Job("commit", told(commit, f"{day} committed"), state(f"{day} committed", "committed"), 1),
        Job(
            "order whose units are held",
            lambda store: ordered(store, kept, {"1": ("A", 1), "2": ("B", 2)}),
            _sum(_count(ORDERS, ORDERS.c.order_id == kept), _count(ORDER_LINES, ORDER_LINES.c.order_id == kept)),
            3,
        ),
        held(kept),
        Job(
            "commit of an order's units",
            told(commit, kept),
            _sum(state(kept, "committed"), _count(ALLOCATIONS, ALLOCATIONS.c.order_id == kept)),
            3,
        ),
        Job("release", told(release, f"{day} released"), state(f"{day} released", "released"), 1),
        Job(
            "extend",
            told(extend, f"{day} extended", 9 * HOUR),
            _count(RESERVATIONS, own.order_id == f"{day} extended", extended),
            1,
        ),
        Job(
            "sweep",
            lambda store: store.transact(lambda transaction: sweep(transaction, SCOPE)),
            state(f"{day} expired", "expired"),
            1,
        ),
        Job(
            "delta",
            work(delta),
            _count(
                RESERVATION_LINES.join(RESERVATIONS, own.reservation_id == RESERVATION_LINES.c.reservation_id),
                own.order_id == f"{day} committed",
                RESERVATION_LINES.c.deducted,
            ),
            1,
        ),
        Job(
            "queue",
            lambda store: store.transact(lambda transaction: queue_plan(transaction, SCOPE, f"{day}", 1000)),
            _count(PLANS, planned),
            1,
        ),
        Job("begin", work(begin), _count(PLANS, planned, PLANS.c.state != "queued"), 1),
        Job(
            "finish",
            work(finish),
            _count(PLAN_BLOCKS.join(PLANS), planned),
            3,
        ),
        Job("plan commit", work(settle), settled, 1 + 2 + 2 + 2 + 3),
        Job(
            "once",
            lambda store: once(store, "k", f"{day}", b"", reply),
            _sum(
                _count(IDEMPOTENCY, IDEMPOTENCY.c.key == f"{day}"), _count(RESERVATIONS, own.order_id == f"{day} once")
            ),
            2,
        ),
        Job(
            "cancel",
            lambda store: store.transact(lambda transaction: cancel_order(transaction, SCOPE, f"{day} gone")),
            _sum(
                _count(ORDERS, ORDERS.c.order_id == f"{day} gone", ORDERS.c.state == "cancelled"),
                _count(EVENTS, EVENTS.c.subject == f"{day} gone"),
            ),
            2,
        ),
        Job(
            "events",
            lambda store: store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 1)),
            _count(EVENTS, EVENTS.c.subject == f"{day} gone", EVENTS.c.sequence.is_not(None)),
            1,
        ),
    ]
