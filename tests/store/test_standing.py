"""What a route asks of the store: the same as others see, of a few SKUs."""

from __future__ import annotations

import random

from store_cases import HOUR, SCOPE, SECOND, Clock, number_of, refused, stocked

from quartermaster.store.available import availability, availability_of_skus
from quartermaster.store.reservations import commit, release, reserve
from quartermaster.store.scopes import make_scope
from quartermaster.store.standing import standing
from quartermaster.store.stock import StockLine

ROUNDS = number_of("QUARTERMASTER_ROUNDS", 5)
PAIRS = [(node, sku) for node in ("boston", "dallas", "é") for sku in ("A", "B", "a'); --")]


def test_units_of_skus_are_what_is_available_of_them(store):
    """With reservations held, committed, released and expired, swept or not; of unknown SKUs there is none."""
    store.clock = Clock()
    chance = random.Random(5)
    for _ in range(ROUNDS):
        stocked(store, {pair: chance.randrange(4, 30) for pair in PAIRS})
        store.transact(lambda transaction: make_scope(transaction, "south"))
        for _ in range(8):
            line = [StockLine(*chance.choice(PAIRS), 1)]
            life = chance.choice((SECOND, HOUR))
            made = store.transact(lambda transaction, line=line, life=life: reserve(transaction, SCOPE, line, life))
            end = chance.choice((None, None, commit, release))
            if end is not None:
                name = made.reservation_id
                store.transact(lambda transaction, end=end, name=name: end(transaction, SCOPE, name))
            store.clock.now += chance.choice((0, SECOND))
        with store.read() as transaction:
            all_of = availability(transaction, SCOPE)
            for skus in (["A"], ["B", "A", "A"], ["a'); --", "none"], []):
                found = availability_of_skus(transaction, SCOPE, skus)
                assert found == {
                    sku: {node: units for (node, of), units in all_of.items() if of == sku} for sku in set(skus)
                }
            assert availability_of_skus(transaction, "south", ["A"]) == {"A": {}}


def test_a_scope_without_a_snapshot_stands_on_nothing(store):
    with refused("no_snapshot"), store.read() as transaction:
        standing(transaction, SCOPE)
