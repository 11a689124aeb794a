"""The clairvoyant bound is below every policy, and one window planned by the optimum is what brute force finds."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from brute_force import cheapest_cost
from random_streams import DAYS, random_stream

from quartermaster.domain.outlook import Replenishment
from quartermaster.domain.table import Table
from quartermaster.replay import replay_stream
from quartermaster.replay.bound import relaxed
from quartermaster.replay.policies import MAKERS, NEED_FORECAST
from quartermaster.replay.stream import stream_of

SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")) // 3)
NAMES = [name for name in MAKERS if name not in NEED_FORECAST]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_policy_is_below_the_bound(seed):
    drawn = random_stream(seed)
    found = replay_stream(drawn.snapshot, drawn.policy, window=drawn.window, policies=NAMES, knobs=drawn.knobs)
    bound = found.bound
    assert 0 <= bound.bound_micro <= bound.claimed_micro
    assert bound.window_micro.sum() == bound.bound_micro
    for held in found.policies:
        assert held.total.total_micro >= bound.claimed_micro, held.policy
        assert sum(held.came_micro) == held.total.total_micro
    assert found.deterministic


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_of_one_late_window_without_promises_is_the_optimum(seed):
    """Where nothing is relaxed, nothing is lost: no promise, no capacity, all supply there, one window."""
    drawn = random_stream(seed)
    stream = stream_of(drawn.snapshot, timedelta(days=DAYS + 1))
    free, _ = relaxed(stream, 0)
    none = Table.from_rows(Replenishment, ())
    found = replay_stream(
        replace(free, replenishment=none), drawn.policy, window=timedelta(days=DAYS + 1), policies=["optimal"]
    )
    assert found.bound.total_micro == found.policies[0].total.total_micro
    assert found.bound.claimed_micro == found.bound.total_micro


@pytest.mark.parametrize("seed", SEEDS)
def test_one_window_planned_by_the_optimum_is_the_brute_force_optimum(seed):
    drawn = random_stream(seed)
    stream = stream_of(drawn.snapshot, timedelta(days=DAYS + 1))
    assert stream.n_windows == 1
    found = replay_stream(drawn.snapshot, drawn.policy, window=stream.window, policies=["optimal"], bound=False)
    inventory = stream.snapshot.inventory  # a row for each pair that is ever stocked
    on_hand = inventory["on_hand"].copy()
    for row in drawn.snapshot.inventory:  # as it opens, before what stands has left
        on_hand[np.flatnonzero((inventory["node_id"] == row.node_id) & (inventory["sku"] == row.sku))] = row.on_hand
    rows = {pair: at for at, pair in enumerate(zip(inventory["node_id"], inventory["sku"], strict=True))}
    for row in drawn.snapshot.replenishment:
        if row.arrives_on <= stream.closes(0).date():
            on_hand[rows[row.node_id, row.sku]] += row.quantity
    at_the_end = replace(
        drawn.snapshot,
        as_of=stream.closes(0),
        inventory=inventory.with_columns(on_hand=on_hand),
        replenishment=Table.from_rows(Replenishment, ()),
    )
    assert found.policies[0].total.total_micro == cheapest_cost(at_the_end, drawn.policy)
