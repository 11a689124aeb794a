"""Plans until they are finished: the queue, progress, stopping, and what is left behind by planners that are gone."""

from __future__ import annotations

import pytest
from store_cases import HOUR, SCOPE, START, Clock, everything, planned, refused

from quartermaster.store.leases import acquire
from quartermaster.store.plan_attempts import MOST_ATTEMPTS, hand_back, take_up
from quartermaster.store.plans import (
    ask_to_stop,
    begin_plan,
    current_plan,
    fail_plan,
    finish_plan,
    next_queued,
    part_of,
    queue_plan,
    requeue_lost,
    stored_plan,
    tell_progress,
)
from quartermaster.store.scopes import make_scope


@pytest.fixture
def clock(store) -> Clock:
    store.clock = Clock()
    return store.clock


def do(store, function, *more, **named):
    return store.transact(lambda transaction: function(transaction, SCOPE, *more, **named))


def queued(store, most=10):
    return do(store, queue_plan, '{"policy":1}', most).plan_id


def running(store, fence=1):
    plan_id = queued(store)
    assert do(store, begin_plan, plan_id, fence, "v1", 3)
    return plan_id


def test_a_plan_from_its_queue_to_its_end(store, clock):
    plan_id = queued(store)
    found = do(store, stored_plan, plan_id)
    assert (found.state, found.policy, found.created_at, found.is_current) == ("queued", '{"policy":1}', START, False)
    assert (found.snapshot_version, found.stock_version, found.fence, found.started_at) == (None,) * 4
    clock.now += 1
    fence = do(store, acquire, "planner", HOUR).fence
    assert do(store, begin_plan, plan_id, fence, "v1", 3)
    assert not do(store, begin_plan, plan_id, fence + 1, "v1", 3), "it is begun once"
    clock.now += 1
    assert do(store, tell_progress, plan_id, fence, {"gap": 0.1}) is False
    clock.now += 1
    assert do(store, finish_plan, plan_id, fence, {"cost": 12}, {"a": b"1", "b": b"2" * 10_000})
    assert not do(store, finish_plan, plan_id, fence, {"cost": 13}, {"a": b"3"}), "it is finished once"
    found = do(store, stored_plan, plan_id)
    assert (found.state, found.fence, found.snapshot_version, found.stock_version) == ("finished", fence, "v1", 3)
    assert (found.started_at, found.finished_at, found.committed_at) == (START + 1, START + 3, None)
    assert (found.progress, found.summary) == ({"gap": 0.1}, {"cost": 12})
    assert do(store, part_of, plan_id, "b") == b"2" * 10_000
    with refused("not_found"):
        do(store, part_of, plan_id, "c")
    assert do(store, current_plan) is None


def test_the_queue_is_first_come_first_served_and_full_at_its_limit(store, clock):
    names = []
    for _ in range(3):
        clock.now += 1
        names.append(queued(store, 3))
    with refused("queue_full"):
        queued(store, 3)
    assert do(store, next_queued).plan_id == names[0]
    do(store, begin_plan, names[0], 1, "v1", 1)
    assert do(store, next_queued).plan_id == names[1]
    queued(store, 3)


def test_each_scope_has_its_own_queue(store, clock):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    assert do(store, next_queued) is None
    plan_id = store.transact(lambda transaction: queue_plan(transaction, "south", "{}", 1)).plan_id
    queued(store, 1)
    for function in (stored_plan, ask_to_stop):
        with refused("not_found"):
            do(store, function, plan_id)
    with refused("not_found"):
        do(store, part_of, plan_id, "a")
    with refused("not_found"):
        store.transact(lambda transaction: queue_plan(transaction, "nowhere", "{}", 1))


def test_parts_of_a_plan_that_is_not_made_yet(store, clock):
    for plan_id, state in ((queued(store), "queued"), (running(store), "running")):
        with refused("plan_state") as caught:
            do(store, part_of, plan_id, "a")
        assert caught.value.facts == {"state": state}


def test_stopping_a_plan_that_waits_ends_it_and_one_that_runs_is_told(store, clock):
    waits, runs = queued(store), running(store)
    found = do(store, ask_to_stop, waits)
    assert (found.state, found.failure, found.stop_asked) == ("failed", "stopped before it began", True)
    assert not do(store, begin_plan, waits, 1, "v1", 1)
    assert do(store, ask_to_stop, runs).state == "running"
    assert do(store, tell_progress, runs, do(store, acquire, "planner", HOUR).fence, {}) is True
    assert do(store, finish_plan, runs, 1, {}, {"a": b"best so far"})
    assert do(store, ask_to_stop, runs).state == "finished"


def test_a_plan_that_failed_says_why_and_stays_failed(store, clock):
    for plan_id in (queued(store), running(store)):
        do(store, fail_plan, plan_id, "out of memory")
        found = do(store, stored_plan, plan_id)
        assert (found.state, found.failure, found.finished_at) == ("failed", "out of memory", START)
        assert not do(store, begin_plan, plan_id, 2, "v1", 1)
        assert not do(store, finish_plan, plan_id, 1, {}, {})
        with refused("not_found"):
            do(store, part_of, plan_id, "a")
    done = planned(store)
    do(store, fail_plan, done, "too late")
    assert do(store, stored_plan, done).state == "finished"


def test_what_a_planner_left_running_is_queued_again_and_it_cannot_finish_it(store, clock):
    lost, own = running(store, 1), running(store, 2)
    assert do(store, requeue_lost, 2) == 1
    assert (do(store, stored_plan, lost).state, do(store, stored_plan, own).state) == ("queued", "running")
    assert do(store, stored_plan, lost).fence is None
    before = everything(store)
    assert not do(store, finish_plan, lost, 1, {}, {"a": b"1"})
    assert everything(store) == before
    assert do(store, begin_plan, lost, 2, "v2", 4)
    assert not do(store, finish_plan, lost, 1, {}, {"a": b"1"}), "the one that woke too late"
    do(store, fail_plan, lost, "woke too late", fence=1)
    assert do(store, stored_plan, lost).state == "running"
    assert do(store, finish_plan, lost, 2, {}, {"a": b"2"})
    assert do(store, part_of, lost, "a") == b"2"


@pytest.mark.parametrize("how", ["another has the scope", "the plan is another's", "it is made"])
def test_a_planner_that_lost_its_lease_says_nothing_on_progress(store, clock, how):
    own = do(store, acquire, "one", HOUR).fence
    plan_id = running(store, own)
    do(store, tell_progress, plan_id, own, {"gap": 0.5})
    fence = own
    if how == "it is made":
        do(store, finish_plan, plan_id, own, {}, {})
    else:
        clock.now += HOUR
        other = do(store, acquire, "two", HOUR).fence
        fence = other if how == "the plan is another's" else own
    before = everything(store)
    with refused("lease_lost"):
        do(store, tell_progress, plan_id, fence, {"gap": 0.3})
    assert everything(store) == before


def test_a_plan_that_ends_its_planners_fails_and_the_next_one_is_taken_up(store, clock):
    deadly = queued(store)
    clock.now += 1
    harmless = queued(store)
    for fence in range(1, MOST_ATTEMPTS + 1):
        assert do(store, take_up).plan_id == deadly
        if fence > 1:  # the first planner ended before it began
            assert do(store, begin_plan, deadly, fence, "v1", 1)
            assert do(store, requeue_lost, fence + 1) == 1
    found = do(store, take_up)
    assert (found.plan_id, found.attempts) == (harmless, 1)
    failed = do(store, stored_plan, deadly)
    assert (failed.state, failed.attempts, failed.finished_at) == ("failed", 3, START + 1)
    assert failed.failure.startswith("3 planners were ended while they made it")
    do(store, begin_plan, harmless, 9, "v1", 1)
    assert do(store, take_up) is None


def test_a_plan_that_is_handed_back_was_not_attempted(store, clock):
    plan_id = queued(store)
    for fence in range(2 * MOST_ATTEMPTS):
        assert do(store, take_up).attempts == 1
        if fence % 2:
            assert do(store, begin_plan, plan_id, fence, "v1", 1)
        do(store, hand_back, plan_id)
        found = do(store, stored_plan, plan_id)
        assert (found.state, found.attempts, found.fence, found.started_at) == ("queued", 0, None, None)
    done = planned(store)
    do(store, hand_back, done)
    assert do(store, stored_plan, done).state == "finished"
