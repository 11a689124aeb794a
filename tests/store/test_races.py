"""I11 and I5: reservations that several resolve at their very instant, and plans read while others are committed."""

from __future__ import annotations

import hashlib
import threading

from sqlalchemy import func, select
from store_cases import (
    MILLISECOND,
    SCOPE,
    SECOND,
    START,
    adds_up,
    available,
    given,
    number_of,
    planned,
    stocked,
)

from quartermaster.errors import StoreError
from quartermaster.store.expiry import sweep
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import current_plan, part_of
from quartermaster.store.reservations import commit, release, reserve
from quartermaster.store.stock import StockLine
from quartermaster.store.tables import ALLOCATIONS, LEDGER, ORDERS, PLANS, RESERVATIONS

PAIRS = number_of("QUARTERMASTER_PAIRS", 100)
"""Reservations raced for on each store."""
PLAN_COUNT, PLAN_LINES = number_of("QUARTERMASTER_PLANS", 8), number_of("QUARTERMASTER_PLAN_LINES", 12)
READERS = number_of("QUARTERMASTER_READERS", 2)
A = ("boston", "A")


def test_a_reservation_is_resolved_once_at_its_instant(store):
    """One commits it and one releases it a millisecond before its end, one sweeps at its end, all at once.

    Each ends a second after the one before, so that a sweep at the end of one finds that one alone.
    """
    own = threading.local()
    store.clock = lambda: getattr(own, "now", START)
    stocked(store, {A: PAIRS})

    def hold(transaction):
        line = [StockLine(*A, 1)]
        return [reserve(transaction, SCOPE, line, n * SECOND).reservation_id for n in range(1, PAIRS + 1)]

    names, won, lost, gate = store.transact(hold), [], [], threading.Barrier(3, timeout=60)

    def resolve(function, late):
        for number, name in enumerate(names, start=1):
            own.now = START + number * SECOND + late
            gate.wait()
            try:
                if store.transact(lambda transaction, name=name: function(transaction, name)):
                    won.append(name)
            except StoreError as error:
                lost.append(error.code)

    calls = (
        (lambda transaction, name: commit(transaction, SCOPE, name), -MILLISECOND),
        (lambda transaction, name: release(transaction, SCOPE, name), -MILLISECOND),
        (lambda transaction, _: sweep(transaction, SCOPE), 0),
    )
    threads = [threading.Thread(target=resolve, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(lost) <= {"reservation_state", "reservation_expired"}
    own.now = START + (PAIRS + 1) * SECOND
    late = store.transact(lambda transaction: sweep(transaction, SCOPE))
    assert len(won) + late == PAIRS, "each is resolved once"
    assert len(set(won)) == len(won)
    with store.read() as transaction:
        ledger = transaction.all(
            select(LEDGER.c.reservation_id, func.count().label("times"))
            .where(LEDGER.c.event != "held")
            .group_by(LEDGER.c.reservation_id)
        )
        kept = len(transaction.all(select(RESERVATIONS).where(RESERVATIONS.c.state == "committed")))
    assert [row.times for row in ledger] == [1] * PAIRS
    assert available(store) == {A: PAIRS - kept}
    adds_up(store)


def orders_of(number):
    return [f"{number:03}-{line:04}" for line in range(PLAN_LINES)]


def hash_of(rows):
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()


def test_readers_see_whole_plans_only(store):
    """One commits plans, others read the current one: its parts, its allocations and its orders are of one plan."""
    stocked(store, {A: PLAN_COUNT * PLAN_LINES})

    def come_in(transaction):
        for number in range(PLAN_COUNT):
            for name in orders_of(number):
                put_order(transaction, SCOPE, NewOrder(name, name, [NewLine("1", "A", 1)]))

    store.transact(come_in)
    done, seen, wrong, begun = threading.Event(), set(), [], threading.Barrier(READERS + 1)

    def look():
        with store.read() as transaction:
            plan = current_plan(transaction, SCOPE)
            if plan is None:
                return None
            told = part_of(transaction, SCOPE, plan.plan_id, "hash").decode()
            number = int(part_of(transaction, SCOPE, plan.plan_id, "number"))
            rows = transaction.all(select(ALLOCATIONS.c.order_id).where(ALLOCATIONS.c.plan_id == plan.plan_id))
            if hash_of(row.order_id for row in rows) != told:
                wrong.append(f"plan {number}: {len(rows)} allocations")
            given_ones = transaction.all(select(ORDERS.c.order_id).where(ORDERS.c.state == "allocated"))
            if len(given_ones) != (number + 1) * PLAN_LINES:
                wrong.append(f"plan {number}: {len(given_ones)} orders")
            current = transaction.all(select(PLANS.c.plan_id).where(PLANS.c.is_current))
            if len(current) != 1:
                wrong.append(f"{len(current)} current plans")
            return number

    def read():
        begun.wait()
        while not done.is_set():
            seen.add(look())

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    begun.wait()
    for number in range(PLAN_COUNT):
        names = orders_of(number)
        plan_id = planned(store, parts={"hash": hash_of(names).encode(), "number": str(number).encode()})
        allocations = [given(name, "boston", 1) for name in names]
        store.transact(
            lambda transaction, plan_id=plan_id, allocations=allocations: commit_plan(
                transaction, SCOPE, plan_id, allocations, []
            )
        )
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(seen) > 1, "readers saw the plans change"
    assert look() == PLAN_COUNT - 1
    assert wrong == []
    adds_up(store)
