"""Orders that units are reserved for, and runs: each unit is given once."""

from __future__ import annotations

from run_days import QUICK, SCOPE, ask, between, faults, order_of, plan_here, put_orders
from simple_day import NEWARK

from quartermaster.scheduling import RunSettings, run_next
from quartermaster.store import reservations
from quartermaster.store.available import availability
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import StockLine


def test_orders_that_units_are_reserved_for_are_left_out_and_their_units_given_once(small_day):
    """o1 is held before the plan is made, o2 while it is: both wait, and have their units when these are committed."""
    store, kept = small_day, []

    def hold(order_id, units):
        lines = [StockLine("LAX", "A", units)]
        own = {"order_id": order_id}
        kept.append(store.transact(lambda transaction: reserve(transaction, SCOPE, lines, 10**9, **own)).reservation_id)

    hold("o1", 4)
    ask(store, commit=True)
    lenient = RunSettings(report=False, most_left_out=0.5)
    done = run_next(store, SCOPE, lenient, planner=between(lambda: hold("o2", 3)))
    assert (done.state, done.summary["orders"], done.summary["left_out"]) == ("committed", 2, ["o2"])
    for name in kept:
        store.transact(lambda transaction, name=name: reservations.commit(transaction, SCOPE, name))
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).summary["orders"] == 1
    stand = [order_of(store, name) for name in ("o1", "o2", "o3")]
    assert [order.state for order in stand] == ["allocated", "allocated", "backordered"]
    assert [[one["quantity"] for one in order.allocations] for order in stand] == [[4], [3], [1]]
    with store.read() as transaction:
        assert availability(transaction, SCOPE)[("LAX", "A")] == 3
    assert faults(store) == []


def test_an_order_that_came_in_beside_the_commit_of_its_reservation_is_settled_by_the_run(small_day, monkeypatch):
    store = small_day
    lines = [StockLine("LAX", "A", 4)]
    own = {"order_id": "late"}
    name = store.transact(lambda transaction: reserve(transaction, SCOPE, lines, 10**9, **own)).reservation_id
    store.transact(lambda transaction: reservations.commit(transaction, SCOPE, name))
    with monkeypatch.context() as patch:  # as if neither transaction had seen the other
        patch.setattr("quartermaster.store.order_intake.settle_reserved", lambda *_: [])
        order = {"order_id": "late", **NEWARK, "lines": [{"line_id": "1", "sku": "A", "quantity": 4}]}
        put_orders(store, [order])
    assert order_of(store, "late").state == "open"
    ask(store, commit=True)
    assert run_next(store, SCOPE, QUICK, planner=plan_here).summary["orders"] == 3
    found = order_of(store, "late")
    assert (found.state, [one["plan_id"] for one in found.allocations]) == ("allocated", [None])
    assert faults(store) == []
