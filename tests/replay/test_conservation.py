"""Units, stock and cost of random streams, added up by hand from what each policy let leave."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC

import pytest
from random_streams import random_stream

from quartermaster import api
from quartermaster.policy import OPTIMAL, RULES
from quartermaster.replay import replay_stream, stream_of
from quartermaster.replay.conduct import replay_policy
from quartermaster.replay.policies import MAKERS

SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")) // 3)
NAMES = ("optimal", "cheapest", "fewest_shipments", "router", "hold", "replan")


class Listened:
    """A policy whose verdicts are written down."""

    def __init__(self, inner):
        self.inner, self.verdicts = inner, []

    def decide(self, moment):
        verdict = self.inner.decide(moment)
        self.verdicts.append((moment.as_of, verdict))
        return verdict


def listened(drawn, name):
    chosen = Listened(MAKERS[name](drawn.knobs))
    stream = stream_of(drawn.snapshot, drawn.window)
    return replay_policy(stream, drawn.policy, name, chosen, drawn.knobs), chosen.verdicts


def supply(snapshot, node_id, sku, day):
    """Units a node may have shipped of a SKU by a day."""
    standing = sum(row.quantity for row in snapshot.fixed if (row.node_id, row.sku) == (node_id, sku))
    units = sum(
        max(0, row.on_hand - standing) - row.safety_stock - row.reserved
        for row in snapshot.inventory
        if (row.node_id, row.sku) == (node_id, sku)
    )
    units += sum(
        row.quantity
        for row in snapshot.replenishment
        if (row.node_id, row.sku) == (node_id, sku) and row.arrives_on <= day
    )
    return max(0, units)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_are_served_once_or_short_and_stock_is_there_when_it_leaves(seed):
    drawn = random_stream(seed)
    name = NAMES[seed % len(NAMES)]
    found, verdicts = listened(drawn, name)
    snapshot = drawn.snapshot
    lines = {(line.order_id, line.line_id): line for line in snapshot.order_lines}
    orders = {order.order_id: order for order in snapshot.orders}
    served, taken, shipments = Counter(), Counter(), Counter()
    for as_of, verdict in verdicts:
        for departure in verdict.departures:
            assert orders[departure.order_id].ordered_at < as_of
            shipments[departure.order_id] += 1
            for line_id, units in departure.units.items():
                served[departure.order_id, line_id] += units
                taken[departure.node_id, lines[departure.order_id, line_id].sku] += units
        day = as_of.astimezone(UTC).date()
        for (node_id, sku), units in taken.items():
            assert units <= supply(snapshot, node_id, sku, day)
    total = found.total
    assert all(served[key] <= line.quantity for key, line in lines.items())
    assert total.orders == len(orders)
    assert total.units_ordered == sum(line.quantity for line in lines.values())
    assert (total.units_served, total.units_ordered) == (served.total(), total.units_served + total.units_short)
    assert (total.shipments, total.split_orders) == (
        shipments.total(),
        sum(1 for count in shipments.values() if count > 1),
    )
    for order_id, order in orders.items():
        most = order.max_shipments or drawn.policy.service.max_shipments
        assert not most or shipments[order_id] <= most
        short = {key for key, line in lines.items() if key[0] == order_id and served[key] < line.quantity}
        if order.ship_complete:
            assert not short or not shipments[order_id]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_patience_a_window_costs_what_its_plan_does(seed, monkeypatch):
    drawn = random_stream(seed)
    name = (OPTIMAL, *RULES)[seed % 6]
    plans, plan = [], api.plan

    def listening(*arguments, **options):
        plans.append(plan(*arguments, **options))
        return plans[-1]

    monkeypatch.setattr(api, "plan", listening)
    (found,) = replay_stream(drawn.snapshot, drawn.policy, window=drawn.window, policies=[name], bound=False).policies
    planned = [window for window in found.windows if window.open_orders]
    assert len(planned) == len(plans) > 0
    for window, made in zip(planned, plans, strict=True):
        assert {**made.objective.terms_micro(), "hold": 0, "stability": 0} == window.cost_micro
        assert window.shipments == len(made.shipments)
        assert window.late_shipments == made.kpis["late_shipments"]
        assert window.split_orders == made.kpis["split_orders"]
        assert window.units_short == made.kpis["backordered_units"]
