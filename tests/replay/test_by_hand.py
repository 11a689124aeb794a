"""A stream of three windows, worked in the head.

Nodes in New York and Los Angeles; a shipment near costs 5, across the country 12; a backordered unit costs 100. One
unit is in stock at each node, and one more arrives in New York on Wednesday. Windows are days from Monday 9:00.

Monday: ``a`` from New York wants one unit; Tuesday: ``b`` from New York; Wednesday: ``c`` from Los Angeles.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from simple_day import LOS_ANGELES, NEW_YORK, simple_day

import quartermaster as qm
from quartermaster.replay import Knobs

BEGIN = datetime.fromisoformat("2026-06-08T09:00:00+00:00")
DAY = timedelta(days=1)
PLACES = {"a": NEW_YORK, "b": NEW_YORK, "c": LOS_ANGELES}


def stream(arrives_on="2026-06-10", wanted=("a", "b", "c"), units=1, **changes):
    orders = [
        qm.Order(order_id=order_id, ordered_at=BEGIN + day * DAY, **PLACES[order_id])
        for day, order_id in enumerate("abc")
        if order_id in wanted
    ]
    tables = {
        "orders": orders,
        "lines": [qm.OrderLine(order_id=order.order_id, line_id="1", sku="x", quantity=units) for order in orders],
        "nodes": [qm.Node(node_id="la", **LOS_ANGELES), qm.Node(node_id="ny", **NEW_YORK)],
        "stock": {("la", "x"): 1, ("ny", "x"): 1},
        "replenishment": [
            qm.Replenishment(node_id="ny", sku="x", quantity=1, arrives_on=date.fromisoformat(arrives_on))
        ],
        "as_of": BEGIN + 3 * DAY,
    }
    return simple_day(**{**tables, **changes})


def micro(amount):
    return int(Decimal(amount) * 10**6)


def totals(found):
    return [window.total_micro for window in found.policies[0].windows]


def replay(snapshot, policies=("optimal",), **options):
    return qm.replay_stream(snapshot, options.pop("policy", qm.Policy()), policies=policies, **options)


def test_replenishment_in_time_serves_everyone_nearby():
    # a takes ny's unit when Monday's window closes (Tuesday 9:00); the new unit is there when Tuesday's closes on
    # Wednesday the 10th; c is served from la: 5 each, and a clairvoyant could do no better
    found = replay(stream())
    assert totals(found) == [micro(5), micro(5), micro(5)]
    assert found.bound.bound_micro == found.bound.total_micro == micro(15)
    assert found.bound.window_micro.tolist() == totals(found)


def test_replenishment_a_day_late_spends_the_unit_that_tomorrow_needs():
    # Wednesday's window closes on Thursday the 11th: b is served from la for 12, and c finds what has arrived in ny: 12
    found = replay(stream("2026-06-11"))
    assert totals(found) == [micro(5), micro(12), micro(12)]
    # with hindsight b and c would each have had a unit nearby
    assert found.bound.bound_micro == micro(15)


def test_replenishment_after_the_end_never_counts():
    found = replay(stream("2026-06-12"))
    assert totals(found) == [micro(5), micro(12), micro(100)]
    last = found.policies[0].windows[2]
    assert (last.units_short, last.units_served, last.cost_micro["backorder"]) == (1, 0, micro(100))
    assert found.bound.bound_micro == micro(110)  # someone goes without: 5 + 5 + 100


def test_patience_waits_for_what_arrives():
    # two units each for a and b: a takes both units when Monday's window closes (5 and 12) and b goes without but for
    # the one that arrives
    wanted = stream("2026-06-11", wanted=("a", "b"), units=2)
    at_once = replay(wanted)
    assert totals(at_once) == [micro(17), micro(200), 0]
    # with one window of patience, b's first unit is served on Thursday, its second is given up then
    patient = replay(wanted, knobs=Knobs(patience=1))
    assert totals(patient) == [micro(17), 0, micro(5 + 100)]
    assert patient.policies[0].came_micro == (micro(17), micro(105), 0)
    assert [window.open_orders for window in patient.policies[0].windows] == [1, 1, 1]
    assert patient.policies[0].total.split_orders == 1
    # with hindsight a's two come from ny in one shipment, b's one from la
    assert patient.bound.bound_micro == micro(5 + 12 + 100)


def test_shipments_of_all_windows_count_towards_extra_shipments_and_their_limit():
    policy = qm.Policy(objective=qm.ObjectivePolicy(extra_shipment=Decimal(2)))
    # b has one unit on Wednesday (la is excluded by its distance), one on Thursday: the second shipment pays 2
    stock = {("ny", "x"): 1}
    wanted = stream("2026-06-11", wanted=("b",), units=2, stock=stock)
    found = replay(wanted, policy=policy, knobs=Knobs(patience=1))
    assert totals(found) == [micro(5), micro(5 + 2)]
    assert found.policies[0].windows[1].cost_micro["extra_shipment"] == micro(2)
    limited = qm.Policy(service=qm.ServicePolicy(max_shipments=1))
    found = replay(wanted, policy=limited, knobs=Knobs(patience=1))
    assert totals(found) == [micro(5 + 100), 0]
    assert found.policies[0].total.units_short == 1


def test_opening_costs_and_capacity_are_each_windows_own():
    nodes = [qm.Node(node_id="ny", **NEW_YORK, opening_cost=Decimal(3), max_shipments=1)]
    found = replay(stream(nodes=nodes, stock={("ny", "x"): 9}, replenishment=[]))
    assert totals(found) == [micro(5 + 3), micro(5 + 3), micro(12 + 3)]
    assert found.bound.bound_micro <= micro(5 + 5 + 12 + 3)


def test_hold_waits_for_what_is_known_to_arrive_nearby_while_its_promise_lasts():
    orders = [qm.Order(order_id="a", ordered_at=BEGIN, promise_date=date(2026, 6, 12), **NEW_YORK)]
    lines = [qm.OrderLine(order_id="a", line_id="1", sku="x", quantity=1)]
    options = {"orders": orders, "lines": lines, "stock": {("la", "x"): 1}}
    # today only la has it, for 12; tomorrow ny does, for 5: waiting costs 1, and 2 days from Wednesday are Friday
    held = replay(stream(**options), ["hold"], knobs=Knobs(hold_cost=Decimal(1)))
    assert totals(held) == [micro(1), micro(5), 0]
    assert held.policies[0].total.cost_micro["hold"] == micro(1)
    assert held.policies[0].came_micro == (micro(5 + 1), 0, 0)
    # not where waiting costs as much as it saves
    assert totals(replay(stream(**options), ["hold"], knobs=Knobs(hold_cost=Decimal(7)))) == [micro(12), 0, 0]
    # nor with a promise of Thursday, which only leaving on Tuesday keeps, nor without any
    for promise in (date(2026, 6, 11), None):
        hurried = [qm.Order(order_id="a", ordered_at=BEGIN, promise_date=promise, **NEW_YORK)]
        assert totals(replay(stream(**{**options, "orders": hurried}), ["hold"])) == [micro(12), 0, 0]


def test_replan_moves_an_allocation_where_that_pays_for_being_moved():
    options = {"wanted": ("a",), "stock": {("la", "x"): 1}}
    # planned from la on Tuesday, from ny on Wednesday, when it is released
    free = replay(stream(**options), ["replan"], knobs=Knobs(release=1))
    assert totals(free) == [0, micro(5), 0]
    assert free.policies[0].came_micro == (micro(5), 0, 0)  # a came on Monday, whenever it left
    moved = replay(stream(**options), ["replan"], knobs=Knobs(release=1, stability=Decimal(6)))
    assert totals(moved) == [0, micro(5 + 6), 0]
    assert moved.policies[0].total.cost_micro["stability"] == micro(6)
    stays = replay(stream(**options), ["replan"], knobs=Knobs(release=1, stability=Decimal(8)))
    assert totals(stays) == [0, micro(12), 0]
    at_once = replay(stream(**options), ["replan"], knobs=Knobs(release=0))
    assert totals(at_once) == [micro(12), 0, 0]


def test_the_bound_lets_an_order_have_a_shipment_of_a_node_and_service_in_each_window():
    # no parcel holds two units: b's leave in two windows for 5 each, which one plan of one window cannot do
    wanted = stream(wanted=("b",), units=2, stock={("ny", "x"): 9}, replenishment=[], max_weight_g=400)
    assert totals(replay(wanted)) == [micro(5 + 100), 0]
    patient = replay(wanted, knobs=Knobs(patience=1))
    assert totals(patient) == [micro(5), micro(5)]
    assert patient.bound.bound_micro == micro(10)


def test_allocations_that_stand_take_the_first_windows_capacity_and_their_stock():
    nodes = [qm.Node(node_id="ny", **NEW_YORK, max_shipments=1)]
    fixed = [qm.Fixed(order_id="z", line_id="1", sku="x", node_id="ny", quantity=1, shipment_id="s")]
    options = {"wanted": ("a", "b"), "nodes": nodes, "replenishment": [], "fixed": fixed}
    # two units, one of them gone: Monday's one shipment is the one that stands, Tuesday's is a's or b's
    with_two = stream(stock={("ny", "x"): 2}, **options)
    assert totals(replay(with_two)) == [micro(100), micro(5), 0]
    assert totals(replay(with_two, knobs=Knobs(patience=1))) == [0, micro(5), micro(100)]
    assert totals(replay(stream(stock={("ny", "x"): 1}, **options))) == [micro(100), micro(100), 0]
