"""Feeds and supply: what is there for us, and what is counted once."""

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
    changed,
    everything,
    held,
    refused,
    stocked,
)

from quartermaster.store.available import availability
from quartermaster.store.events import events_after
from quartermaster.store.reservations import commit, release, reserve
from quartermaster.store.scopes import make_scope, scope_state
from quartermaster.store.stock import Feed, StockLine, StockRow, take_feed
from quartermaster.store.tables import STOCK

A, B = ("boston", "A"), ("dallas", "A")


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    return store.clock


def committed(store, units):
    found = held(store, units)
    return store.transact(lambda transaction: commit(transaction, SCOPE, found.reservation_id))


def stock(store, pair):
    with store.read() as transaction:
        row = transaction.first(select(STOCK).where(STOCK.c.node_id == pair[0], STOCK.c.sku == pair[1]))
    return row.supply, row.reserved, row.shortfall


@pytest.mark.parametrize(
    ("on_hand", "safety", "others", "supply"), [(10, 0, 0, 10), (10, 3, 2, 5), (5, 3, 2, 0), (5, 9, 0, 0), (0, 0, 0, 0)]
)
def test_supply_is_what_is_on_hand_less_safety_stock_and_what_others_hold(store, on_hand, safety, others, supply):
    feed = Feed([StockRow("boston", "A", on_hand, safety, others)], True, 0)
    store.transact(lambda transaction: take_feed(transaction, SCOPE, feed))
    assert available(store) == {A: supply}
    adds_up(store)


def test_available_units_are_whole_numbers_whatever_has_expired(store, clock):
    stocked(store, {A: 10})
    held(store, {A: 4}, SECOND)
    clock.now += SECOND
    found = available(store)
    assert found == {A: 10}
    assert json.dumps(list(found.values())) == "[10]"


def test_availability_of_some_pairs_and_of_very_many(store):
    stocked(store, {A: 1, B: 2, ("boston", "B"): 3})
    with store.read() as transaction:
        assert availability(transaction, SCOPE, [B, ("boston", "B")]) == {B: 2, ("boston", "B"): 3}
        assert availability(transaction, SCOPE, []) == {}
        assert availability(transaction, SCOPE, [("nowhere", "A")]) == {}
        many = [A, *(("boston", f"sku {number}") for number in range(700))]
        assert availability(transaction, SCOPE, many) == {A: 1}


def test_a_full_feed_empties_what_it_does_not_name(store):
    assert stocked(store, {A: 10, B: 5}, 1) == 1
    assert stocked(store, {A: 7}, 2) == 2
    assert available(store) == {A: 7, B: 0}


def test_a_delta_changes_what_it_names_and_adds_new_pairs(store):
    stocked(store, {A: 10}, 1)
    assert changed(store, {A: 4, B: 6}, 1, 2) == 2
    assert available(store) == {A: 4, B: 6}
    with store.read() as transaction:
        assert scope_state(transaction, SCOPE).feed_sequence == 1


def test_a_delta_needs_a_full_picture_and_the_next_number(store):
    with refused("feed_gap"):
        changed(store, {A: 1}, 1)
    stocked(store, {A: 10})
    changed(store, {A: 9}, 1)
    before = everything(store)
    with refused("feed_known") as caught:
        changed(store, {A: 8}, 1)
    assert caught.value.facts == {"expected": 2}
    with refused("feed_gap") as caught:
        changed(store, {A: 8}, 3)
    assert caught.value.facts == {"expected": 2}
    with refused("feed_gap"):
        store.transact(lambda transaction: take_feed(transaction, SCOPE, Feed([], False, 5)))
    assert everything(store) == before


def test_an_older_picture_never_replaces_a_newer(store):
    stocked(store, {A: 10}, 100)
    before = everything(store)
    with refused("snapshot_out_of_order"):
        stocked(store, {A: 99}, 99)
    assert everything(store) == before
    assert stocked(store, {A: 8}, 100) == 2


def test_a_full_feed_that_does_not_say_has_deducted_the_commits_up_to_its_instant(store, clock):
    stocked(store, {A: 10}, START)
    clock.now = START + SECOND
    committed(store, {A: 3})
    clock.now = START + 3 * SECOND
    committed(store, {A: 2})
    stocked(store, {A: 10}, START + SECOND - 1)
    assert available(store) == {A: 5}, "neither is deducted"
    stocked(store, {A: 7}, START + SECOND)
    assert available(store) == {A: 5}, "the first is deducted, at its very instant"
    stocked(store, {A: 5}, START + 3 * SECOND)
    assert available(store) == {A: 5}
    adds_up(store)


@pytest.mark.parametrize("full", [True, False])
def test_a_feed_says_through_which_commit_it_has_deducted(store, clock, full):
    stocked(store, {A: 10}, START)
    assert committed(store, {A: 3}).commit_sequence == 1
    assert committed(store, {A: 2}).commit_sequence == 2
    feed = Feed([StockRow(*A, 7)], full, START + HOUR, None if full else 1, deducted_through=1)
    store.transact(lambda transaction: take_feed(transaction, SCOPE, feed))
    assert available(store) == {A: 5}, "the second is not deducted, whatever the instant"
    adds_up(store)


def test_a_delta_that_does_not_say_deducts_nothing(store, clock):
    stocked(store, {A: 10}, START)
    committed(store, {A: 3})
    changed(store, {A: 9}, 1, START + HOUR)
    assert available(store) == {A: 6}


def test_a_commit_is_deducted_once(store, clock):
    stocked(store, {A: 10}, START)
    committed(store, {A: 3})
    for number in (1, 2):
        changed(store, {A: 7}, number, deducted_through=1)
        assert available(store) == {A: 7}
    adds_up(store)


def test_a_commit_that_is_not_there_cannot_be_deducted(store):
    stocked(store, {A: 10})
    committed(store, {A: 3})
    before = everything(store)
    with refused("deducted_through") as caught:
        changed(store, {A: 7}, 1, deducted_through=2)
    assert caught.value.facts == {"last": 1}
    assert everything(store) == before


def test_held_units_are_never_deducted(store, clock):
    stocked(store, {A: 10}, START)
    held(store, {A: 4})
    stocked(store, {A: 10}, START + HOUR - 1)
    assert available(store) == {A: 6}


def test_supply_below_what_is_reserved_leaves_a_shortfall_and_an_event(store):
    stocked(store, {A: 10})
    found = held(store, {A: 8})
    version = stocked(store, {A: 5})
    assert stock(store, A) == (5, 8, 3)
    assert available(store) == {A: 0}
    (event,) = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 10))
    assert (event.type, event.subject) == ("shortfall", "boston/A")
    assert event.payload == {"node_id": "boston", "sku": "A", "units": 3, "stock_version": version}
    with refused("insufficient_stock"):
        held(store, {A: 1})
    adds_up(store)
    store.transact(lambda transaction: release(transaction, SCOPE, found.reservation_id))
    assert stock(store, A) == (5, 0, 0)
    adds_up(store)


def test_a_shortfall_shrinks_with_each_reservation_given_back(store):
    stocked(store, {A: 10})
    first, second = held(store, {A: 4}), held(store, {A: 4})
    stocked(store, {})
    assert stock(store, A) == (0, 8, 8)
    store.transact(lambda transaction: release(transaction, SCOPE, first.reservation_id))
    assert stock(store, A) == (0, 4, 4)
    store.transact(lambda transaction: commit(transaction, SCOPE, second.reservation_id))
    changed(store, {A: 2}, 1, deducted_through=1)
    assert stock(store, A) == (2, 0, 0)
    adds_up(store)


def test_a_shortfall_is_told_of_when_it_grows_and_not_again(store):
    stocked(store, {A: 10, B: 5})
    held(store, {A: 8})
    for on_hand in (5, 5, 4, 6):
        stocked(store, {A: on_hand, B: 5})
    changed(store, {B: 4}, 1)
    found = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 10))
    assert [event.payload["units"] for event in found] == [3, 4]


def test_scopes_do_not_see_each_other(store):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    stocked(store, {A: 10})
    stocked(store, {A: 2}, scope="south")
    held(store, {A: 9})
    assert available(store, "south") == {A: 2}
    with refused("insufficient_stock"):
        held(store, {A: 3}, scope="south")


def test_a_scope_is_made_once_and_one_that_is_not_there_is_not_found(store):
    assert store.transact(lambda transaction: make_scope(transaction, SCOPE)) is False
    for work in (
        lambda transaction: scope_state(transaction, "nowhere"),
        lambda transaction: take_feed(transaction, "nowhere", Feed([], True, 0)),
        lambda transaction: reserve(transaction, "nowhere", [StockLine(*A, 1)], 1),
    ):
        with refused("not_found"):
            store.transact(work)
