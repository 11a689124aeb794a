"""Orders: their states, their history, and where each unit is."""

from __future__ import annotations

import pytest
from store_cases import SCOPE, START, Clock, adds_up, everything, given, left, ordered, planned, refused, stocked

from quartermaster.store.events import events_after
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder, cancel_order, plannable, stored_order
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.scopes import make_scope


def read(store, order_id, scope=SCOPE):
    with store.read() as transaction:
        return stored_order(transaction, scope, order_id)


def waiting(store):
    with store.read() as transaction:
        return [units for _, units in plannable(transaction, SCOPE)]


def cancelled(store, order_id):
    return store.transact(lambda transaction: cancel_order(transaction, SCOPE, order_id))


def places(line):
    return line.ordered, line.open, line.allocated, line.backordered, line.rejected, line.cancelled


def served(store, allocations, backorders):
    plan_id = planned(store)
    return store.transact(lambda transaction: commit_plan(transaction, SCOPE, plan_id, allocations, backorders))


def test_an_order_comes_in_once(store):
    store.clock = Clock()
    assert ordered(store, "o1", {"2": ("B", 3), "1": ("A", 2)}) == "created"
    before = everything(store)
    assert ordered(store, "o1", {"2": ("B", 3), "1": ("A", 2)}) == "known"
    assert everything(store) == before
    found = read(store, "o1")
    assert (found.order_id, found.state, found.reason) == ("o1", "open", "")
    assert [(line.line_id, line.sku, *places(line)) for line in found.lines] == [
        ("1", "A", 2, 2, 0, 0, 0, 0),
        ("2", "B", 3, 3, 0, 0, 0, 0),
    ]
    assert found.history == ((START, "created", {"state": "open", "reason": ""}),)
    assert found.allocations == ()
    assert waiting(store) == [{"1": 2, "2": 3}]


def test_an_open_order_may_be_changed(store):
    ordered(store, "o1", {"1": ("A", 2), "2": ("B", 1)})
    assert ordered(store, "o1", {"1": ("A", 5)}) == "updated"
    assert waiting(store) == [{"1": 5}]
    assert [event for _, event, _ in read(store, "o1").history] == ["created", "updated"]


def test_a_rejected_order_is_kept_with_its_reason_and_not_planned(store):
    assert ordered(store, "o1", {"1": ("A", 2)}, rejected="unknown_sku") == "created"
    found = read(store, "o1")
    assert (found.state, found.reason) == ("rejected", "unknown_sku")
    assert places(found.lines[0]) == (2, 0, 0, 0, 2, 0)
    assert waiting(store) == []
    assert ordered(store, "o1", {"1": ("A", 2)}, rejected="unknown_sku") == "known"
    assert ordered(store, "o1", {"1": ("A", 2)}) == "updated", "the same order, which can be planned now"
    assert waiting(store) == [{"1": 2}]
    adds_up(store)


def test_an_order_without_lines_waits_for_nothing(store):
    store.transact(lambda transaction: put_order(transaction, SCOPE, NewOrder("o1", "{}", [], "no_lines")))
    assert read(store, "o1").lines == ()
    assert waiting(store) == []


def test_cancelling_takes_what_is_not_allocated_and_happens_once(store):
    ordered(store, "o1", {"1": ("A", 2)})
    assert cancelled(store, "o1").state == "cancelled"
    before = everything(store)
    assert places(cancelled(store, "o1").lines[0]) == (2, 0, 0, 0, 0, 2)
    assert everything(store) == before
    told = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 9))
    assert [(event.type, event.subject) for event in told] == [("order_cancelled", "o1")]
    assert ordered(store, "o1", {"1": ("A", 2)}) == "known"
    with refused("order_state") as caught:
        ordered(store, "o1", {"1": ("A", 3)})
    assert caught.value.facts == {"state": "cancelled"}
    assert waiting(store) == []


@pytest.mark.parametrize("scope", [SCOPE, "south"])
def test_an_order_of_another_scope_or_none_is_not_found(store, scope):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    ordered(store, "o1", {"1": ("A", 2)}, "south" if scope == SCOPE else SCOPE)
    for order_id in ("o1", "o2"):
        with refused("not_found"):
            read(store, order_id, scope)
        with refused("not_found"):
            store.transact(lambda transaction, of=order_id: cancel_order(transaction, scope, of))
    with store.read() as transaction, refused("not_found"):
        plannable(transaction, "nowhere")


def test_a_backordered_order_is_planned_again_until_all_of_it_is_allocated(store):
    stocked(store, {("boston", "A"): 3})
    ordered(store, "o1", {"1": ("A", 5)})
    served(store, [given("o1", "boston", 3)], [left("o1", 2, reason="no_stock")])
    found = read(store, "o1")
    assert (found.state, found.reason) == ("backordered", "no_stock")
    assert places(found.lines[0]) == (5, 0, 3, 2, 0, 0)
    assert waiting(store) == [{"1": 2}]
    with refused("order_state"):
        ordered(store, "o1", {"1": ("A", 6)})
    stocked(store, {("boston", "A"): 9})
    plan = served(store, [given("o1", "boston", 2)], [])
    found = read(store, "o1")
    assert (found.state, found.reason) == ("allocated", "")
    assert places(found.lines[0]) == (5, 0, 5, 0, 0, 0)
    assert sorted(one["quantity"] for one in found.allocations) == [2, 3]
    assert plan.plan_id in {one["plan_id"] for one in found.allocations}
    for change in (lambda: cancelled(store, "o1"), lambda: ordered(store, "o1", {"1": ("A", 6)})):
        with refused("order_state") as caught:
            change()
        assert caught.value.facts == {"state": "allocated"}
    adds_up(store)


def test_a_backordered_order_of_which_nothing_is_allocated_may_be_changed(store):
    stocked(store, {("boston", "A"): 3})
    ordered(store, "o1", {"1": ("A", 5)})
    served(store, [], [left("o1", 5)])
    assert ordered(store, "o1", {"1": ("A", 2)}) == "updated"
    assert read(store, "o1").state == "open"
    assert waiting(store) == [{"1": 2}]
    adds_up(store)


def test_cancelling_a_part_that_waits_keeps_what_is_allocated(store):
    stocked(store, {("boston", "A"): 3})
    ordered(store, "o1", {"1": ("A", 5)})
    served(store, [given("o1", "boston", 3)], [left("o1", 2)])
    found = cancelled(store, "o1")
    assert found.state == "cancelled"
    assert places(found.lines[0]) == (5, 0, 3, 0, 0, 2)
    assert waiting(store) == []
    adds_up(store)


def test_lines_that_a_plan_says_nothing_of_go_on_waiting(store):
    stocked(store, {("boston", "A"): 3})
    ordered(store, "o1", {"1": ("A", 1), "2": ("A", 1)})
    served(store, [given("o1", "boston", 1)], [])
    assert read(store, "o1").state == "backordered"
    assert waiting(store) == [{"2": 1}]
    served(store, [given("o1", "boston", 1, "2")], [])
    assert read(store, "o1").state == "allocated"
    adds_up(store)


def test_text_of_any_script_comes_back_as_it_came(store):
    text = "śødra 北 \N{PILE OF POO} 'quoted' \"and\" \\ ; -- %s :name"
    new = NewOrder(text, text, [NewLine(text, text, 1)])
    store.transact(lambda transaction: put_order(transaction, SCOPE, new))
    found = read(store, text)
    assert (found.document, found.lines[0].line_id, found.lines[0].sku) == (text, text, text)
