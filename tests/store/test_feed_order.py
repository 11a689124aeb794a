"""I6: feeds late, twice or out of their order; and that each deducts commits of the pairs it names, and no others."""

from __future__ import annotations

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

from quartermaster.store.reservations import commit
from quartermaster.store.scopes import scope_state
from quartermaster.store.stock import Feed, StockRow, comes_late, take_feed
from quartermaster.store.tables import LEDGER, RESERVATION_LINES

A, B, C = ("boston", "A"), ("dallas", "A"), ("elgin", "A")
TEN = 10 * HOUR


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    return store.clock


def committed(store, units):
    found = held(store, units)
    return store.transact(lambda transaction: commit(transaction, SCOPE, found.reservation_id))


def counters(store):
    with store.read() as transaction:
        state = scope_state(transaction, SCOPE)
    return state.stock_version, state.feed_sequence, state.feed_as_of, state.picture_as_of


def test_a_full_feed_older_than_the_last_delta_is_refused(store):
    stocked(store, {A: 10, B: 5}, TEN)
    changed(store, {A: 3}, 1, TEN + 5 * SECOND)
    before = everything(store)
    with refused("snapshot_out_of_order") as caught:
        stocked(store, {A: 10, B: 5}, TEN + 5 * SECOND - 1)
    assert caught.value.facts == {"last": TEN + 5 * SECOND}
    assert "1970-01-01T10:00:05+00:00" in caught.value.detail
    assert everything(store) == before
    stocked(store, {A: 4, B: 5}, TEN + 5 * SECOND)
    assert available(store) == {A: 4, B: 5}
    assert counters(store) == (3, 1, TEN + 5 * SECOND, TEN + 5 * SECOND)


def test_a_delta_from_before_the_last_picture_changes_nothing_and_its_number_counts(store):
    """Were it refused, the next one would be a gap, and its sender would send it again for ever."""
    stocked(store, {A: 10}, TEN)
    committed(store, {A: 2})
    version, before = counters(store)[0], everything(store)
    assert changed(store, {A: 99, B: 99}, 1, TEN - 1, deducted_through=1) == version, "plans of this picture still hold"
    after = everything(store)
    assert {name for name in after if after[name] != before[name]} == {"scopes"}
    assert counters(store) == (version, 1, TEN, TEN)
    with refused("feed_known"):
        changed(store, {A: 99}, 1, TEN - 1)
    changed(store, {A: 7}, 2, TEN)
    assert available(store) == {A: 5}
    adds_up(store)


def test_deltas_go_by_their_numbers_whatever_their_instants(store):
    """One of an earlier instant is of other pairs: nobody else tells of these."""
    stocked(store, {A: 10, B: 10}, TEN)
    for number, (units, as_of) in enumerate((({A: 9}, TEN + 9), ({B: 8}, TEN + 3), ({A: 7}, TEN + 3)), start=1):
        changed(store, units, number, as_of)
    assert available(store) == {A: 7, B: 8}
    assert counters(store) == (4, 3, TEN + 9, TEN)
    with refused("snapshot_out_of_order"):
        stocked(store, {A: 1}, TEN + 8)


@pytest.mark.parametrize(("kind", "as_of", "late"), [(False, -1, True), (False, 0, False), (True, -1, False)])
def test_what_comes_late_is_a_delta_from_before_the_picture(store, kind, as_of, late):
    stocked(store, {A: 1}, TEN)
    with store.read() as transaction:
        state = scope_state(transaction, SCOPE)
    assert comes_late(state, Feed([], kind, TEN + as_of, 1)) is late


def test_a_picture_says_with_which_number_deltas_go_on(store):
    """The way out of a gap: a picture that shows what is missing."""
    stocked(store, {A: 10}, TEN)
    with refused("feed_gap"):
        changed(store, {A: 5}, 8, TEN + 2)
    stocked(store, {A: 6}, TEN + 1, sequence=7)
    changed(store, {A: 5}, 8, TEN + 2)
    assert available(store) == {A: 5}
    with refused("feed_known"):
        changed(store, {A: 9}, 7, TEN + 3)


def test_a_delta_deducts_commits_of_the_pairs_that_it_names_only(store, clock):
    """Of a reservation of two lines one is deducted, then the other; each once."""
    stocked(store, {A: 10, B: 10, C: 10}, START)
    committed(store, {A: 4, B: 3})
    committed(store, {C: 2})
    assert available(store) == {A: 6, B: 7, C: 8}
    changed(store, {A: 6}, 1, deducted_through=2)
    assert available(store) == {A: 6, B: 7, C: 8}, "on hand of the others is as it was: their commits count"
    adds_up(store)
    changed(store, {A: 6, B: 7}, 2, deducted_through=2)
    assert available(store) == {A: 6, B: 7, C: 8}
    adds_up(store)
    stocked(store, {A: 6, B: 7, C: 8}, START + HOUR)
    assert available(store) == {A: 6, B: 7, C: 8}
    adds_up(store)
    with store.read() as transaction:
        told = transaction.all(select(LEDGER.c.node_id, LEDGER.c.quantity).where(LEDGER.c.event == "deducted"))
        lines = transaction.all(select(RESERVATION_LINES.c.deducted))
    assert [tuple(row) for row in told] == [("boston", -4), ("dallas", -3), ("elgin", -2)]
    assert all(row.deducted for row in lines)


def test_a_full_picture_deducts_of_pairs_that_it_does_not_name_too(store, clock):
    """It says that they are empty."""
    stocked(store, {A: 10, B: 10}, START)
    committed(store, {A: 4, B: 3})
    feed = Feed([StockRow(*A, 6)], True, START, deducted_through=1)
    store.transact(lambda transaction: take_feed(transaction, SCOPE, feed))
    assert available(store) == {A: 6, B: 0}
    adds_up(store)
    changed(store, {B: 7}, 1)
    assert available(store) == {A: 6, B: 7}


def test_a_delta_of_very_many_pairs_deducts_what_it_names(store, clock):
    many = {(f"n{number:04}", "A"): 5 for number in range(1_200)}
    stocked(store, many, START)
    named = sorted(many)[::2]
    committed(store, dict.fromkeys([named[0], named[-1], ("n0001", "A")], 2))
    changed(store, dict.fromkeys(named, 3), 1, deducted_through=1)
    found = available(store)
    assert (found[named[0]], found[named[-1]], found["n0001", "A"]) == (3, 3, 3)
    adds_up(store)
