"""Orders that units are reserved for: no plan gives them again, whichever came first; each unit is in one place."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from store_cases import (
    HOUR,
    SCOPE,
    SECOND,
    Clock,
    adds_up,
    available,
    everything,
    given,
    held,
    left,
    ordered,
    planned,
    refused,
    stocked,
)

from quartermaster.store import open_store
from quartermaster.store.events import events_after
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder, cancel_order, plannable, stored_order
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.reservations import commit, release
from quartermaster.store.reserved_orders import settle_reserved
from quartermaster.store.run_facts import orders_waiting, shipments_had
from quartermaster.store.tables import ALLOCATIONS
from quartermaster.store.takers import Taker, takers_of, units_of

A, B = ("boston", "A"), ("dallas", "A")


@pytest.fixture
def clock(store) -> Clock:
    """Stock of 10 and 5."""
    store.clock = Clock()
    stocked(store, {A: 10, B: 5, ("boston", "B"): 3})
    return store.clock


def do(store, function, *more, **named):
    return store.transact(lambda transaction: function(transaction, SCOPE, *more, **named))


def committed(store, units, order_id="o1"):
    return do(store, commit, held(store, units, order_id=order_id).reservation_id)


def waiting(store):
    with store.read() as transaction:
        return [lines for _, lines in plannable(transaction, SCOPE)]


def order(store, order_id="o1"):
    with store.read() as transaction:
        return stored_order(transaction, SCOPE, order_id)


def places(store, order_id="o1"):
    return [(line.open, line.allocated, line.backordered, line.cancelled) for line in order(store, order_id).lines]


@pytest.mark.parametrize("end", ["released", "expired"])
def test_an_order_waits_while_a_reservation_is_held_for_it(store, clock, end):
    ordered(store, "o1", {"1": ("A", 4)})
    ordered(store, "o2", {"1": ("A", 1)})
    found = held(store, {A: 4}, SECOND, order_id="o1")
    held(store, {A: 1}, order_id="another")
    assert waiting(store) == [{"1": 1}]
    assert do(store, orders_waiting) == 1
    if end == "released":
        do(store, release, found.reservation_id)
    else:
        clock.now += SECOND
    assert waiting(store) == [{"1": 4}, {"1": 1}]
    assert do(store, orders_waiting) == 2


def test_what_is_committed_for_an_order_is_allocated(store, clock):
    ordered(store, "o1", {"1": ("A", 4)})
    found = committed(store, {A: 3, B: 1})
    own = order(store)
    assert (own.state, own.reason, places(store)) == ("allocated", "", [(0, 4, 0, 0)])
    kept = {"plan_id": None, "line_id": "1", "sku": "A", "shipment_id": None, "reservation_id": found.reservation_id}
    assert list(own.allocations) == [
        {**kept, "node_id": "boston", "quantity": 3},
        {**kept, "node_id": "dallas", "quantity": 1},
    ]
    assert own.history[-1][1:] == ("allocated", {"reservation_id": found.reservation_id, "units": 4})
    (event,) = do(store, events_after, 0, 9)
    payload = {"order_id": "o1", "reservation_id": found.reservation_id}
    assert (event.type, event.subject, event.payload) == ("allocation", "o1", payload)
    assert waiting(store) == []
    before = everything(store)
    assert do(store, commit, found.reservation_id) == found, "again changes nothing"
    assert everything(store) == before
    with refused("order_state"):
        do(store, cancel_order, "o1")
    adds_up(store)


def test_a_part_is_allocated_and_the_others_are_planned(store, clock):
    """Units that a plan has backordered last, lines in their order; the plan then gives what is left, and no more."""
    ordered(store, "o1", {"1": ("A", 4), "2": ("A", 3), "3": ("B", 2)})
    plan_id = planned(store)
    backorders = [left("o1", 4), left("o1", 3, "2"), left("o1", 2, "3")]
    do(store, commit_plan, plan_id, [], backorders)
    committed(store, {A: 5})
    assert (order(store).state, places(store)) == ("backordered", [(0, 4, 0, 0), (0, 1, 2, 0), (0, 0, 2, 0)])
    assert order(store).history[-1][1] == "reserved"
    assert waiting(store) == [{"2": 2, "3": 2}]
    parts = [given("o1", "boston", 2, "2"), given("o1", "boston", 2, "3", "B")]
    do(store, commit_plan, planned(store), parts, [])
    assert (order(store).state, available(store)) == ("allocated", {A: 3, B: 5, ("boston", "B"): 1})
    assert [one["plan_id"] is None for one in order(store).allocations] == [True, True, False, False]
    adds_up(store)


@pytest.mark.parametrize("how", ["plan", "cancelled", "changed", "rejected", "twice", "other sku"])
def test_units_that_the_order_does_not_wait_for_are_not_committed(store, clock, how):
    ordered(store, "o1", {"1": ("A", 4)})
    plan_id = planned(store)
    if how == "plan":
        do(store, commit_plan, plan_id, [given("o1", "boston", 4)], [])
    found = held(store, {("boston", "B"): 3} if how == "other sku" else {A: 4}, order_id="o1")
    if how == "cancelled":
        do(store, cancel_order, "o1")
    elif how == "changed":
        ordered(store, "o1", {"1": ("A", 3)})
    elif how == "rejected":
        ordered(store, "o1", {}, rejected="unknown_sku")
    elif how == "twice":
        committed(store, {B: 4})
    before = everything(store)
    with refused("order_state") as caught:
        do(store, commit, found.reservation_id)
    state = {"cancelled": "cancelled", "rejected": "rejected", "plan": "allocated", "twice": "allocated"}.get(
        how, "open"
    )
    facts = {"state": state, "reserved": 3 if how == "other sku" else 4, "waiting": 3 if how == "changed" else 0}
    assert caught.value.facts == facts
    assert everything(store) == before
    do(store, release, found.reservation_id)
    adds_up(store)


def test_a_plan_is_not_committed_for_an_order_that_is_held_since(store, clock):
    ordered(store, "o1", {"1": ("A", 4)})
    ordered(store, "o2", {"1": ("A", 1)})
    plan_id = planned(store)
    found = held(store, {B: 1}, order_id="o1")
    before = everything(store)
    parts = [given("o1", "boston", 4), given("o2", "boston", 1)]
    with refused("order_state") as caught:
        do(store, commit_plan, plan_id, parts, [])
    assert caught.value.facts == {"changed": [{"order_id": "o1"}]}
    assert everything(store) == before
    do(store, release, found.reservation_id)
    do(store, commit_plan, plan_id, parts, [])
    adds_up(store)


def test_an_order_that_never_comes_in_is_no_hindrance(store, clock):
    committed(store, {A: 4}, "never put")
    assert available(store)[A] == 6
    adds_up(store)


def test_an_order_that_comes_in_later_has_what_was_committed_for_it(store, clock):
    first, second = committed(store, {A: 4}), committed(store, {A: 2, ("boston", "B"): 1})
    assert ordered(store, "o1", {"1": ("A", 5)}) == "created"
    assert (order(store).state, places(store)) == ("allocated", [(0, 5, 0, 0)])
    units = [(one["reservation_id"], one["quantity"]) for one in order(store).allocations]
    assert units == [(first.reservation_id, 4), (second.reservation_id, 1)]
    assert available(store) == {A: 4, B: 5, ("boston", "B"): 2}
    assert ordered(store, "o1", {"1": ("A", 5)}) == "known"
    adds_up(store)


def test_an_order_that_is_mended_has_it_then(store, clock):
    committed(store, {A: 4})
    ordered(store, "o1", {}, rejected="unknown_sku")
    assert order(store).state == "rejected"
    ordered(store, "o1", {"1": ("B", 2)})
    assert waiting(store) == [{"1": 2}], "of another SKU: nothing of it was given"
    ordered(store, "o1", {"1": ("A", 6)})
    assert (order(store).state, waiting(store)) == ("open", [{"1": 2}])
    with refused("order_state"):
        ordered(store, "o1", {"1": ("A", 7)})
    do(store, cancel_order, "o1")
    assert places(store) == [(0, 4, 0, 2)]
    adds_up(store)


def test_many_orders_are_settled_at_once(store, clock):
    names = [f"o{number:04}" for number in range(600)]
    stocked(store, {A: 1_000})
    for name in (names[0], names[-1]):
        committed(store, {A: 1}, name)

    def come_in(transaction):
        for name in names:
            put_order(transaction, SCOPE, NewOrder(name, name, [NewLine("1", "A", 1)]))

    store.transact(come_in)
    assert [order(store, name).state for name in (names[0], names[1], names[-1])] == ["allocated", "open", "allocated"]
    assert do(store, settle_reserved) == do(store, settle_reserved, names) == []


@pytest.mark.parametrize("found_by", ["settle", "plan"])
def test_an_order_that_comes_in_while_its_reservation_is_committed(postgresql_schema, found_by):
    """Neither transaction sees the other; whoever plans the order next does."""
    store = open_store(postgresql_schema())
    stocked(store, {A: 10})
    ordered(store, "o2", {"1": ("A", 1)})
    found = held(store, {A: 4}, HOUR, order_id="o1")
    with store.write() as transaction:
        put_order(transaction, SCOPE, NewOrder("o1", "o1", [NewLine("1", "A", 4)]))
        do(store, commit, found.reservation_id)
    assert places(store) == [(4, 0, 0, 0)]
    if found_by == "plan":
        parts = [given("o1", "boston", 4), given("o2", "boston", 1)]
        with refused("order_state") as caught:
            do(store, commit_plan, planned(store), parts, [])
        assert caught.value.facts["changed"][-1] == {"order_id": "o1"}
        with store.read() as transaction:
            assert transaction.all(select(ALLOCATIONS)) == []
    (settled,) = do(store, settle_reserved)
    assert (settled.order_id, settled.reservation_id, settled.quantity) == ("o1", found.reservation_id, 4)
    assert (order(store).state, available(store)) == ("allocated", {A: 6})
    adds_up(store)
    store.close()


def test_shipments_takers_and_own_units(store, clock):
    ordered(store, "o1", {"1": ("A", 9)})
    committed(store, {A: 1, B: 2})
    committed(store, {A: 3})
    held(store, {A: 1}, SECOND, order_id="o2")
    held(store, {B: 1})
    with store.read() as transaction:
        assert shipments_had(transaction, SCOPE) == {"o1": 3}
        assert units_of(transaction, SCOPE, "o1") == {A: 4, B: 2}
        assert units_of(transaction, SCOPE, "o2") == {A: 1}
        found = takers_of(transaction, SCOPE, ["A"], "", 9)
    assert found == [Taker("o1", "boston", "A", 4), Taker("o1", "dallas", "A", 2), Taker("o2", "boston", "A", 1)]
    clock.now += SECOND
    with store.read() as transaction:
        assert takers_of(transaction, SCOPE, ["A"], "o1", 9) == []
        assert units_of(transaction, SCOPE, "o2") == {}
