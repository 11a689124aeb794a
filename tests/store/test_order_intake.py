"""Orders taken in together: each as if it had come alone, in so many statements whatever their number."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_cases import HOUR, SCOPE, Clock, counting, number_of, stocked

from quartermaster.errors import StoreError
from quartermaster.store.audit import audit
from quartermaster.store.order_intake import put_order, put_orders
from quartermaster.store.orders import NewLine, NewOrder, cancel_order, stored_order
from quartermaster.store.reservations import commit, reserve
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import StockLine

EXAMPLES = number_of("QUARTERMASTER_EXAMPLES", 15)
A = ("boston", "A")

orders = st.builds(
    lambda name, units, rejected: NewOrder(
        f"o{name}",
        f'{{"units": {units}, "rejected": {str(rejected).lower()}}}',
        [] if rejected else [NewLine(str(at), "A", units) for at in range(1 + units % 2)],
        "no_lines at /lines" if rejected else "",
    ),
    st.sampled_from("abc"),
    st.integers(1, 3),
    st.booleans(),
)


def told(result):
    return (result.code, result.detail) if isinstance(result, StoreError) else result


def one_by_one(store, scope, given):
    results = []
    for order in given:
        try:
            results.append(store.transact(lambda transaction, order=order: put_order(transaction, scope, order)))
        except StoreError as error:
            results.append(error)
    return results


def held(store, scope):
    """Everything about the orders of a scope."""
    found = {}
    with store.read() as transaction:
        for name in "abc":
            try:
                found[name] = stored_order(transaction, scope, f"o{name}")
            except StoreError:
                found[name] = None
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(orders, max_size=5), st.sampled_from(["", "a", "b"]), st.lists(orders, max_size=8))
def test_orders_that_come_together_are_taken_in_as_one_after_another(store, before, cancelled, more):
    store.clock = store.clock or Clock()
    store.clock.now += 1
    names = [f"scope {store.clock.now} {kind}" for kind in ("together", "alone")]
    for scope in names:
        store.transact(lambda transaction, scope=scope: make_scope(transaction, scope))
        one_by_one(store, scope, before)
        if any(order.order_id == f"o{cancelled}" for order in before):
            store.transact(lambda transaction, scope=scope: cancel_order(transaction, scope, f"o{cancelled}"))
    together = store.transact(lambda transaction: put_orders(transaction, names[0], more))
    assert [told(one) for one in together] == [told(one) for one in one_by_one(store, names[1], more)]
    first, second = (held(store, scope) for scope in names)
    assert first == second


def test_an_order_is_given_what_was_reserved_for_it_also_among_others(store):
    stocked(store, {A: 10})
    found = store.transact(lambda transaction: reserve(transaction, SCOPE, [StockLine(*A, 2)], HOUR, order_id="o1"))
    store.transact(lambda transaction: commit(transaction, SCOPE, found.reservation_id))
    new = [NewOrder(f"o{number}", "{}", [NewLine("1", "A", 2)]) for number in range(3)]
    assert store.transact(lambda transaction: put_orders(transaction, SCOPE, new)) == ["created"] * 3
    with store.read() as transaction:
        states = [stored_order(transaction, SCOPE, f"o{number}").state for number in range(3)]
        assert states == ["open", "allocated", "open"]
        refused = stored_order(transaction, SCOPE, "o1")
        assert refused.allocations[0]["reservation_id"] == found.reservation_id
        assert audit(transaction, SCOPE) == []
    changed = [NewOrder(f"o{number}", '{"changed": true}', [NewLine("1", "A", 1)]) for number in range(3)]
    results = store.transact(lambda transaction: put_orders(transaction, SCOPE, changed))
    assert [told(one) for one in results][::2] == ["updated", "updated"]
    assert results[1].code == "order_state"


@pytest.mark.parametrize("again", [False, True], ids=["created", "updated"])
def test_statements_do_not_grow_with_the_orders(store, again):
    counts = []
    for prefix, number in (("few", 3), ("many", 60)):
        for content in ("{}", '{"again": true}') if again else ("{}",):
            new = [NewOrder(f"{prefix}{at}", content, [NewLine("1", "A", 1)] * 1) for at in range(number)]
            with counting(store) as sent:
                store.transact(lambda transaction, new=new: put_orders(transaction, SCOPE, new))
        counts.append(len(sent))
    assert counts[0] == counts[1]
    assert counts[0] < 12
