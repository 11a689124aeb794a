"""Policies of a replay against brute force on tiny deterministic horizons.

Each stream is run under a policy and followed in books of our own; what the policy decides as a window closes is held
against an enumeration of everything it could decide from the state that it has reached itself, so that plans of equal
cost may differ. The whole horizon, known from the beginning, is enumerated too: no policy is below it, and the
clairvoyant bound is not above it. ``QUARTERMASTER_SEEDS`` says how many streams there are (100 by default).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from policy_promises import (
    KeepsReplan,
    keeps_cheapest,
    keeps_clairvoyant,
    keeps_hold,
    keeps_optimal,
    keeps_priced,
    keeps_router,
    keeps_rule,
    loses_by_holding,
)
from tiny_horizons import cheapest, whole_horizon
from tiny_streams import single_units, tiny_stream, with_forecast
from tiny_world import BEGIN, DAY, TinyStream
from watched_replay import Step, watched

from quartermaster.policy import RULES
from quartermaster.replay import PolicyReplay, clairvoyant, stream_of
from quartermaster.replay.conduct import Moment, Verdict
from quartermaster.replay.policies import Batch

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100"))
SEEDS = range(N_SEEDS)


@dataclass
class PricedOnce:
    """Weighs what comes in the second window as the first one closes, and then plans what there is."""

    def decide(self, moment: Moment) -> Verdict:
        return Batch("optimal", foresight=not moment.window).decide(moment)


def followed(world: TinyStream, name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[PolicyReplay, list[Step]]:
    """Replay, and check that knowing everything would not have cost more."""
    replayed, steps = watched(world, name, monkeypatch)
    assert replayed.total.total_micro >= cheapest(whole_horizon(world))
    return replayed, steps


@pytest.mark.parametrize("seed", SEEDS[::5])
def test_optimal_is_the_best_of_each_window(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in followed(tiny_stream(seed), "optimal", monkeypatch)[1]:
        keeps_optimal(step)


@pytest.mark.parametrize("seed", SEEDS)
def test_rules(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULES[seed % len(RULES)]
    for step in followed(tiny_stream(seed), rule, monkeypatch)[1]:
        keeps_rule(step)
        if rule == "cheapest":
            keeps_cheapest(step)


@pytest.mark.parametrize("seed", SEEDS[1::5])
def test_router_without_prices_is_the_best_of_each_order_as_they_came(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in followed(tiny_stream(seed), "router", monkeypatch)[1]:
        assert step.decision.prices is None
        keeps_router(step)


@pytest.mark.parametrize("seed", SEEDS[::20])
@pytest.mark.parametrize("name", ["router", "router+refreshed"])
def test_router_with_prices(seed: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = replace(with_forecast(tiny_stream(seed)), may_backorder=seed % 2 == 1)
    for step in followed(world, name, monkeypatch)[1]:
        assert step.decision.prices is not None
        keeps_router(step)


@pytest.mark.parametrize("seed", SEEDS[::20])
def test_optimal_with_prices_is_the_best_of_cost_and_stock_value(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = replace(with_forecast(tiny_stream(seed)), may_backorder=seed % 3 == 2)
    for step in followed(world, "optimal+prices", monkeypatch)[1]:
        keeps_priced(step)


@pytest.mark.parametrize("seed", SEEDS[1::7])
def test_hold_waits_where_what_is_known_is_cheaper(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in followed(tiny_stream(seed), "hold", monkeypatch)[1]:
        keeps_hold(step)
        assert not loses_by_holding(step) or any(node.opening for node in step.scene.world.nodes)


@pytest.mark.parametrize("seed", SEEDS[3::7])
def test_replan_moves_what_is_not_released(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = tiny_stream(seed)
    following = KeepsReplan(world)
    for step in followed(world, "replan", monkeypatch)[1]:
        following.check(step)


@pytest.mark.parametrize("seed", SEEDS[2::6])
def test_the_bound_is_not_above_what_a_clairvoyant_reaches(seed: int) -> None:
    world = tiny_stream(seed)
    bound = clairvoyant(stream_of(world.snapshot(), DAY, BEGIN), world.policy(), patience=world.knobs.patience)
    assert 0 <= bound.bound_micro <= bound.claimed_micro <= cheapest(whole_horizon(world))


@pytest.mark.parametrize("seed", SEEDS[::20])
def test_with_a_perfect_forecast_prices_tell_what_a_clairvoyant_does(
    seed: int, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Some first step of a clairvoyant optimum costs as little as the decision, the value of its stock added.

    That is what prices can do: another decision that costs as little by them may cost more in the end. So it is no
    failure where the whole costs more; how much more is written down beside the test.
    """
    world = with_forecast(single_units(seed))
    best = cheapest(whole_horizon(world))
    replayed, steps = watched(world, "optimal+prices", monkeypatch, PricedOnce())
    blind, _ = watched(world, "optimal", monkeypatch)
    keeps_priced(steps[0])
    keeps_optimal(steps[1])
    assert blind.total.total_micro >= best
    assert replayed.total.total_micro >= best
    record_property(
        "beyond the clairvoyant, with and without prices", (replayed.total.total_micro, blind.total.total_micro, best)
    )
    keeps_clairvoyant(steps[0])
