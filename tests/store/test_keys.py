"""API keys: who holds one, what it may do, until when; and that nobody can read one out of a database."""

from __future__ import annotations

import hashlib

import pytest
from store_cases import HOUR, MILLISECOND, SECOND, START, Clock, everything, refused

from quartermaster.store.keys import ACTIONS, every_key, make_key, note_uses, revoke_key, verified


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    return store.clock


def made(store, actions=("read",), scope_ids=(), lifetime=None):
    return store.transact(lambda transaction: make_key(transaction, "OMS", actions, scope_ids, lifetime))


def presented(store, text):
    with store.read() as transaction:
        return verified(transaction, text)


def test_a_key_is_known_by_its_whole_text_alone(store, clock):
    text, key = made(store, ("read", "plan"), ("south", "north", "south"))
    assert (key.actions, key.scope_ids) == (("read", "plan"), ("north", "south"))
    assert presented(store, text) == key
    other, _ = made(store)
    key_id, _, secret = text.partition(".")
    for wrong in (
        "", ".", key_id, f"{key_id}.", f".{secret}", f"{key_id}.{secret}x", f"{key_id}.{secret[:-1]}",
        f"{key_id}.{other.partition('.')[2]}", f"{key_id} .{secret}", f"{key_id.upper()}.{secret}", "qm_0.0",
        f"{key_id}\x00.{secret}", f"{key_id}.{secret}\x00", "\x00", "\ud800.\ud800", "é.é", "%._", "x" * 10_000,
        f"{key_id}.{'x' * 10_000}",
    ):  # fmt: skip
        assert presented(store, wrong) is None, repr(wrong)


def test_no_secret_is_in_the_database(store, clock):
    texts = [made(store)[0] for _ in range(50)]
    dump = repr(everything(store))
    with store.read() as transaction:
        dump += repr(every_key(transaction))
    for text in texts:
        key_id, _, secret = text.partition(".")
        assert key_id in dump
        assert secret not in dump
        assert hashlib.sha256(secret.encode()).hexdigest() in dump
    assert len({text.partition(".")[2] for text in texts}) == 50
    assert min(len(text.partition(".")[2]) for text in texts) >= 43, "256 bits in base 64"


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_key_has_an_end(store, clock, late):
    text, key = made(store, lifetime=HOUR)
    assert key.expires_at == START + HOUR
    clock.now = START + HOUR + late * MILLISECOND
    assert (presented(store, text) is not None) == (late < 0)


def test_a_key_is_revoked_for_good_and_another_lives_on(store, clock):
    text, key = made(store)
    second, _ = made(store)
    clock.now += SECOND
    assert store.transact(lambda transaction: revoke_key(transaction, key.key_id)).revoked_at == START + SECOND
    assert presented(store, text) is None
    assert presented(store, second) is not None
    clock.now += SECOND
    assert store.transact(lambda transaction: revoke_key(transaction, key.key_id)).revoked_at == START + SECOND
    with refused("not_found"):
        store.transact(lambda transaction: revoke_key(transaction, "qm_0"))


@pytest.mark.parametrize("actions", [(), ("write",), ("read", "write"), ("READ",)])
def test_actions_are_known_ones(store, clock, actions):
    before = everything(store)
    with refused("key_actions"):
        made(store, actions)
    assert everything(store) == before


def test_what_a_key_may_do(store, clock):
    for action in ACTIONS:
        _, key = made(store, (action,), ("north",))
        for asked in ACTIONS:
            assert key.may(asked, "north") == (action in (asked, "admin"))
            assert not key.may(asked, "south")
            assert key.may(asked) == (action in (asked, "admin"))
    _, everywhere = made(store, ("read",))
    assert everywhere.may("read", "south")
    assert not everywhere.may("plan", "south")


def test_use_is_noted_and_never_taken_back(store, clock):
    (text, key), (other, _) = made(store), made(store)
    noted = []
    for at in (START + 5, START + 3, START + 9):
        store.transact(lambda transaction, at=at: note_uses(transaction, {key.key_id: at, "qm_none": at}))
        noted.append(presented(store, text).last_used_at)
    assert noted == [START + 5, START + 5, START + 9]
    assert presented(store, other).last_used_at is None


def test_keys_are_listed_in_the_order_they_were_made(store, clock):
    names = []
    for _ in range(3):
        clock.now += 1
        names.append(made(store)[1].key_id)
    with store.read() as transaction:
        assert [key.key_id for key in every_key(transaction)] == names
