"""A plan that ends its planners is not made for ever; one that they leave in good order is."""

from __future__ import annotations

import threading

import pytest
from run_days import QUICK, SCOPE, ask, faults, order_of, plan_here, plan_of
from sqlalchemy.exc import InterfaceError, OperationalError

from quartermaster.errors import StoreError
from quartermaster.scheduling import run_next
from quartermaster.scheduling.child import Wish
from quartermaster.store.fail_points import set_hook
from quartermaster.store.leases import acquire
from quartermaster.store.run_totals import run_totals


class Killed(BaseException):
    """The end of the process, as far as one process can tell."""


def counted(store):
    """Runs, and those of them that failed."""
    with store.read() as transaction:
        totals = run_totals(transaction).get(SCOPE)
    return (totals.runs, totals.failed) if totals else (0, 0)


def lost(kind):
    return kind("SELECT", {}, ConnectionError("server closed the connection unexpectedly"))


@pytest.mark.parametrize("where", ["while it is frozen", "while it is made"])
def test_a_plan_that_ends_its_planner_is_not_made_for_ever(small_day, monkeypatch, where):
    store = small_day
    plan = ask(store, commit=True)

    def end(*_, **__):
        raise Killed

    for _ in range(3):
        with monkeypatch.context() as patch:
            if where == "while it is frozen":
                patch.setattr("quartermaster.scheduling.run.frozen", end)
            with pytest.raises(Killed):
                run_next(store, SCOPE, QUICK, planner=end)
        store.clock.forward(seconds=QUICK.lease_seconds + 1)
    assert run_next(store, SCOPE, QUICK, planner=end) is None
    failed = plan_of(store, plan.plan_id)
    assert (failed.state, failed.failure.split(" while")[0]) == ("failed", "3 planners were ended")
    assert counted(store) == (1, 1)
    assert [order_of(store, name).state for name in ("o1", "o2", "o3")] == ["open"] * 3
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "committed"
    assert faults(store) == []


def test_a_plan_that_is_left_in_good_order_is_made_however_often_it_was(small_day):
    store, ended = small_day, threading.Event()
    plan = ask(store)
    ended.set()

    def leaves(content, policy, settings, ask):
        assert ask({"phase": "solve", "share": 0.1, "seconds": 1.0}) == Wish.END

    for _ in range(4):
        assert run_next(store, SCOPE, QUICK, ended, planner=leaves) is None

    def busy(*_):
        raise StoreError("store_busy", "others were writing all the time")

    for _ in range(4):
        assert run_next(store, SCOPE, QUICK, planner=busy) is None
    assert run_next(store, SCOPE, QUICK, planner=plan_here).plan_id == plan.plan_id


def test_a_runner_whose_lease_was_taken_says_nothing_on_progress(small_day):
    store, told = small_day, []
    plan = ask(store)

    def watched(content, policy, settings, ask):
        store.clock.forward(seconds=QUICK.lease_seconds + 1)
        store.transact(lambda transaction: acquire(transaction, SCOPE, "somebody", 10**9))
        try:
            ask({"phase": "solve", "share": 0.5, "seconds": 1.0})
        finally:
            told.append(dict(plan_of(store, plan.plan_id).progress))

    assert run_next(store, SCOPE, QUICK, planner=watched) is None
    assert told == [{}]


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_plan_whose_progress_cannot_be_written_is_made_all_the_same(small_day, monkeypatch, kind):
    store, asked = small_day, []
    ask(store, commit=True)

    def away(*_):
        asked.append(kind)
        raise lost(kind)

    monkeypatch.setattr("quartermaster.scheduling.run.tell_progress", away)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "committed"
    assert asked == [kind]


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_plan_that_loses_its_store_is_left_to_the_next_run_but_not_for_ever(small_day, kind):
    store = small_day
    plan = ask(store, commit=True)

    def away(*_):
        raise lost(kind)

    for _ in range(2):
        assert run_next(store, SCOPE, QUICK, planner=away) is None
        assert (plan_of(store, plan.plan_id).state, counted(store)) == ("running", (0, 0))
    assert run_next(store, SCOPE, QUICK, planner=plan_here).plan_id == plan.plan_id
    again = ask(store, commit=True)
    for _ in range(4):
        assert run_next(store, SCOPE, QUICK, planner=away) is None
    assert (plan_of(store, again.plan_id).state, counted(store)) == ("failed", (2, 1))
    assert faults(store) == []


def test_a_commit_whose_answer_is_lost_is_one_run(small_day):
    store, passed = small_day, []
    plan = ask(store, commit=True)

    def hook(name):
        passed.append(name)
        if name == "after commit" and "plan committed" in passed:
            set_hook(None)
            raise lost(OperationalError)

    set_hook(hook)
    try:
        assert run_next(store, SCOPE, QUICK, planner=plan_here) is None
    finally:
        set_hook(None)
    assert (plan_of(store, plan.plan_id).state, counted(store)) == ("committed", (1, 0))
    assert run_next(store, SCOPE, QUICK, planner=plan_here) is None
    assert faults(store) == []
