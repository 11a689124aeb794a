"""Reservations: held → committed | released | expired, once, to the millisecond."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from store_cases import (
    HOUR,
    MILLISECOND,
    SCOPE,
    SECOND,
    START,
    Clock,
    adds_up,
    available,
    everything,
    held,
    refused,
    stocked,
)

from quartermaster.store.events import events_after
from quartermaster.store.expiry import sweep
from quartermaster.store.reservations import commit, extend, open_of, release, reservation, reserve
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import StockLine
from quartermaster.store.tables import RESERVATIONS

A, B = ("boston", "A"), ("dallas", "A")


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    stocked(store, {A: 10, B: 5})
    return store.clock


def of(store, function, found, *more):
    return store.transact(lambda transaction: function(transaction, SCOPE, found.reservation_id, *more))


def test_units_that_are_held_are_not_there_for_others(store, clock):
    found = held(store, {B: 2, A: 4}, HOUR, order_id="o1")
    assert found.state == "held"
    assert found.expires_at == START + HOUR
    assert found.lines == (StockLine("boston", "A", 4), StockLine("dallas", "A", 2))
    assert available(store) == {A: 6, B: 3}
    with store.read() as transaction:
        assert reservation(transaction, SCOPE, found.reservation_id) == found
    adds_up(store)


def test_equal_pairs_are_added_up(store, clock):
    lines = [StockLine(*A, 4), StockLine(*A, 5)]
    found = store.transact(lambda transaction: reserve(transaction, SCOPE, lines, HOUR))
    assert found.lines == (StockLine(*A, 9),)
    with refused("insufficient_stock"):
        store.transact(lambda transaction: reserve(transaction, SCOPE, [StockLine(*B, 3)] * 2, HOUR))


def test_all_or_nothing_and_what_there_is_is_told(store, clock):
    before = everything(store)
    with refused("insufficient_stock") as caught:
        held(store, {A: 4, B: 6, ("nowhere", "A"): 1})
    assert caught.value.facts["lacking"] == [
        {"node_id": "dallas", "sku": "A", "wanted": 6, "available": 5},
        {"node_id": "nowhere", "sku": "A", "wanted": 1, "available": 0},
    ]
    json.dumps(caught.value.facts)
    assert everything(store) == before


def test_a_part_may_be_allowed(store, clock):
    found = held(store, {A: 4, B: 6, ("nowhere", "A"): 1}, allow_partial=True)
    assert found.lines == (StockLine(*A, 4), StockLine(*B, 5))
    with refused("insufficient_stock"):
        held(store, {B: 1}, allow_partial=True)
    adds_up(store)


def test_a_part_of_what_has_expired_may_be_held_and_is_a_whole_number(store, clock):
    held(store, {B: 3}, SECOND)
    clock.now += SECOND
    found = held(store, {B: 9}, allow_partial=True)
    assert found.lines == (StockLine(*B, 5),)
    assert type(found.lines[0].quantity) is int
    adds_up(store)


@pytest.mark.parametrize("lines", [[], [StockLine(*A, 0)], [StockLine(*A, -1)], [StockLine(*A, 1), StockLine(*B, 0)]])
def test_nothing_cannot_be_reserved(store, clock, lines):
    before = everything(store)
    with refused("reservation_lines"):
        store.transact(lambda transaction: reserve(transaction, SCOPE, lines, HOUR))
    assert everything(store) == before


def test_commit_keeps_the_units_and_numbers_the_commit(store, clock):
    first, second = held(store, {A: 4}), held(store, {A: 1})
    assert of(store, commit, second).commit_sequence == 1
    assert of(store, commit, first).commit_sequence == 2
    assert of(store, commit, first).commit_sequence == 2, "again changes nothing"
    clock.now += 2 * HOUR
    assert of(store, commit, first).state == "committed", "its time does not run any more"
    assert available(store) == {A: 5, B: 5}
    adds_up(store)


def test_release_gives_the_units_back(store, clock):
    found = held(store, {A: 4, B: 5})
    assert of(store, release, found).state == "released"
    assert of(store, release, found).state == "released", "again changes nothing"
    assert available(store) == {A: 10, B: 5}
    adds_up(store)


def test_what_is_resolved_stays_so(store, clock):
    done, gone = held(store, {A: 1}), held(store, {A: 1})
    of(store, commit, done)
    of(store, release, gone)
    before = everything(store)
    for function, found in ((release, done), (commit, gone)):
        with refused("reservation_state") as caught:
            of(store, function, found)
        assert caught.value.facts["state"] in ("committed", "released")
    for found in (done, gone):
        with refused("reservation_state"):
            of(store, extend, found, HOUR)
    assert everything(store) == before


@pytest.mark.parametrize("function", [commit, release, extend])
def test_what_is_not_there_or_of_another_scope_is_not_found(store, clock, function):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    found, more = held(store, {A: 1}), ((HOUR,) if function is extend else ())
    for scope, name in ((SCOPE, "no such id"), ("south", found.reservation_id)):
        with refused("not_found"):
            store.transact(lambda transaction, at=scope, of=name: function(transaction, at, of, *more))
        with store.read() as transaction, refused("not_found"):
            reservation(transaction, scope, name)


@pytest.mark.parametrize("function", [commit, release, extend])
@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_reservation_is_active_before_its_instant_and_not_at_it(store, clock, function, late):
    found, more = held(store, {A: 4}, SECOND), ((HOUR,) if function is extend else ())
    clock.now = START + SECOND + late * MILLISECOND
    if late < 0:
        assert of(store, function, found, *more).state == {commit: "committed", release: "released"}.get(
            function, "held"
        )
    else:
        with refused("reservation_expired") as caught:
            of(store, function, found, *more)
        assert caught.value.facts == {"expired_at": START + SECOND}
    adds_up(store)


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_expired_units_are_there_at_the_instant_and_may_be_held(store, clock, late):
    found = held(store, {B: 5}, SECOND)
    clock.now = START + SECOND + late * MILLISECOND
    with store.read() as transaction:
        assert reservation(transaction, SCOPE, found.reservation_id).state == ("held" if late < 0 else "expired")
    if late < 0:
        assert available(store)[B] == 0
        with refused("insufficient_stock"):
            held(store, {B: 1})
        assert store.transact(lambda transaction: sweep(transaction, SCOPE)) == 0
    else:
        assert available(store)[B] == 5
        held(store, {B: 5})
        assert available(store)[B] == 0
        assert store.transact(lambda transaction: sweep(transaction, SCOPE)) == 0, "whoever lacked them swept"
    adds_up(store)


def test_the_sweeper_frees_units_once_and_tells_of_it(store, clock):
    found = [held(store, {A: 1, B: 1}, SECOND, order_id=f"o{number}") for number in range(3)]
    held(store, {A: 1}, HOUR)
    clock.now += SECOND
    assert store.transact(lambda transaction: sweep(transaction, SCOPE)) == 3
    assert store.transact(lambda transaction: sweep(transaction, SCOPE)) == 0
    assert available(store) == {A: 9, B: 5}
    told = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 10))
    assert {event.type for event in told} == {"reservation_expired"}
    assert {(event.subject, event.payload["order_id"]) for event in told} == {
        (one.reservation_id, one.order_id) for one in found
    }
    with refused("reservation_expired"):
        of(store, commit, found[0])
    adds_up(store)


def test_a_sweep_may_be_of_so_many_those_over_for_longest_first(store, clock):
    found = [held(store, {A: 1}, seconds * SECOND) for seconds in (3, 1, 2)]
    clock.now += 3 * SECOND
    states = []
    for most in (1, 1, 5):
        store.transact(lambda transaction, most=most: sweep(transaction, SCOPE, most))
        with store.read() as transaction:
            rows = dict(transaction.all(select(RESERVATIONS.c.reservation_id, RESERVATIONS.c.state)))
        states.append([rows[one.reservation_id] for one in found])
        adds_up(store)
    assert states == [["held", "expired", "held"], ["held", "expired", "expired"], ["expired"] * 3]


def test_whoever_lacks_units_sweeps_only_what_holds_them(store, clock):
    of_a, of_b = held(store, {A: 1}, SECOND), held(store, {B: 5}, SECOND)
    clock.now += SECOND
    held(store, {B: 5})
    with store.read() as transaction:
        rows = dict(transaction.all(select(RESERVATIONS.c.reservation_id, RESERVATIONS.c.state)))
    assert (rows[of_a.reservation_id], rows[of_b.reservation_id]) == ("held", "expired")
    adds_up(store)


def test_open_reservations_of_a_key_are_counted(store, clock):
    def make(key_id, lifetime=HOUR):
        lines = [StockLine(*A, 1)]
        return store.transact(lambda transaction: reserve(transaction, SCOPE, lines, lifetime, key_id=key_id))

    def counted(key_id):
        with store.read() as transaction:
            return open_of(transaction, key_id)

    first, second = make("k"), make("k")
    make("k", SECOND)
    make("other")
    make(None)
    assert (counted("k"), counted("other"), counted("nobody")) == (3, 1, 0)
    of(store, commit, first)
    assert counted("k") == 2
    of(store, release, second)
    assert counted("k") == 1
    clock.now += SECOND
    assert counted("k") == 0, "its time is over, though nobody has swept"


def test_extending_never_shortens(store, clock):
    found = held(store, {A: 1}, HOUR)
    assert of(store, extend, found, SECOND).expires_at == START + HOUR
    clock.now += HOUR - 1
    assert of(store, extend, found, HOUR).expires_at == START + 2 * HOUR - 1


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_clock_that_jumps_resolves_nothing_twice(store, clock, jump):
    found = held(store, {B: 5}, HOUR // 2)
    clock.now += jump
    swept = store.transact(lambda transaction: sweep(transaction, SCOPE))
    assert swept == (1 if jump > 0 else 0)
    clock.now = START
    if swept:
        with refused("reservation_expired"):
            of(store, commit, found)
        held(store, {B: 5})
    else:
        of(store, commit, found)
        with refused("insufficient_stock"):
            held(store, {B: 1})
    adds_up(store)
