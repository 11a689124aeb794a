"""The commit of a plan: all of it on the stock picture it was made from, or nothing at all."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from store_cases import (
    HOUR,
    SCOPE,
    SECOND,
    START,
    Clock,
    adds_up,
    available,
    counting,
    everything,
    given,
    held,
    left,
    ordered,
    planned,
    refused,
    stocked,
)

from quartermaster.store.database import Transaction
from quartermaster.store.events import events_after
from quartermaster.store.leases import acquire
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder, cancel_order, stored_order
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import begin_plan, current_plan, queue_plan, stored_plan
from quartermaster.store.reservations import commit, release, reservation
from quartermaster.store.tables import ORDERS, RESERVATIONS

A, B = ("boston", "A"), ("dallas", "A")


@pytest.fixture
def clock(store) -> Clock:
    """Stock of 10 and 5, and two orders of 4 and 6."""
    store.clock = Clock()
    stocked(store, {A: 10, B: 5})
    ordered(store, "o1", {"1": ("A", 4)})
    ordered(store, "o2", {"1": ("A", 6)})
    return store.clock


def committed(store, plan_id, allocations, backorders=(), **more):
    return store.transact(lambda transaction: commit_plan(transaction, SCOPE, plan_id, allocations, backorders, **more))


def changes_nothing(store, code, plan_id, allocations, backorders=(), **more):
    before = everything(store)
    with refused(code) as caught:
        committed(store, plan_id, allocations, backorders, **more)
    assert everything(store) == before
    json.dumps(caught.value.facts)
    return caught.value.facts


def test_a_plan_gives_units_takes_stock_and_tells_of_it(store, clock):
    plan_id = planned(store)
    clock.now += 1
    found = committed(store, plan_id, [given("o2", "dallas", 5), given("o1", "boston", 4)], [left("o2", 1)])
    assert (found.state, found.is_current, found.committed_at) == ("committed", True, START + 1)
    assert available(store) == {A: 6, B: 0}
    with store.read() as transaction:
        assert current_plan(transaction, SCOPE) == found
        first, second = (stored_order(transaction, SCOPE, order_id) for order_id in ("o1", "o2"))
        kept = transaction.all(select(RESERVATIONS).order_by(RESERVATIONS.c.commit_sequence))
        lines = [reservation(transaction, SCOPE, row.reservation_id).lines for row in kept]
    assert [(row.state, row.order_id, row.commit_sequence) for row in kept] == [
        ("committed", "o1", 1),
        ("committed", "o2", 2),
    ]
    assert [[(line.node_id, line.sku, line.quantity) for line in one] for one in lines] == [[(*A, 4)], [(*B, 5)]]
    assert (first.state, second.state, second.reason) == ("allocated", "backordered", "no_stock")
    assert [one["quantity"] for one in second.allocations] == [5]
    told = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 99))
    assert [(event.type, event.subject) for event in told] == [
        ("allocation", "o1"),
        ("allocation", "o2"),
        ("backorder", "o2"),
        ("plan_committed", plan_id),
    ]
    adds_up(store)


def test_an_order_that_came_again_with_the_same_units_has_changed(store, clock):
    """Sent elsewhere by now, say: what the plan decided for it does not hold."""

    def hashes():
        with store.read() as transaction:
            rows = transaction.all(select(ORDERS.c.order_id, ORDERS.c.sha256))
        return {row.order_id: row.sha256 for row in rows}

    plan_id, made_from = planned(store), hashes()
    again = NewOrder("o1", "the same units, sent elsewhere", [NewLine("1", "A", 4)])
    assert store.transact(lambda transaction: put_order(transaction, SCOPE, again)) == "updated"
    facts = changes_nothing(store, "order_state", plan_id, [given("o1", "boston", 4)], orders=made_from)
    assert facts == {"changed": [{"order_id": "o1"}]}
    committed(store, plan_id, [given("o1", "boston", 4)], orders=hashes())
    adds_up(store)


def test_a_plan_is_committed_once(store, clock):
    plan_id = planned(store)
    found = committed(store, plan_id, [given("o1", "boston", 4)])
    before = everything(store)
    assert committed(store, plan_id, [given("o1", "boston", 4)]) == found
    assert everything(store) == before


def test_allocations_of_one_line_from_many_nodes_and_twice_from_one(store, clock):
    parts = [given("o2", "boston", 1), given("o2", "boston", 2), given("o2", "dallas", 3)]
    committed(store, planned(store), parts)
    assert available(store) == {A: 7, B: 2}
    adds_up(store)


def test_backorders_of_one_line_for_two_reasons_are_added_up(store, clock):
    parts = [left("o2", 2, reason="no_stock"), left("o2", 3, reason="too_late")]
    committed(store, planned(store), [given("o2", "boston", 1)], parts)
    with store.read() as transaction:
        found = stored_order(transaction, SCOPE, "o2")
    assert (found.lines[0].allocated, found.lines[0].backordered) == (1, 5)
    assert found.reason == "no_stock, too_late"
    adds_up(store)


def test_a_plan_of_an_older_stock_picture_is_refused_unless_it_is_checked_anew(store, clock):
    plan_id = planned(store)
    stocked(store, {A: 9, B: 5})
    facts = changes_nothing(store, "snapshot_stale", plan_id, [given("o1", "boston", 4)])
    assert facts == {"planned": 1, "now": 2}
    assert committed(store, plan_id, [given("o1", "boston", 4)], recheck=True).state == "committed"
    adds_up(store)


@pytest.mark.parametrize("recheck", [True, False])
def test_units_that_are_gone_are_told(store, clock, recheck):
    plan_id = planned(store)
    if recheck:
        stocked(store, {A: 3, B: 5})
    else:
        held(store, {A: 7})
    facts = changes_nothing(
        store,
        "snapshot_stale",
        plan_id,
        [given("o1", "boston", 4), given("o2", "dallas", 5)],
        [left("o2", 1)],
        recheck=recheck,
    )
    assert facts == {"lacking": [{"node_id": "boston", "sku": "A", "planned": 4, "available": 3}]}


def test_units_held_by_what_has_expired_are_there(store, clock):
    found = held(store, {A: 10, B: 5}, SECOND)
    plan_id = planned(store)
    changes_nothing(store, "snapshot_stale", plan_id, [given("o1", "boston", 4)])
    clock.now += SECOND
    committed(store, plan_id, [given("o1", "boston", 4)])
    assert available(store) == {A: 6, B: 5}
    with refused("reservation_expired"):
        store.transact(lambda transaction: commit(transaction, SCOPE, found.reservation_id))
    adds_up(store)


def test_a_pair_that_is_not_stocked_is_gone(store, clock):
    facts = changes_nothing(store, "snapshot_stale", planned(store), [given("o1", "nowhere", 4)])
    assert facts == {"lacking": [{"node_id": "nowhere", "sku": "A", "planned": 4, "available": 0}]}


@pytest.mark.parametrize(
    ("allocations", "backorders", "changed"),
    [
        ([given("o1", "boston", 3)], [], [{"order_id": "o1", "line_id": "1"}]),
        ([given("o1", "boston", 3)], [left("o1", 2)], [{"order_id": "o1", "line_id": "1"}]),
        ([given("o1", "boston", 4, "9")], [], [{"order_id": "o1", "line_id": "9"}]),
        ([], [left("o9", 1)], [{"order_id": "o9", "line_id": "1"}, {"order_id": "o9"}]),
    ],
)
def test_what_does_not_add_up_to_what_waits_is_refused(store, clock, allocations, backorders, changed):
    facts = changes_nothing(store, "order_state", planned(store), allocations, backorders)
    assert facts == {"changed": changed}


@pytest.mark.parametrize("change", ["cancelled", "other units", "other lines"])
def test_orders_that_have_changed_since_are_told(store, clock, change):
    plan_id = planned(store)
    if change == "cancelled":
        store.transact(lambda transaction: cancel_order(transaction, SCOPE, "o2"))
    else:
        ordered(store, "o2", {"1": ("A", 7)} if change == "other units" else {"2": ("A", 6)})
    facts = changes_nothing(
        store, "order_state", plan_id, [given("o1", "boston", 4), given("o2", "boston", 6)], recheck=True
    )
    assert {one["order_id"] for one in facts["changed"]} == {"o2"}


def test_an_allocation_of_another_sku_than_was_ordered_is_refused(store, clock):
    stocked(store, {A: 10, ("boston", "B"): 10})
    facts = changes_nothing(store, "order_state", planned(store), [given("o1", "boston", 4, sku="B")])
    assert facts == {"changed": [{"order_id": "o1", "line_id": "1"}]}


def test_only_a_finished_plan_can_be_committed(store, clock):
    def queue(transaction):
        return queue_plan(transaction, SCOPE, "{}", 9).plan_id

    plan_id = store.transact(queue)
    assert changes_nothing(store, "plan_state", plan_id, []) == {"state": "queued"}
    store.transact(lambda transaction: begin_plan(transaction, SCOPE, plan_id, 1, "v1", 1))
    assert changes_nothing(store, "plan_state", plan_id, []) == {"state": "running"}
    with refused("not_found"):
        committed(store, "no such id", [])
    with refused("not_found"):
        store.transact(lambda transaction: commit_plan(transaction, "nowhere", plan_id, [], []))


def test_plans_that_were_finished_before_another_was_committed_are_superseded(store, clock):
    older, newer = planned(store), planned(store)
    committed(store, newer, [given("o1", "boston", 4)])
    changes_nothing(store, "plan_superseded", older, [given("o2", "boston", 6)])
    last = planned(store)
    committed(store, last, [given("o2", "boston", 6)])
    with store.read() as transaction:
        assert current_plan(transaction, SCOPE).plan_id == last
        before = stored_plan(transaction, SCOPE, newer)
    assert (before.state, before.is_current) == ("committed", False)
    adds_up(store)


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_plan_may_be_too_old(store, clock, late):
    plan_id = planned(store)
    clock.now += HOUR + late
    if late <= 0:
        assert committed(store, plan_id, [given("o1", "boston", 4)], most_age=HOUR).state == "committed"
    else:
        assert changes_nothing(store, "plan_expired", plan_id, [], most_age=HOUR) == {"finished_at": START}


def test_a_planner_that_lost_its_lease_cannot_commit(store, clock):
    first = store.transact(lambda transaction: acquire(transaction, SCOPE, "one", SECOND))
    plan_id = planned(store, fence=first.fence)
    clock.now += SECOND
    second = store.transact(lambda transaction: acquire(transaction, SCOPE, "two", SECOND))
    changes_nothing(store, "lease_lost", plan_id, [given("o1", "boston", 4)], fence=first.fence)
    committed(store, plan_id, [given("o1", "boston", 4)], fence=second.fence)


def test_units_of_a_plan_stay_taken(store, clock):
    committed(store, planned(store), [given("o1", "boston", 4)])
    with store.read() as transaction:
        name = transaction.first(select(RESERVATIONS.c.reservation_id)).reservation_id
    clock.now += HOUR
    with refused("reservation_state"):
        store.transact(lambda transaction: release(transaction, SCOPE, name))
    stocked(store, {A: 6, B: 5}, clock.now)
    assert available(store) == {A: 6, B: 5}, "the feed has deducted it"
    adds_up(store)


def test_an_empty_plan_is_committed_too(store, clock):
    assert committed(store, planned(store), []).is_current
    adds_up(store)


def test_a_commit_reads_as_much_however_many_other_orders_wait(store, clock, monkeypatch):
    rows, real = [], Transaction.all

    def counted(transaction, *call):
        found = real(transaction, *call)
        rows.append(len(found))
        return found

    def read_by_a_commit(name):
        ordered(store, name, {"1": ("A", 1)})
        plan_id = planned(store)
        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "all", counted)
            rows.clear()
            committed(store, plan_id, [given(name, "boston", 1)])
        return sum(rows)

    few = read_by_a_commit("first")
    for number in range(50):
        ordered(store, f"waits {number}", {"1": ("A", 1), "2": ("A", 1)})
    assert read_by_a_commit("second") == few


def test_a_plan_of_very_many_orders(store, clock):
    """More than one statement names."""
    names = [f"o{number:04}" for number in range(1_100)]
    stocked(store, {A: 1_100, B: 0})

    def come_in(transaction):
        for name in names:
            put_order(transaction, SCOPE, NewOrder(name, name, [NewLine("1", "A", 2)]))

    store.transact(come_in)
    parts = [given(name, "boston", 1 + number % 2) for number, name in enumerate(names[:700])]
    rest = [left(name, 2 - (1 + number % 2)) for number, name in enumerate(names[:700]) if not number % 2]
    committed(store, planned(store), parts, [*rest, *(left(name, 2) for name in names[700:])])
    with store.read() as transaction:
        states = [row.state for row in transaction.all(select(ORDERS.c.state).where(ORDERS.c.order_id.in_(names)))]
    assert (states.count("allocated"), states.count("backordered")) == (350, 750)
    adds_up(store)


def test_statements_grow_with_chunks_and_not_with_orders(store, monkeypatch):
    """So does the time for which a commit keeps others from the scope."""
    counts = []
    for number in (3, 40):
        names = [f"{number}-{at:03}" for at in range(number)]
        stocked(store, {("boston", name): 5 for name in names}, number)
        for name in names:
            ordered(store, name, {"1": (name, 2), "2": (name, 3)})
        plan_id = planned(store)
        allocations = [given(name, "boston", 2, sku=name) for name in names]
        backorders = [left(name, 3, "2") for name in names[1:]]
        allocations.append(given(names[0], "boston", 3, "2", names[0]))
        with counting(store) as sent:
            call = (SCOPE, plan_id, allocations, backorders)
            store.transact(lambda transaction, call=call: commit_plan(transaction, *call))
        counts.append(len(sent))
        adds_up(store)
    assert counts[0] == counts[1]
    assert counts[0] < 40
