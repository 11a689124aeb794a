"""When runs are asked for, on a clock by hand; and the scheduler that makes them, on a real one."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from run_days import CHEAPEST, SCOPE, ask, faults, order_of, plan_here, put_day, put_orders
from scheduling.conftest import small_snapshot
from simple_day import CHICAGO, NEWARK
from sqlalchemy import select

from quartermaster.domain.network import Node
from quartermaster.policy import policy_from_mapping
from quartermaster.scheduling import PlanRequest, RunSettings, read_request, request_text, run_next
from quartermaster.scheduling import scheduler as schedules
from quartermaster.scheduling.scheduler import Scheduler, Timetable, ask_for_due, sweep_all, waiting_scopes
from quartermaster.store.idempotency import Reply, once
from quartermaster.store.instants import time_of
from quartermaster.store.leases import acquire
from quartermaster.store.plans import begin_plan, next_queued, queue_plan
from quartermaster.store.reservations import reservation, reserve
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import StockLine
from quartermaster.store.tables import IDEMPOTENCY, RESERVATIONS

RULE = policy_from_mapping({"strategy": "cheapest", "solver": {"time_limit_seconds": 56}})
"""Planning by it may take 56 + 5.6 + 2 seconds; a run takes 30 beside."""
EVERY = RunSettings(report=False, policy=RULE, every_minutes=15, gap_seconds=60)


def order(order_id, quantity=1):
    return {"order_id": order_id, **NEWARK, "lines": [{"line_id": "1", "sku": "A", "quantity": quantity}]}


def queued(store):
    with store.read() as transaction:
        return next_queued(transaction, SCOPE)


def due(store, timetable, **forward):
    store.clock.forward(**forward)
    with store.read() as transaction:
        return timetable.due(transaction, SCOPE)


def run_due(store, timetable):
    """Ask for what is due and make it; tell whether anything was."""
    ask_for_due(store, timetable)
    return run_next(store, SCOPE, EVERY, planner=plan_here) is not None


def test_runs_are_due_every_so_many_minutes_while_orders_wait(small_day):
    store, timetable = small_day, Timetable(EVERY)
    ask_for_due(store, timetable)
    ask_for_due(store, timetable)  # one waits: no second is asked for
    plan = queued(store)
    request = read_request(plan.policy)
    assert (request.commit, request.asked_by, request.report, request.policy) == (True, "schedule", False, RULE)
    assert run_next(store, SCOPE, EVERY, planner=plan_here).state == "committed"
    assert queued(store) is None
    assert not due(store, timetable, minutes=14, seconds=59)
    assert due(store, timetable, seconds=1)  # o3 waits for a unit of B
    assert run_due(store, timetable)
    assert not due(store, timetable, minutes=1)


def test_nothing_is_due_where_nothing_waits_or_no_snapshot_is(store):
    from run_days import Clock
    from simple_day import MONDAY

    store.clock = Clock(MONDAY + timedelta(hours=1))
    timetable = Timetable(EVERY)
    put_orders(store, [order("o1")])
    assert not due(store, timetable)
    put_day(store, small_snapshot())
    assert run_due(store, timetable)
    assert order_of(store, "o1").state == "allocated"
    assert not due(store, timetable, days=3)


def test_a_plan_that_somebody_asked_for_does_not_put_the_schedule_off(small_day):
    store, timetable = small_day, Timetable(EVERY)
    assert run_due(store, timetable)
    store.clock.forward(minutes=10)
    ask(store)
    assert run_next(store, SCOPE, EVERY, planner=plan_here).state == "finished"
    assert due(store, timetable, minutes=5)


def test_whatever_many_others_asked_for_the_schedule_knows_its_own_last_run(small_day):
    """Though a version of long ago, or one to come, had a policy that this one cannot read."""
    store, timetable = small_day, Timetable(EVERY)
    assert run_due(store, timetable)
    gone = json.dumps({"asked_by": "request", "policy": {"gone": {"asked_by": "schedule"}}}, sort_keys=True)
    for number in range(60):
        text = gone if number % 2 else request_text(PlanRequest(policy=RULE))
        store.transact(lambda transaction, text=text: queue_plan(transaction, SCOPE, text, 100))
        store.clock.forward(seconds=10)
    assert not due(store, timetable, minutes=4, seconds=59)
    assert due(store, timetable, seconds=1)
    own = json.dumps({"asked_by": "schedule", "policy": {"gone": 1}}, sort_keys=True)
    store.transact(lambda transaction: queue_plan(transaction, SCOPE, own, 100))
    assert not due(store, timetable, minutes=14)
    assert due(store, timetable, minutes=1)


def test_many_new_orders_do_not_wait_for_their_time(small_day):
    store = small_day
    timetable = Timetable(RunSettings(policy=RULE, every_orders=3, gap_seconds=60))
    assert run_due(store, timetable)
    store.clock.forward(minutes=2)
    put_orders(store, [order("n1"), order("n2")])
    assert not due(store, timetable)  # o3 waits too, but not since the last run
    put_orders(store, [order("n3")])
    assert due(store, timetable)
    assert run_due(store, timetable)
    put_orders(store, [order(f"m{number}") for number in range(3)])
    assert not due(store, timetable, seconds=59)
    assert due(store, timetable, seconds=1)


def test_a_run_is_brought_forward_before_a_cutoff_of_the_snapshot(store):
    from run_days import Clock
    from simple_day import MONDAY

    store.clock = Clock(MONDAY + timedelta(hours=1))  # ten o'clock; the node's cut-off is at 10:10, in UTC
    from datetime import time as clock_time

    nodes = [Node(node_id="CHI", **CHICAGO, cutoff=clock_time(5, 10), timezone="America/Chicago")]
    orders = put_day(store, small_snapshot(nodes=nodes, stock={("CHI", "A"): 10}))
    put_orders(store, orders)
    timetable = Timetable(EVERY)
    assert run_due(store, timetable)
    # a run may take 93.6 seconds: the last one before 10:10 begins at 10:08:26.4
    assert not due(store, timetable, minutes=8, seconds=26)
    assert due(store, timetable, seconds=0.4)
    store.clock.forward(seconds=2)  # the next look
    ask_for_due(store, timetable)

    def slow(*arguments):
        store.clock.forward(seconds=20)  # frozen, and the process started
        made = plan_here(*arguments)
        store.clock.forward(seconds=56 + 5.6 + 2 + 8)  # planned as long as it may, and judged
        return made

    done = run_next(store, SCOPE, replace(EVERY, lease_seconds=300), planner=slow)
    assert done.state == "committed"
    assert time_of(done.committed_at) <= MONDAY + timedelta(hours=1, minutes=10)
    assert not due(store, timetable, minutes=13, seconds=28)  # 15 minutes after it was asked for
    assert due(store, timetable, seconds=0.4)


def test_scopes_left_by_dead_planners_are_found(small_day):
    store = small_day
    plan = ask(store)
    assert waiting_scopes(store) == [SCOPE]
    lease = store.transact(lambda transaction: acquire(transaction, SCOPE, "dead", 60_000_000))
    store.transact(lambda transaction: begin_plan(transaction, SCOPE, plan.plan_id, lease.fence, "v1", 1))
    assert waiting_scopes(store) == []
    store.clock.forward(seconds=61)
    assert waiting_scopes(store) == [SCOPE]
    assert run_next(store, SCOPE, EVERY, planner=plan_here).plan_id == plan.plan_id
    assert waiting_scopes(store) == []


def test_a_scope_in_trouble_keeps_no_other_waiting(small_day, caplog):
    store = small_day
    store.transact(lambda transaction: make_scope(transaction, "a first one"))

    class Troubled(Timetable):
        def due(self, transaction, scope_id):
            if scope_id != SCOPE:
                raise KeyError(scope_id)
            return super().due(transaction, scope_id)

    ask_for_due(store, Troubled(EVERY))
    assert queued(store) is not None
    assert "could not be asked for" in caplog.text


def test_expired_reservations_are_swept(small_day):
    store = small_day
    held = store.transact(lambda transaction: reserve(transaction, SCOPE, [StockLine("CHI", "A", 2)], 1_000_000))
    sweep_all(store, RunSettings())
    store.clock.forward(seconds=2)
    sweep_all(store, RunSettings())
    with store.read() as transaction:
        assert reservation(transaction, SCOPE, held.reservation_id).state == "expired"
    assert faults(store) == []


def answers(store):
    with store.read() as transaction:
        return sorted(row.key for row in transaction.all(select(IDEMPOTENCY.c.key)))


def test_answers_are_kept_for_a_day(small_day):
    """To the microsecond; a key that comes again after that has another effect."""
    store, kept = small_day, RunSettings().kept
    assert kept == 24 * 3_600 * 1_000_000
    for key in ("first", "second"):
        once(store, "k", key, b"request", lambda _: Reply(200, b"first"))
        store.clock.forward(seconds=60)
    store.clock.forward(seconds=kept // 1_000_000 - 120)
    sweep_all(store, RunSettings())
    assert answers(store) == ["first", "second"]
    store.clock.forward(microseconds=1)
    sweep_all(store, RunSettings())
    assert answers(store) == ["second"]
    assert once(store, "k", "first", b"another request", lambda _: Reply(200, b"again")).body == b"again"
    assert once(store, "k", "second", b"request", lambda _: Reply(200, b"again")).body == b"first"


def test_a_sweep_goes_on_until_nothing_is_left_or_its_time_is_over(small_day, monkeypatch):
    store, lines = small_day, [StockLine("CHI", "A", 1)]
    monkeypatch.setattr(schedules, "PORTION", 1)
    for key in range(4):
        once(store, "k", str(key), b"request", lambda _: Reply(200, b""))
        store.transact(lambda transaction: reserve(transaction, SCOPE, lines, 1_000_000))
    store.clock.forward(seconds=2 * 86_400)
    ticks = count(0, 10)
    sweep_all(store, RunSettings(), clock=lambda: float(next(ticks)))
    assert 0 < expired(store) < 4
    assert len(answers(store)) < 4, "answers have their turn though reservations took all the time"
    sweep_all(store, RunSettings())
    assert expired(store) == 4
    assert answers(store) == []
    assert faults(store) == []


def expired(store):
    with store.read() as transaction:
        return len(transaction.all(select(RESERVATIONS).where(RESERVATIONS.c.state == "expired")))


def test_the_scheduler_plans_what_waits_and_each_scope_once_at_a_time(small_day):
    store, met, release, begun = small_day, [], threading.Event(), threading.Event()
    store.transact(lambda transaction: make_scope(transaction, "south"))
    ask(store)

    def run(held, scope_id, settings, ended):
        met.append(scope_id)
        begun.set()
        release.wait(30)
        return int(run_next(held, scope_id, settings, ended, planner=plan_here) is not None)

    scheduler = Scheduler(store, RunSettings(report=False, planners=2), timetable=False, run=run)
    scheduler.start()
    try:
        scheduler.wake()
        assert begun.wait(30)
        for _ in range(3):
            scheduler.look()
        assert met == [SCOPE]
        release.set()
        until(lambda: queued(store) is None and not waiting_scopes(store))
    finally:
        scheduler.stop()
    assert met.count(SCOPE) == 1
    scheduler.wake()  # says nothing when it has ended


def test_a_day_by_the_scheduler_alone(demo_day, demo):
    """Orders in, nothing else done: allocated or backordered a moment later, by planning processes."""
    store = demo_day
    scheduler = Scheduler(store, RunSettings(report=False, policy=CHEAPEST))
    scheduler.start()
    try:
        until(lambda: not any(order_of(store, row.order_id).state == "open" for row in demo.orders))
    finally:
        scheduler.stop()
    assert faults(store) == []


def test_a_scheduler_that_ends_leaves_its_plan_to_the_next(demo_day):
    store = demo_day
    endless = policy_from_mapping({"solver": {"time_limit_seconds": 600, "relative_gap": 0}})
    plan = ask(store, endless, report=False)
    scheduler = Scheduler(store, RunSettings(report=False), timetable=False)
    scheduler.start()
    scheduler.wake()
    until(lambda: _state(store, plan) != "queued")
    begun = time.monotonic()
    scheduler.stop()
    assert time.monotonic() - begun < 60
    # either it was done before it could be ended, or it waits for the next planner
    assert _state(store, plan) in ("queued", "finished")
    assert (
        run_next(store, SCOPE, RunSettings(report=False), planner=plan_here) is not None
        or _state(store, plan) == "finished"
    )


def _state(store, plan):
    from quartermaster.store.plans import stored_plan

    with store.read() as transaction:
        return stored_plan(transaction, SCOPE, plan.plan_id).state


def until(holds, seconds=300):
    patience = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > patience:
            pytest.fail("it did not come about")
        time.sleep(0.05)
