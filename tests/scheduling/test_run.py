"""A run from the queue to the commit: what it leaves, what it refuses, and that its end at any place loses nothing."""

from __future__ import annotations

import json
import threading

import pytest
from run_days import CHEAPEST, QUICK, SCOPE, ask, between, faults, order_of, plan_here, plan_of, put_orders
from simple_day import NEWARK

from quartermaster.errors import SolverError, StoreError
from quartermaster.policy import policy_from_mapping
from quartermaster.scheduling import RunSettings, commit_run, read_request, rows_of, run_all, run_next
from quartermaster.scheduling.child import Made, Wish
from quartermaster.scheduling.run import COMMITS_TRIED
from quartermaster.scheduling.scheduler import waiting_scopes
from quartermaster.store.available import availability
from quartermaster.store.events import events_after
from quartermaster.store.fail_points import set_hook
from quartermaster.store.leases import acquire
from quartermaster.store.orders import cancel_order
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import ask_to_stop, next_queued, part_of
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import Feed, StockLine, StockRow, take_feed

PARTS = {"allocations.csv", "shipments.csv", "backorders.csv", "plan.json", "run.json"}
PROVEN = {"certificate.json", "prices.csv"}


def commit(store, plan_id, **options):
    return store.transact(lambda transaction: commit_run(transaction, SCOPE, plan_id, **options))


def part(store, plan_id, name):
    with store.read() as transaction:
        return part_of(transaction, SCOPE, plan_id, name)


def test_a_day_from_the_queue_to_the_commit(demo_day, demo):
    store = demo_day
    optimal = policy_from_mapping({"solver": {"time_limit_seconds": 20}})
    plan = ask(store, optimal, commit=True, report=False)
    done = run_next(store, SCOPE, RunSettings())  # in a process of its own
    assert (done.plan_id, done.state, done.is_current, done.failure) == (plan.plan_id, "committed", True, "")
    assert (done.snapshot_version, done.stock_version) == ("v1", 1)
    assert (done.summary["orders"], done.summary["rejected"], done.summary["fallback"]) == (40, 0, "")
    assert (done.summary["left_out"], done.summary["status"], done.summary["currency"]) == ([], "optimal", "USD")
    assert done.progress["seconds"] > 0
    assert faults(store) == []
    stand = {order.order_id: order_of(store, order.order_id) for order in demo.orders}
    assert {order.state for order in stand.values()} == {"allocated", "backordered"}
    with store.read() as transaction:
        rows = rows_of(transaction, SCOPE, plan.plan_id)
        left = availability(transaction, SCOPE)
        for name in PARTS | PROVEN:
            assert part_of(transaction, SCOPE, plan.plan_id, name)
        with pytest.raises(StoreError, match="not_found"):
            part_of(transaction, SCOPE, plan.plan_id, "report.html")
    ordered = sum(line.quantity for line in demo.order_lines)
    given, short = (sum(row.quantity for row in table) for table in (rows.allocations, rows.backorders))
    assert ordered == given + short
    assert sum(line.allocated for order in stand.values() for line in order.lines) == given
    before = sum(max(0, row.on_hand - row.safety_stock - row.reserved) for row in demo.inventory)
    assert sum(left.values()) == before - given
    told = [event.type for event in store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 1000))]
    assert told.count("allocation") == len({row.order_id for row in rows.allocations})
    assert told.count("backorder") == len({row.order_id for row in rows.backorders})
    assert told.count("plan_committed") == 1
    assert run_next(store, SCOPE, QUICK) is None


def test_a_plan_that_is_not_to_be_committed_waits_for_it(small_day):
    store = small_day
    plan = ask(store)
    done = run_next(store, SCOPE, QUICK, planner=plan_here)
    assert (done.state, done.is_current) == ("finished", False)
    assert order_of(store, "o1").state == "open"
    committed = commit(store, plan.plan_id)
    assert (committed.state, committed.is_current) == ("committed", True)
    assert commit(store, plan.plan_id) == committed
    assert (order_of(store, "o1").state, faults(store)) == ("allocated", [])


def test_a_plan_of_an_older_stock_picture_is_refused_and_the_next_run_goes_through(small_day):
    store = small_day
    plan = ask(store)
    run_next(store, SCOPE, QUICK, planner=plan_here)
    rows = [StockRow("CHI", "A", 5)]
    store.transact(lambda transaction: take_feed(transaction, SCOPE, Feed(rows, False, transaction.now, sequence=1)))
    with pytest.raises(StoreError) as refused:
        commit(store, plan.plan_id)
    assert (refused.value.code, refused.value.facts) == ("snapshot_stale", {"planned": 1, "now": 2})
    with pytest.raises(StoreError) as refused:
        commit(store, plan.plan_id, recheck=True)
    lacking = [{"node_id": "CHI", "sku": "A", "planned": 7, "available": 5}]
    assert (refused.value.code, refused.value.facts["lacking"]) == ("snapshot_stale", lacking)
    assert (order_of(store, "o1").state, faults(store)) == ("open", [])
    again = ask(store)
    run_next(store, SCOPE, QUICK, planner=plan_here)
    assert commit(store, again.plan_id).state == "committed"
    assert plan_of(store, plan.plan_id).state == "superseded"
    with pytest.raises(StoreError, match="plan_superseded"):
        commit(store, plan.plan_id)


def test_a_plan_too_old_is_refused(small_day):
    plan = ask(small_day)
    run_next(small_day, SCOPE, QUICK, planner=plan_here)
    small_day.clock.forward(minutes=31)
    with pytest.raises(StoreError, match="plan_expired"):
        commit(small_day, plan.plan_id, most_age=30 * 60 * 1_000_000)


def test_an_order_cancelled_meanwhile_is_left_out_and_the_others_are_served(small_day):
    store = small_day
    ask(store, commit=True)
    lenient = RunSettings(report=False, most_left_out=0.5)
    planner = between(lambda: store.transact(lambda transaction: cancel_order(transaction, SCOPE, "o2")))
    done = run_next(store, SCOPE, lenient, planner=planner)
    assert (done.state, done.summary["left_out"]) == ("committed", ["o2"])
    assert [order_of(store, name).state for name in ("o1", "o2", "o3")] == ["allocated", "cancelled", "backordered"]
    assert faults(store) == []


def test_stock_gone_meanwhile_leaves_out_the_last_orders_that_took_it(small_day):
    store = small_day
    ask(store, commit=True)
    # 7 of 10 are planned; 6 are left: o2, the last by id, waits, and o1 goes
    hold = [StockLine("CHI", "A", 4)]
    planner = between(lambda: store.transact(lambda transaction: reserve(transaction, SCOPE, hold, 10**9)))
    done = run_next(store, SCOPE, RunSettings(report=False, most_left_out=0.5), planner=planner)
    assert (done.state, done.summary["left_out"]) == ("committed", ["o2"])
    assert [order_of(store, name).state for name in ("o1", "o2", "o3")] == ["allocated", "open", "backordered"]
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "committed"
    assert [(one["node_id"], one["quantity"]) for one in order_of(store, "o2").allocations] == [("LAX", 3)]
    assert faults(store) == []


@pytest.mark.parametrize("times", [2, 10**6])
def test_a_commit_that_lacks_what_is_there_again_is_tried_again(small_day, monkeypatch, times):
    """Somebody had it locked for a moment; where that does not end, the run is done again."""
    store, refused = small_day, []
    ask(store, commit=True)

    def commit_but(*arguments, **options):
        if len(refused) < times:
            refused.append({"node_id": "CHI", "sku": "A", "planned": 7, "available": 10})
            raise StoreError("snapshot_stale", "units that the plan gives are not there any more", lacking=refused[-1:])
        return commit_plan(*arguments, **options)

    monkeypatch.setattr("quartermaster.scheduling.run.commit_plan", commit_but)
    monkeypatch.setattr("quartermaster.scheduling.run.AGAIN_SECONDS", 0)
    done = run_next(store, SCOPE, QUICK, planner=plan_here)
    if times == 2:
        assert (done.state, done.summary["left_out"]) == ("committed", [])
    else:
        assert (done.state, done.summary["commit_refused"]) == ("finished", "snapshot_stale")
        assert len(refused) == COMMITS_TRIED
        assert len(waiting_scopes(store)) == 1
    assert faults(store) == []


def test_where_too_much_has_changed_the_run_is_done_again_but_not_for_ever(small_day):
    store = small_day
    ask(store, commit=True)
    settings = RunSettings(report=False, most_left_out=0.0, attempts=2)

    def changed():
        for order_id in ("o1", "o2"):
            document = {
                "order_id": order_id,
                **NEWARK,
                "lines": [{"line_id": "1", "sku": "A", "quantity": next(sizes)}],
            }
            put_orders(store, [document])

    sizes = iter([3, 4, 2, 3])
    done = run_next(store, SCOPE, settings, planner=between(changed))
    assert (done.state, done.summary["commit_refused"]) == ("finished", "order_state")
    with store.read() as transaction:
        again = next_queued(transaction, SCOPE)
    assert (read_request(again.policy).attempt, read_request(again.policy).commit) == (2, True)
    last = run_next(store, SCOPE, settings, planner=between(changed))
    assert (last.plan_id, last.state) == (again.plan_id, "finished")
    assert run_next(store, SCOPE, settings, planner=plan_here) is None  # it was done as often as it may be
    assert (order_of(store, "o1").state, order_of(store, "o2").state, faults(store)) == ("open", "open", [])


def test_what_cannot_be_planned_fails_and_leaves_every_unit_where_it_is(small_day):
    store = small_day
    plan = ask(store, commit=True)

    def broken(*_):
        raise SolverError("planning by cheapest left with exit code 1")

    done = run_next(store, SCOPE, QUICK, planner=broken)
    assert (done.state, done.failure) == ("failed", "planning by cheapest left with exit code 1")
    bug = ask(store, commit=True)

    def buggy(*_):
        raise KeyError("secret")

    assert run_next(store, SCOPE, QUICK, planner=buggy).failure == "internal error: KeyError"
    assert {plan_of(store, name).state for name in (plan.plan_id, bug.plan_id)} == {"failed"}
    with store.read() as transaction:
        assert availability(transaction, SCOPE)[("CHI", "A")] == 10
    assert (order_of(store, "o1").state, faults(store)) == ("open", [])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("allocations.csv", b"o1,1,A,CHI,4", b"o1,1,A,CHI,3"),
        ("allocations.csv", b"o1,1,A,CHI,4", b"o1,1,A,CHI,11"),
        ("shipments.csv", b"CHI", b"LAX"),
        ("plan.json", b'"transport": "', b'"transport": "1'),
        ("allocations.csv", b"order_id", b"order"),
    ],
)
def test_a_planning_process_that_lies_is_caught_by_its_parent(small_day, name, old, new):
    ask(small_day, commit=True)

    def lying(*arguments):
        made = plan_here(*arguments)
        assert old in made.parts[name]
        return Made({**made.parts, name: made.parts[name].replace(old, new)})

    done = run_next(small_day, SCOPE, QUICK, planner=lying)
    assert (done.state, bool(done.failure)) == ("failed", True)
    assert (order_of(small_day, "o1").state, faults(small_day)) == ("open", [])


def test_one_runner_works_and_another_finds_the_scope_taken(small_day):
    store, met = small_day, []
    ask(store, commit=True)
    ask(store, commit=True)
    planner = between(lambda: met.append(run_next(store, SCOPE, QUICK, planner=plan_here)))
    assert run_next(store, SCOPE, QUICK, planner=planner).state == "committed"
    assert met == [None]
    assert run_all(store, SCOPE, QUICK) == 1  # the second, at once: the lease was given up


def test_a_runner_paused_past_its_lease_can_neither_write_nor_commit(small_day):
    store, other = small_day, []
    plan = ask(store, commit=True)

    def taken_over():
        store.clock.forward(seconds=QUICK.lease_seconds + 1)
        other.append(run_next(store, SCOPE, QUICK, planner=plan_here))

    assert run_next(store, SCOPE, QUICK, planner=between(taken_over)) is None
    assert [(done.plan_id, done.state) for done in other] == [(plan.plan_id, "committed")]
    assert plan_of(store, plan.plan_id).fence == other[0].fence
    assert (order_of(store, "o1").allocations[0]["quantity"], faults(store)) == (4, [])


def test_a_runner_whose_lease_is_gone_ends_its_planning_process(small_day):
    store = small_day
    ask(store)

    def watched(content, policy, settings, ask):
        store.clock.forward(seconds=QUICK.lease_seconds + 1)
        store.transact(lambda transaction: acquire(transaction, SCOPE, "somebody", 10**9))
        return ask({"phase": "solve", "share": 0.5, "seconds": 1.0})

    assert run_next(store, SCOPE, QUICK, planner=watched) is None


def test_a_wish_to_stop_reaches_the_planner_and_a_shutdown_leaves_the_plan_to_the_next_run(small_day):
    store, wishes, ended = small_day, [], threading.Event()
    plan = ask(store)

    def watched(content, policy, settings, ask):
        wishes.append(ask({"phase": "solve", "share": 0.1, "seconds": 1.0}))
        store.transact(lambda transaction: ask_to_stop(transaction, SCOPE, plan.plan_id))
        wishes.append(ask({"phase": "merge", "share": 0.2, "seconds": 2.0}))
        ended.set()
        wishes.append(ask({"phase": "merge", "share": 0.3, "seconds": 3.0}))

    assert run_next(store, SCOPE, QUICK, ended, planner=watched) is None
    assert wishes == [Wish.GO_ON, Wish.STOP, Wish.END]
    left = plan_of(store, plan.plan_id)
    assert (left.state, left.progress, left.stop_asked, left.attempts) == ("queued", {}, True, 0)
    assert run_all(store, SCOPE, QUICK, ended) == 0
    assert run_next(store, SCOPE, QUICK, planner=plan_here).state == "finished"


def test_progress_is_there_to_be_read_while_a_plan_is_made(small_day):
    store, seen = small_day, []
    plan = ask(store)

    def watched(content, policy, settings, ask):
        ask({"phase": "solve", "share": 0.25, "seconds": 1.5})
        seen.append(plan_of(store, plan.plan_id))
        return plan_here(content, policy, settings, ask)

    run_next(store, SCOPE, QUICK, planner=watched)
    assert (seen[0].state, dict(seen[0].progress)) == ("running", {"phase": "solve", "share": 0.25, "seconds": 1.5})


class Killed(BaseException):
    """The end of the process, as far as one process can tell."""


def test_an_end_at_every_named_place_loses_nothing_and_doubles_nothing(small_day):
    store, passed, number = small_day, [], 0
    set_hook(passed.append)
    try:
        ask(store, commit=True)
        run_next(store, SCOPE, QUICK, planner=plan_here)
        places = list(passed)  # every place passed, in order: a name may come several times
        assert {"plan written", "stock of plan taken", "orders settled", "plan committed"} <= set(places)
        queued = places.index("plan queued") + 1
        for place in range(queued, len(places) - 1, 3):  # the runs below pass one place less: o3 is given a unit once
            set_hook(None)
            orders = [
                {"order_id": f"k{place}-{n}", **NEWARK, "lines": [{"line_id": "1", "sku": "A", "quantity": n}]}
                for n in (1, 2)
            ]
            rows = [StockRow("CHI", "A", 10 + 3 * place)]
            number += 1
            feed = Feed(rows, False, store.clock.now, sequence=number)
            store.transact(lambda transaction, feed=feed: take_feed(transaction, SCOPE, feed))
            put_orders(store, orders)
            ask(store, commit=True)
            left = [place - queued]

            def end(name, left=left):
                left[0] -= 1
                if left[0] <= 0:
                    raise Killed(name)

            set_hook(end)
            with pytest.raises(Killed):
                run_next(store, SCOPE, QUICK, planner=plan_here)
            set_hook(None)
            assert faults(store) == [], places[place]
            store.clock.forward(seconds=QUICK.lease_seconds + 1)
            while run_next(store, SCOPE, QUICK, planner=plan_here) is not None:
                pass
            assert [order_of(store, order["order_id"]).state for order in orders] == ["allocated"] * 2, places[place]
            assert faults(store) == [], places[place]
        assert number >= 8
    finally:
        set_hook(None)


def test_left_out_orders_are_found_however_many_there_are(demo_day):
    """A refusal names a hundred changes at the most, so a commit is tried more than once."""
    store = demo_day
    ask(store, CHEAPEST, commit=True)
    names = sorted({json.loads(row[0])["order_id"] for row in _documents(store)})[:30]

    def cancelled():
        for name in names:
            store.transact(lambda transaction, name=name: cancel_order(transaction, SCOPE, name))

    done = run_next(store, SCOPE, RunSettings(report=False, most_left_out=1.0), planner=between(cancelled))
    assert (done.state, done.summary["left_out"]) == ("committed", names)
    assert COMMITS_TRIED > 1
    assert faults(store) == []


def _documents(store):
    from quartermaster.store.orders import plannable

    with store.read() as transaction:
        return plannable(transaction, SCOPE)


@pytest.mark.parametrize("at_once", [True, False])
def test_an_order_that_goes_elsewhere_by_now_is_not_sent_where_it_went(small_day, at_once):
    """Its units are the same, so nothing but its document tells that the plan is not of it."""
    store = small_day
    moved = {**json.loads(order_of(store, "o1").document), "postal_code": "60601"}
    plan = ask(store, commit=at_once, report=False)
    done = run_next(store, SCOPE, QUICK, planner=between(lambda: put_orders(store, [moved])))
    if at_once:
        assert (done.state, done.summary["left_out"]) == ("committed", ["o1"])
    else:
        with pytest.raises(StoreError, match="order_state"):
            commit(store, plan.plan_id)
    assert order_of(store, "o1").state == "open"
    assert faults(store) == []
