"""Snapshots: as they came, by what they hold; never an older over a newer, in whatever order they are delivered."""

from __future__ import annotations

import itertools
import random

import pytest
from sqlalchemy import update
from store_cases import (
    SCOPE,
    adds_up,
    available,
    everything,
    given,
    number_of,
    ordered,
    planned,
    refused,
    rows_of,
)

from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.scopes import make_scope
from quartermaster.store.snapshots import content_of, latest_snapshot, put_snapshot
from quartermaster.store.tables import BLOBS

A, B = ("boston", "A"), ("dallas", "A")
SHUFFLES = number_of("QUARTERMASTER_SHUFFLES", 15)


def put(store, version, as_of=0, units=None, content=None, scope=SCOPE, **more):
    rows = rows_of({A: 10, B: 5} if units is None else units)
    whole = version.encode() if content is None else content
    return store.transact(lambda transaction: put_snapshot(transaction, scope, version, whole, as_of, rows, **more))


def test_a_snapshot_is_kept_as_it_came_and_its_stock_is_taken(store):
    content = bytes(range(256)) * 100
    stored, new = put(store, "v1", 7, content=content)
    assert new
    assert (stored.version, stored.as_of, stored.stock_version, stored.nodes, stored.skus) == ("v1", 7, 1, 2, 1)
    with store.read() as transaction:
        assert content_of(transaction, stored.sha256) == content
        assert latest_snapshot(transaction, SCOPE) == stored
    assert available(store) == {A: 10, B: 5}


def test_before_the_first_there_is_none(store):
    with store.read() as transaction:
        assert latest_snapshot(transaction, SCOPE) is None
        with refused("not_found"):
            content_of(transaction, "0" * 64)


def test_a_version_never_changes(store):
    stored, _ = put(store, "v1", 1)
    before = everything(store)
    assert put(store, "v1", 1) == (stored, False)
    with refused("snapshot_conflict") as caught:
        put(store, "v1", 2, content=b"something else")
    assert caught.value.facts == {"sha256": stored.sha256}
    assert everything(store) == before


def test_equal_content_is_kept_once(store):
    put(store, "v1", 1, content=b"same")
    put(store, "v2", 2, content=b"same")
    store.transact(lambda transaction: make_scope(transaction, "south"))
    put(store, "v1", 1, content=b"same", scope="south")
    assert len(everything(store)["blobs"]) == 1


def test_an_older_snapshot_never_replaces_a_newer(store):
    put(store, "v2", 20)
    before = everything(store)
    with refused("snapshot_out_of_order"):
        put(store, "v1", 19, {A: 99, B: 99})
    assert everything(store) == before


@pytest.mark.parametrize(
    ("units", "taken"),
    [
        ({("n1", "A"): 1, ("n2", "B"): 1}, True),
        ({("n1", "A"): 1, ("n1", "B"): 1}, False),
        ({("n1", "A"): 1, ("n2", "A"): 1}, False),
        ({("n1", "A"): 0, ("n2", "B"): 0}, False),
        ({}, False),
    ],
)
def test_half_a_snapshot_is_refused_unless_it_is_meant(store, units, taken):
    put(store, "v1", 1, {(f"n{number}", sku): 1 for number, sku in zip((1, 2, 3, 4), "ABCD", strict=True)})
    before = everything(store)
    if taken:
        put(store, "v2", 2, units)
    else:
        with refused("snapshot_shrunk") as caught:
            put(store, "v2", 2, units)
        assert caught.value.facts == {"last": "v1"}
        assert everything(store) == before
        put(store, "v2", 2, units, accept_shrink=True)
    assert sum(available(store).values()) == sum(units.values())
    adds_up(store)


def test_content_that_is_not_what_its_hash_says_is_not_given_out(store):
    stored, _ = put(store, "v1", 1, content=b"right")
    other, _ = put(store, "v2", 2, content=b"wrong")

    def damage(transaction):
        wrong = transaction.first(BLOBS.select().where(BLOBS.c.sha256 == other.sha256)).content
        transaction.run(update(BLOBS).where(BLOBS.c.sha256 == stored.sha256).values(content=wrong))

    store.transact(damage)
    with store.read() as transaction, refused("store_damaged"):
        content_of(transaction, stored.sha256)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
@pytest.mark.parametrize("place", range(1, 4))
def test_a_plan_is_committed_on_its_own_stock_picture_alone(store, order, place):
    """Three snapshots in every order, the plan made after the first that is taken, its commit at every place."""
    plan_id, made_at, taken, last = None, None, 0, 0
    ordered(store, "o1", {"1": ("A", 1)})
    for number, version in enumerate((*order, None)):
        if number == place and plan_id is not None:
            with store.read() as transaction:
                stale = latest_snapshot(transaction, SCOPE).version != made_at
            call = (SCOPE, plan_id, [given("o1", "boston", 1)], [])
            if stale:
                before = everything(store)
                with refused("snapshot_stale") as caught:
                    store.transact(lambda transaction, call=call: commit_plan(transaction, *call))
                assert caught.value.facts == {"planned": 1, "now": taken}
                assert everything(store) == before
            else:
                store.transact(lambda transaction, call=call: commit_plan(transaction, *call))
        if version is None:
            continue
        if version < last:
            with refused("snapshot_out_of_order"):
                put(store, f"v{version}", version)
            continue
        put(store, f"v{version}", version)
        taken, last = taken + 1, version
        if plan_id is None:
            plan_id, made_at = planned(store), f"v{version}"
    with store.read() as transaction:
        assert latest_snapshot(transaction, SCOPE).version == "v3"
    adds_up(store)


def test_deliveries_out_of_order_and_twice_leave_the_newest(store):
    draw = random.Random(5)
    for shuffle in range(SHUFFLES):
        scope = f"scope {shuffle}"
        store.transact(lambda transaction, scope=scope: make_scope(transaction, scope))
        deliveries = [1, 2, 3, 4, 1, 2, 3, 4]
        draw.shuffle(deliveries)
        newest, seen = 0, set()
        for version in deliveries:
            stale = version not in seen and version < newest
            if stale:
                with refused("snapshot_out_of_order"):
                    put(store, f"v{version}", version, {A: version, B: 5}, scope=scope)
            else:
                _, new = put(store, f"v{version}", version, {A: version, B: 5}, scope=scope)
                assert new == (version not in seen)
                seen.add(version)
                newest = max(newest, version)
            assert available(store, scope)[A] == newest
        assert newest == 4
