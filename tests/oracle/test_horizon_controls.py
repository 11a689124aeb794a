"""Controls of the brute force of horizons: each check fails where a policy does something else, or a bound lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import policy_promises
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
from tiny_horizons import Sent, cheapest, cost_of, whole_horizon
from tiny_streams import single_units, tiny_stream, with_forecast
from tiny_world import BEGIN, DAY, UNLIMITED, TinyLine, TinyNode, TinyOrder, TinyStream
from watched_replay import Step, watched

from quartermaster.replay import Knobs, clairvoyant, stream_of
from quartermaster.replay import routers as replay_routers
from quartermaster.replay.conduct import Moment, Verdict, WindowPolicy
from quartermaster.replay.hold import Hold
from quartermaster.replay.policies import PRICED, Batch
from quartermaster.replay.replan import Replan

Check = Callable[[Step], None]


@dataclass
class Altered:
    """Decides as another policy does, then changes the verdict."""

    inner: WindowPolicy
    change: Callable[[Moment, Verdict], Verdict]

    def decide(self, moment: Moment) -> Verdict:
        return self.change(moment, self.inner.decide(moment))


def worlds(suits: Callable[[TinyStream], bool] = lambda world: True) -> Iterator[TinyStream]:
    return (world for seed in range(400) if suits(world := tiny_stream(seed)))


def steps_of(
    drawn: Iterable[TinyStream], name: str, made: Callable[[TinyStream], WindowPolicy] | None, patch: pytest.MonkeyPatch
) -> Iterator[tuple[TinyStream, list[Step]]]:
    for world in drawn:
        yield world, watched(world, name, patch, made(world) if made else None)[1]


def fails(check: Check, found: Iterable[tuple[TinyStream, list[Step]]]) -> bool:
    """Whether a check fails anywhere."""
    for _, steps in found:
        for step in steps:
            try:
                check(step)
            except AssertionError:
                return True
    return False


def test_a_worse_plan_of_a_window_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(steps_of(islice(worlds(), 12), "optimal", lambda world: Batch("nearest"), monkeypatch))
    assert fails(keeps_optimal, found)
    assert fails(keeps_cheapest, found)
    assert not fails(keeps_rule, found)


def test_a_dearer_or_cheaper_optimum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(steps_of(islice(worlds(), 3), "optimal", None, monkeypatch))
    assert not fails(keeps_optimal, found)
    assert not fails(keeps_rule, found)
    for more in (-1, 1):
        with monkeypatch.context() as patch:
            patch.setattr(policy_promises, "cheapest", lambda scene, more=more: cheapest(scene) + more)
            assert fails(keeps_optimal, found)
            assert fails(keeps_rule, found) == (more == 1)


def test_another_sequence_of_orders_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_routers, "_came", lambda order: (-order.ordered_at.timestamp(), order.order_id))
    assert fails(keeps_router, steps_of(worlds(), "router", None, monkeypatch))


@pytest.mark.parametrize("name", [PRICED, "router+refreshed"])
def test_another_stock_value_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check = keeps_priced if name == PRICED else keeps_router
    original = policy_promises.value_of
    monkeypatch.setattr(
        policy_promises, "value_of", lambda prices: {pair: 9 * micro for pair, micro in original(prices).items()}
    )
    assert fails(check, steps_of(map(with_forecast, worlds()), name, None, monkeypatch))


def test_prices_that_lead_a_clairvoyant_astray_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    original = policy_promises.value_of
    monkeypatch.setattr(
        policy_promises, "value_of", lambda prices: {pair: micro // 2 for pair, micro in original(prices).items()}
    )
    found = steps_of((with_forecast(single_units(seed)) for seed in range(40)), PRICED, None, monkeypatch)
    assert fails(keeps_clairvoyant, ((world, steps[:1]) for world, steps in found))


def test_a_unit_backordered_for_its_stock_value_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the policy says that it may and the description that it may not."""

    def never(step: Step) -> None:
        keeps_priced(replace(step, scene=replace(step.scene, world=replace(step.scene.world, may_backorder=False))))

    may = (replace(with_forecast(world), may_backorder=True) for world in worlds(lambda world: world.short_unit == 6))
    assert fails(never, steps_of(may, PRICED, None, monkeypatch))


def test_prices_left_out_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = steps_of(map(with_forecast, islice(worlds(), 1)), PRICED, lambda world: Batch("optimal"), monkeypatch)
    assert fails(keeps_priced, found)


@pytest.mark.parametrize("dearer", [-2, 2])
def test_another_holding_cost_is_seen(dearer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(world: TinyStream) -> WindowPolicy:
        return Hold(max(Decimal(0), world.knobs.hold_cost + dearer))

    waiting = worlds(lambda world: world.n_windows == 3 and (dearer > 0 or world.knobs.hold_cost > 0))
    assert fails(keeps_hold, steps_of(waiting, "hold", other, monkeypatch))


def test_waiting_without_slack_or_gain_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_wait(moment: Moment, verdict: Verdict) -> Verdict:
        return verdict if moment.next_as_of is None else Verdict([], frozenset(moment.orders.tolist()))

    found = steps_of(
        islice(worlds(), 4), "hold", lambda world: Altered(Hold(world.knobs.hold_cost), all_wait), monkeypatch
    )
    assert fails(keeps_hold, found)


@pytest.mark.parametrize(("release", "stability"), [(1, 0), (0, 2)])
def test_other_knobs_of_replan_are_seen(release: int, stability: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(world: TinyStream) -> WindowPolicy:
        return Replan(world.knobs.release + release, world.knobs.stability + stability)

    def fails_anywhere() -> bool:
        drawn = worlds(lambda world: world.n_windows == 3 and world.knobs.release < 2)
        return any(
            fails(KeepsReplan(world).check, [(world, steps)])
            for world, steps in steps_of(drawn, "replan", other, monkeypatch)
        )

    assert fails_anywhere()


def waiting_for_a_unit_that_leaves() -> TinyStream:
    """Now ``a`` has x's unit for 5 and ``b`` y's for 12; tomorrow there is one at z, 8 for ``a`` and 20 for ``b``.

    Were both to wait, ``b`` would have x's for 6. But ``a`` does not gain by that and leaves with it.
    """
    prices = {"x": (5, 6), "y": (15, 12), "z": (8, 20)}
    return TinyStream(
        nodes=tuple(TinyNode(name, 1.0, 0, 0, 0, UNLIMITED, UNLIMITED) for name in prices),
        regions=(2.0, 3.0),
        transit={"slow": 1},
        offered={"slow": frozenset(prices)},
        price={
            ("slow", node, region): (price, price) for node, row in prices.items() for region, price in enumerate(row)
        },
        orders=tuple(
            TinyOrder(name, region, 0, 0, 9, False, UNLIMITED, 0, (TinyLine("l", "A", 1, False),))
            for region, name in enumerate("ab")
        ),
        stock={("x", "A"): 1, ("y", "A"): 1},
        arrivals=(("z", "A", 1, 2),),
        n_windows=2,
        forbid_late=True,
        per_late_day=0,
        extra=0,
        short_unit=60,
        short_order=0,
        per_shipment_km=Fraction(0),
        per_unit_km=Fraction(0),
        knobs=Knobs(hold_cost=Decimal(1)),
    )


def test_nobody_waits_for_a_unit_that_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """And had ``b`` waited, by a plan in which ``a`` waits too, that would have been seen."""
    replayed, steps = watched(waiting_for_a_unit_that_leaves(), "hold", monkeypatch)
    (step,) = steps
    now = [Sent("a", "x", "slow", (("l", 1),)), Sent("b", "y", "slow", (("l", 1),))]
    assert step.decision.sent == now
    assert replayed.total.total_micro == cost_of(step.scene, now) == 17 * 10**6
    keeps_hold(step)
    assert not loses_by_holding(step)
    waits = replace(
        step.decision, sent=now[:1], waiting=frozenset("b"), extra={"hold": 10**6}, plans=step.decision.plans[:2]
    )
    hasty = replace(step, decision=waits)
    assert loses_by_holding(hasty)
    with pytest.raises(AssertionError, match="planned together"):
        keeps_hold(hasty)


def test_a_wrong_cost_of_a_replay_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def dearer(moment: Moment, verdict: Verdict) -> Verdict:
        first, *others = verdict.departures
        return replace(verdict, departures=[replace(first, cost_micro={**first.cost_micro, "late": 1}), *others])

    world = waiting_for_a_unit_that_leaves()
    watched(world, "optimal", monkeypatch, Batch("optimal"))
    with pytest.raises(AssertionError):
        watched(world, "optimal", monkeypatch, Altered(Batch("optimal"), dearer))


def test_the_horizon_is_met_from_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somewhere a policy costs what the enumeration says, and the bound says so too: a micro either way shows."""
    policies_met = bounds_met = 0
    for world in islice(worlds(lambda world: world.n_windows == 2), 6):
        best = cheapest(whole_horizon(world))
        bound = clairvoyant(stream_of(world.snapshot(), DAY, BEGIN), world.policy(), patience=world.knobs.patience)
        bounds_met += bound.claimed_micro == best
        policies_met += watched(world, "optimal", monkeypatch)[0].total.total_micro == best
    assert policies_met >= 1
    assert bounds_met >= 1
