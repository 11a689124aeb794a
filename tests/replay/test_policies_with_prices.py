"""Policies that know a forecast, and the router: what they do is what planner and router do on the same windows."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from random_streams import random_stream
from simple_day import LOS_ANGELES, NEW_YORK, simple_day

import quartermaster as qm
from quartermaster.replay import Knobs
from quartermaster.replay.policies import MAKERS, NEED_FORECAST, default_policies
from quartermaster.replay.stream import stream_of

SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")) // 3)
BEGIN = datetime.fromisoformat("2026-06-08T09:00:00+00:00")
DAY = timedelta(days=1)
WITH_FUTURE = qm.Policy(future=qm.FuturePolicy(horizon_days=2))


def two_coasts(forecast=True):
    """One unit at each coast; on Monday somebody between them wants one, on Tuesday somebody in New York.

    To Kansas City it is 8 from New York and 12 from Los Angeles; from coast to coast 12. Only New York is expected to
    order, where its own unit serves for 5 and that of Los Angeles for 12: the one is worth 7 more, and saves 4 now.
    """
    between = {"lat": 39.1, "lon": -94.58}
    orders = [
        qm.Order(order_id="a", ordered_at=BEGIN, **between),
        qm.Order(order_id="b", ordered_at=BEGIN + DAY, postal_code="10001", **NEW_YORK),
    ]
    expected = (
        [qm.Forecast(sku="x", destination_prefix="100", units_per_day=Decimal(1), **NEW_YORK)] if forecast else []
    )
    return simple_day(
        orders=orders,
        lines=[qm.OrderLine(order_id=order.order_id, line_id="1", sku="x", quantity=1) for order in orders],
        nodes=[qm.Node(node_id="1", **NEW_YORK), qm.Node(node_id="2", **LOS_ANGELES)],
        stock={("1", "x"): 1, ("2", "x"): 1},
        forecast=expected if forecast else [],
        as_of=BEGIN + 2 * DAY,
    )


def totals(snapshot, name, policy=WITH_FUTURE):
    found = qm.replay_stream(snapshot, policy, window=DAY, policies=[name], bound=False)
    return [window.total_micro // 10**6 for window in found.policies[0].windows]


@pytest.mark.parametrize("name", ["optimal", "cheapest", "hold"])
def test_whoever_does_not_look_ahead_spends_the_unit_of_new_york(name):
    assert totals(two_coasts(), name) == [8, 12]


def test_whoever_may_still_change_it_when_b_comes_does_not():
    assert totals(two_coasts(), "replan") == [0, 12 + 5]


@pytest.mark.parametrize("name", ["optimal+prices", "router", "router+refreshed"])
def test_whoever_does_keeps_it(name):
    assert totals(two_coasts(), name) == [12, 5]


def test_without_a_horizon_or_a_forecast_the_router_looks_at_cost_alone():
    assert totals(two_coasts(), "router", qm.Policy()) == [8, 12]
    assert totals(two_coasts(forecast=False), "router") == [8, 12]


def test_the_default_is_all_that_can_be_said():
    seeing, blind = (stream_of(two_coasts(forecast), DAY) for forecast in (True, False))
    assert default_policies(seeing, WITH_FUTURE) == tuple(MAKERS)
    blindly = tuple(name for name in MAKERS if name not in NEED_FORECAST)
    assert default_policies(seeing, qm.Policy()) == default_policies(blind, WITH_FUTURE) == blindly


def test_what_has_arrived_is_in_stock_and_not_inbound_too():
    """Were it both, prices would count it twice and New York's unit would seem to be there in plenty."""
    inbound = [qm.Replenishment(node_id="1", sku="x", quantity=1, arrives_on=date(2026, 6, 9))]
    stream = stream_of(replace(two_coasts(), replenishment=qm.Table.from_rows(qm.Replenishment, inbound)), DAY)
    assert stream.arrival_window.tolist() == [0]
    seen = []

    class Looking:
        def decide(self, moment):
            from quartermaster.replay.conduct import Verdict

            seen.append(moment.state.snapshot(moment.orders, moment.as_of, window=moment.window, foresight=True))
            return Verdict([])

    from quartermaster.replay import Knobs
    from quartermaster.replay.conduct import replay_policy

    replay_policy(stream, qm.Policy(), "looking", Looking(), Knobs())
    assert [len(snapshot.replenishment) for snapshot in seen] == [0, 0]
    assert [snapshot.inventory["on_hand"].tolist() for snapshot in seen] == [[2, 1], [2, 1]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_router_without_prices_is_the_rule_cheapest(seed):
    """Where no order goes before another: both take orders as they came."""
    drawn = random_stream(seed)
    orders = drawn.snapshot.orders
    equals = replace(drawn.snapshot, orders=orders.with_columns(priority=np.zeros(len(orders), dtype=np.int64)))
    found = qm.replay_stream(
        equals, drawn.policy, window=drawn.window, policies=["router", "cheapest"], knobs=drawn.knobs, bound=False
    )
    router, cheapest = found.policies
    assert router.windows == cheapest.windows


@pytest.mark.parametrize("name", ["optimal+prices", "router+refreshed"])
def test_what_arrives_when_b_has_come_hides_what_new_york_is_worth_unless_it_is_left_out(name):
    """Two units a day are expected; five reach New York for Wednesday's window: within two days, too late for b."""
    late = [qm.Replenishment(node_id="1", sku="x", quantity=5, arrives_on=date(2026, 6, 11))]
    twice = [qm.Forecast(sku="x", destination_prefix="100", units_per_day=Decimal(2), **NEW_YORK)]
    snapshot = replace(two_coasts(), forecast=twice, replenishment=late, as_of=BEGIN + 3 * DAY, checked=False)
    found = [
        qm.replay_stream(
            snapshot, WITH_FUTURE, window=DAY, policies=[name], bound=False, knobs=Knobs(until_arrival=until)
        )
        for until in (False, True)
    ]
    spent = [[window.total_micro // 10**6 for window in each.policies[0].windows] for each in found]
    assert spent == [[8, 12, 0], [12, 5, 0]]
