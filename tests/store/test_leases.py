"""Leases: one planner for each scope, and a planner that woke too late is fenced off."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from store_cases import (
    MILLISECOND,
    SCOPE,
    SECOND,
    START,
    Clock,
    adds_up,
    available,
    given,
    number_of,
    ordered,
    refused,
    stocked,
)

from quartermaster.errors import StoreError
from quartermaster.store import open_store
from quartermaster.store.leases import acquire, check_fence, give_up, renew
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import begin_plan, finish_plan, queue_plan, requeue_lost, stored_plan
from quartermaster.store.scopes import make_scope

PAUSES = number_of("QUARTERMASTER_PAUSES", 3)


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    return store.clock


def taken(store, holder, scope=SCOPE):
    return store.transact(lambda transaction: acquire(transaction, scope, holder, SECOND))


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_a_lease_is_taken_over_at_its_end_and_not_before(store, clock, late):
    first = taken(store, "one")
    assert (first.fence, first.expires_at) == (1, START + SECOND)
    clock.now = START + SECOND + late * MILLISECOND
    second = taken(store, "two")
    if late < 0:
        assert second is None
        store.transact(lambda transaction: check_fence(transaction, SCOPE, first.fence))
        return
    assert (second.holder, second.fence) == ("two", 2)
    assert store.transact(lambda transaction: renew(transaction, first, SECOND)) is None
    with refused("lease_lost"):
        store.transact(lambda transaction: check_fence(transaction, SCOPE, first.fence))


def test_who_holds_it_gets_it_again_with_a_new_number(store, clock):
    first, second = taken(store, "one"), taken(store, "one")
    assert (first.fence, second.fence) == (1, 2)
    with refused("lease_lost"):
        store.transact(lambda transaction: check_fence(transaction, SCOPE, first.fence))


def test_a_lease_that_is_renewed_lasts(store, clock):
    first = taken(store, "one")
    clock.now += SECOND - 1
    again = store.transact(lambda transaction: renew(transaction, first, SECOND))
    assert (again.fence, again.expires_at) == (1, clock.now + SECOND)
    clock.now += SECOND - 1
    assert taken(store, "two") is None


def test_a_lease_that_is_given_up_is_free_at_once(store, clock):
    first = taken(store, "one")
    store.transact(lambda transaction: give_up(transaction, first))
    second = taken(store, "two")
    assert second.fence == 2
    store.transact(lambda transaction: give_up(transaction, first))
    assert taken(store, "three") is None, "who has lost it gives up nothing"


def test_each_scope_has_its_own(store, clock):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    assert taken(store, "one").fence == taken(store, "two", "south").fence == 1
    with refused("not_found"):
        taken(store, "one", "nowhere")
    with refused("lease_lost"):
        store.transact(lambda transaction: check_fence(transaction, "nowhere", 1))


def test_of_many_that_ask_at_once_one_gets_it(store):
    gate, found = threading.Barrier(8), []

    def ask(number):
        gate.wait()
        found.append(taken(store, f"planner {number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in found if lease is not None]) == 1


def zombie(url, plan_id, conversation):
    """A planner that takes the lease, makes a plan and is about to commit it when it is stopped."""
    store = open_store(url)
    lease = store.transact(lambda transaction: acquire(transaction, SCOPE, f"one {plan_id}", 5 * MILLISECOND))
    store.transact(lambda transaction: begin_plan(transaction, SCOPE, plan_id, lease.fence, "v1", 1))
    conversation.send(lease.fence)
    os.kill(os.getpid(), signal.SIGSTOP)
    finish = (SCOPE, plan_id, lease.fence, {}, {})
    outcome = [store.transact(lambda transaction: finish_plan(transaction, *finish))]
    commit = (SCOPE, plan_id, [given(plan_id, "boston", 1)], [])
    try:
        store.transact(lambda transaction: commit_plan(transaction, *commit, fence=lease.fence))
        outcome.append("committed")
    except StoreError as error:
        outcome.append(error.code)
    conversation.send(outcome)
    store.close()


@pytest.mark.parametrize("second_finishes", [True, False])
def test_a_planner_paused_past_its_lease_cannot_commit(postgresql_schema, second_finishes):
    """On PostgreSQL, where there are many planners: the second one takes over while the first is stopped."""
    url = postgresql_schema()
    store = open_store(url)
    stocked(store, {("boston", "A"): PAUSES})
    for number in range(PAUSES):
        plan_id = store.transact(lambda transaction: queue_plan(transaction, SCOPE, "{}", 9)).plan_id
        ordered(store, plan_id, {"1": ("A", 1)})
        store.close()
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context("fork").Process(target=zombie, args=(url, plan_id, there))
        child.start()
        first = here.recv()
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        time.sleep(0.006)
        store = open_store(url)
        second = store.transact(
            lambda transaction, name=f"two {number}": acquire(transaction, SCOPE, name, 60 * SECOND)
        )
        assert second.fence == first + 1
        assert store.transact(lambda transaction, of=second.fence: requeue_lost(transaction, SCOPE, of)) == 1
        call = (SCOPE, plan_id, second.fence)
        assert store.transact(lambda transaction, call=call: begin_plan(transaction, *call, "v1", 1))
        if second_finishes:
            assert store.transact(lambda transaction, call=call: finish_plan(transaction, *call, {}, {}))
        os.kill(child.pid, signal.SIGCONT)
        assert here.recv() == [False, "lease_lost" if second_finishes else "plan_state"]
        child.join()
        if not second_finishes:
            assert store.transact(lambda transaction, call=call: finish_plan(transaction, *call, {}, {}))
        commit = (SCOPE, plan_id, [given(plan_id, "boston", 1)], [])
        store.transact(lambda transaction, commit=commit, of=second.fence: commit_plan(transaction, *commit, fence=of))
        with store.read() as transaction:
            assert stored_plan(transaction, SCOPE, plan_id).fence == second.fence
        store.transact(lambda transaction, lease=second: give_up(transaction, lease))
    assert available(store) == {("boston", "A"): 0}
    adds_up(store)
    store.close()
