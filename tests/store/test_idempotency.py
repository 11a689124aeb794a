"""One effect for each key: copies at once, copies later, and a reply that was lost."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from sqlalchemy import func, select
from store_cases import HOUR, SCOPE, adds_up, available, everything, number_of, refused, stocked

from quartermaster.errors import StoreError
from quartermaster.store import fail_points, open_store
from quartermaster.store.idempotency import Reply, once
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import StockLine
from quartermaster.store.tables import RESERVATIONS

A = ("boston", "A")
ROUNDS, COPIES = number_of("QUARTERMASTER_COPY_ROUNDS", 3), number_of("QUARTERMASTER_COPIES", 12)
LOST = number_of("QUARTERMASTER_LOST_REPLIES", 10)


def effect(transaction):
    found = reserve(transaction, SCOPE, [StockLine(*A, 1)], HOUR)
    return Reply(201, found.reservation_id.encode())


def reservations(store):
    with store.read() as transaction:
        return transaction.connection.execute(select(func.count()).select_from(RESERVATIONS)).scalar_one()


def test_the_same_key_has_one_effect_and_one_answer(store):
    stocked(store, {A: 10})
    first = once(store, "k", "1", b"request", effect)
    before = everything(store)
    assert once(store, "k", "1", b"request", effect) == first
    assert everything(store) == before
    assert first.status == 201


def test_the_same_key_with_another_request_is_refused(store):
    stocked(store, {A: 10})
    once(store, "k", "1", b"request", effect)
    before = everything(store)
    with refused("idempotency_key_reused"):
        once(store, "k", "1", b"another", effect)
    assert everything(store) == before


@pytest.mark.parametrize(("key_id", "key"), [("k", "2"), ("k2", "1"), ("", "k1"), ("k1", "")])
def test_keys_of_others_and_other_keys_are_their_own(store, key_id, key):
    stocked(store, {A: 10})
    once(store, "k", "1", b"request", effect)
    once(store, key_id, key, b"another", effect)
    assert reservations(store) == 2


def test_an_effect_that_fails_leaves_nothing_and_the_key_unused(store):
    stocked(store, {A: 0})
    before = everything(store)
    with refused("insufficient_stock"):
        once(store, "k", "1", b"request", effect)
    assert everything(store) == before
    stocked(store, {A: 1})
    assert once(store, "k", "1", b"request", effect).status == 201


def test_any_bytes_and_any_key_come_back(store):
    body = bytes(range(256))
    for key in ("x" * 255, "\N{SNOWMAN} 'é", ":"):
        assert once(store, "k", key, body, lambda _: Reply(200, body)) == Reply(200, body)
        assert once(store, "k", key, body, lambda _: Reply(500, b"")) == Reply(200, body)


def test_a_copy_of_a_request_that_is_worked_on_is_told_so_or_waits(store):
    stocked(store, {A: 10})
    begun, may_end, answers = threading.Event(), threading.Event(), []

    def slow(transaction):
        begun.set()
        may_end.wait(20)
        return effect(transaction)

    first = threading.Thread(target=lambda: answers.append(once(store, "k", "1", b"request", slow)))
    first.start()
    assert begun.wait(20)
    if store.url.get_backend_name() == "sqlite":
        second = threading.Thread(target=lambda: answers.append(once(store, "k", "1", b"request", effect)))
        second.start()
        may_end.set()
        second.join()
    else:
        with refused("idempotency_in_progress"):
            once(store, "k", "1", b"request", effect)
        once(store, "k", "2", b"request", effect)
        may_end.set()
        answers.append(None)
    first.join()
    answers = [answer for answer in answers if answer is not None]
    answers.append(once(store, "k", "1", b"request", effect))
    assert len(set(answers)) == 1
    assert reservations(store) == (1 if store.url.get_backend_name() == "sqlite" else 2)


def test_copies_at_once_have_one_effect(store):
    stocked(store, {A: 1000})
    for number in range(ROUNDS):
        gate, answers, wrong = threading.Barrier(COPIES), [], []

        def ask(key=f"key {number}", gate=gate, answers=answers, wrong=wrong):
            gate.wait()
            while True:
                try:
                    answers.append(once(store, "k", key, b"request", effect))
                except StoreError as error:
                    if error.code == "idempotency_in_progress":
                        continue
                    wrong.append(error)
                return

        threads = [threading.Thread(target=ask) for _ in range(COPIES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(answers) == COPIES
        assert len(set(answers)) == 1
        assert reservations(store) == number + 1
    assert available(store) == {A: 1000 - ROUNDS}
    adds_up(store)
    print(f"{ROUNDS} rounds of {COPIES} copies: one effect each")


@pytest.mark.parametrize("place", ["after commit", "before commit"])
def test_a_reply_that_was_lost_is_given_again(store_url, place):
    """The process is killed between the commit and the reply, or just before the commit; the client asks again."""
    store = open_store(store_url)
    stocked(store, {A: LOST + 1})
    store.close()
    for number in range(LOST):
        child = os.fork()
        if child == 0:
            own = open_store(store_url)
            fail_points.set_hook(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == place else None)
            once(own, "k", f"key {number}", b"request", effect)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        store = open_store(store_url)
        assert reservations(store) == number + (1 if place == "after commit" else 0)
        first = once(store, "k", f"key {number}", b"request", effect)
        assert once(store, "k", f"key {number}", b"request", effect) == first
        assert reservations(store) == number + 1
        store.close()
    store = open_store(store_url)
    assert available(store) == {A: 1}
    adds_up(store)
    store.close()
    print(f"{LOST} replies lost, killed {place}: one effect each")
