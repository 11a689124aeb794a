"""I1: many clients at few units sell none twice; the same clients with naive code do, so the test can see it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import insert, select, update
from store_cases import HOUR, SCOPE, adds_up, available, held, number_of

from quartermaster.errors import StoreError
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import Feed, StockRow, take_feed
from quartermaster.store.tables import STOCK

ROUNDS = number_of("QUARTERMASTER_ROUNDS", 1)
CLIENTS = number_of("QUARTERMASTER_CLIENTS", 16)
ATTEMPTS = number_of("QUARTERMASTER_ATTEMPTS", 6)
UNITS = CLIENTS * ATTEMPTS * 2 // 5
NODES = ("n1", "n2", "n3")


def at_once(work):
    """Run some work in every client at once; return what each returned."""
    gate, found, wrong = threading.Barrier(CLIENTS), [], []

    def run(client):
        gate.wait()
        try:
            found.append(work(client))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    return found


def fresh(store, scope, units):
    store.transact(lambda transaction: make_scope(transaction, scope))
    feed = Feed([StockRow(node, "A", each) for node, each in units.items()], True, 0)
    store.transact(lambda transaction: take_feed(transaction, scope, feed))


def test_no_unit_is_sold_twice(store):
    """Clients ask for one to three units at one node; together for far more than there are."""
    for number in range(ROUNDS):
        scope = f"round {number}"
        fresh(store, scope, {"n1": UNITS})

        def work(client, scope=scope):
            sold = 0
            for attempt in range(ATTEMPTS):
                wanted = 1 + (client + attempt) % 3
                try:
                    sold += sum(line.quantity for line in held(store, {("n1", "A"): wanted}, HOUR, scope).lines)
                except StoreError as error:
                    assert error.code == "insufficient_stock"  # noqa: PT017 - the sale is what is counted
            return sold

        sold = sum(at_once(work))
        left = available(store, scope)["n1", "A"]
        assert sold + left == UNITS
        assert left < 3, "somebody was refused though there were units"
        adds_up(store, scope)
    print(f"{ROUNDS} rounds of {CLIENTS} clients, {ATTEMPTS} attempts each at {UNITS} units: none oversold")


def test_no_unit_is_sold_twice_over_many_nodes_while_feeds_come_in(store):
    """Each reservation takes from two nodes, in either order, while pictures of the same stock come in all the time."""
    scope = "round"
    fresh(store, scope, dict.fromkeys(NODES, UNITS))

    def work(client):
        if client == 0:
            for as_of in range(1, ATTEMPTS + 1):
                feed = Feed([StockRow(node, "A", UNITS) for node in reversed(NODES)], True, as_of)
                store.transact(lambda transaction, feed=feed: take_feed(transaction, scope, feed))
            return 0
        sold = 0
        for attempt in range(ATTEMPTS):
            first = (client + attempt) % 3
            pair = (NODES[first], NODES[(first + 1 + client % 2) % 3])
            try:
                held(store, {(node, "A"): 1 for node in pair}, HOUR, scope)
                sold += 2
            except StoreError as error:
                assert error.code == "insufficient_stock"  # noqa: PT017 - the sale is what is counted
        return sold

    sold = sum(at_once(work))
    assert sold + sum(available(store, scope).values()) == len(NODES) * UNITS
    adds_up(store, scope)


def test_naive_code_sells_units_twice(store):
    """The control: read what there is, then write down a sale; one transaction each, as one would without a guard."""
    fresh(store, "naive", {"n1": UNITS})
    own = (STOCK.c.scope_id == "naive", STOCK.c.node_id == "n1", STOCK.c.sku == "A")

    def work(client):
        sold = 0
        for _ in range(ATTEMPTS):
            with store.read() as transaction:
                row = transaction.first(select(STOCK.c.supply, STOCK.c.reserved).where(*own))
            if row.supply - row.reserved >= 1:
                after = row.reserved + 1
                store.transact(
                    lambda transaction, after=after: transaction.run(update(STOCK).where(*own).values(reserved=after))
                )
                sold += 1
        return sold

    sold = sum(at_once(work))
    print(f"naive code sold {sold} of {UNITS} units")
    assert sold > UNITS


@pytest.mark.parametrize("reserved", [6, -1])
def test_the_database_itself_refuses_what_is_oversold(store, reserved):
    fresh(store, SCOPE, {"n1": 5})
    row = {"scope_id": SCOPE, "node_id": "n2", "sku": "A", "on_hand": 5, "safety_stock": 0, "feed_reserved": 0}
    for statement in (
        update(STOCK).values(reserved=reserved),
        insert(STOCK).values(**row, supply=5, reserved=reserved),
    ):
        with pytest.raises(Exception, match="never_oversold"):
            store.transact(lambda transaction, statement=statement: transaction.run(statement))
