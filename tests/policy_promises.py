"""What each policy of a replay says that it does, checked window by window by enumeration on tiny streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from tiny_horizons import Scene, Sent, Standing, best_served, cheapest, cost_of, costs_of_orders, whole_horizon, without
from tiny_world import ANYTIME, MICRO, TinyOrder, TinyStream
from watched_replay import Step, sent_by

import quartermaster as qm
from quartermaster.domain.certificate import StockPrices
from quartermaster.replay.state import policy_without_future

Allocated = dict[tuple[str, str], Counter[str]]


def keeps_optimal(step: Step) -> None:
    """The decision is a plan of least cost of everything that is open."""
    (_, plan), sent = step.decision.plans[0], step.decision.sent
    assert not step.decision.waiting
    assert sorted(sent_by(plan), key=repr) == sorted(sent, key=repr)
    assert cost_of(step.scene, sent) == plan.objective.total_micro == cheapest(step.scene)
    carried = sum(1 for standing in step.scene.orders if standing.shipped)
    known = replace(step.scene, extra_after=True)  # the plan does not know that an order had shipments before
    assert cheapest(known) <= cost_of(known, sent) <= cheapest(known) + carried * step.scene.world.extra * MICRO


def keeps_rule(step: Step) -> None:
    """The decision keeps every rule, and no rule is cheaper than the least cost."""
    assert not step.decision.waiting
    assert cost_of(step.scene, step.decision.sent) >= cheapest(step.scene)


def keeps_cheapest(step: Step) -> None:
    """Each order has its least cost from what those before it left: by priority, then as they came."""
    _in_sequence(step, lambda order: (-order.priority, *_came(order)))


def keeps_router(step: Step) -> None:
    """Each order has its least cost, and stock value, from what those before it left: as they came."""
    _in_sequence(step, _came)


def keeps_priced(step: Step) -> None:
    """Least cost plus stock value of the plans that backorder no line beyond the plan without stock value."""
    (snapshot, plan), world = step.decision.plans[0], step.scene.world
    assert sorted(sent_by(plan), key=repr) == sorted(step.decision.sent, key=repr)
    plain = sent_by(qm.plan(snapshot, policy_without_future(world.policy())))
    assert cost_of(step.scene, plain) == cheapest(step.scene)
    if plan.stock_prices is None:
        assert not world.forecast
        return
    valued = replace(
        step.scene,
        value=value_of(plan.stock_prices),
        least={} if world.may_backorder else _served(plain),
    )
    decided = cost_of(valued, step.decision.sent)
    assert decided == plan.decision_total_micro == cheapest(valued)
    assert cost_of(step.scene, step.decision.sent) == plan.objective.total_micro


def keeps_clairvoyant(step: Step) -> None:
    """Some first step of the best of two windows costs as little as the decision, the value of its stock added."""
    (_, plan), world = step.decision.plans[0], step.scene.world
    assert plan.stock_prices is not None
    assert plan.decision_total_micro is not None
    valued = replace(step.scene, value=value_of(plan.stock_prices))
    first = min(cost_of(valued, sent) for sent in first_steps(step, cheapest(whole_horizon(world))))
    assert abs(first - plan.decision_total_micro) <= len(world.orders)  # prices are whole micros


def first_steps(step: Step, best: int) -> Iterator[list[Sent]]:
    """List the plans of the first window, each order served whole, after which the second can still make the best."""
    world, scene = step.scene.world, step.scene
    orders = [standing.order for standing in scene.orders]
    for lanes in product(
        [(node.name, service) for node in world.nodes for service in world.transit], repeat=len(orders)
    ):
        sent = [Sent(order.name, *lane, ((order.lines[0].name, 1),)) for order, lane in zip(orders, lanes, strict=True)]
        left = without(scene, sent).supply
        if min(units for (units,) in left.values()) >= 0:
            coming = tuple(Standing(order, (1,)) for order in world.orders if order.window == 1)
            if cost_of(scene, sent) + cheapest(Scene(world, (1,), coming, left)) == best:
                yield sent


def keeps_hold(step: Step) -> None:
    """Whoever waits has a promise and slack, and gains by a plan of the next wave that can be carried out."""
    decision, scene, world = step.decision, step.scene, step.scene.world
    now = sent_by(decision.plans[0][1])
    assert cost_of(scene, now) == cheapest(scene)
    waiting: frozenset[str] = frozenset()
    if decision.window + 1 < world.n_windows:
        waiting = frozenset(
            held.order.name
            for held in scene.orders
            if held.order.promise != ANYTIME and in_time(held.order, now, decision.window + 1, world)
        )
    cost_now = costs_of_orders(replace(scene, extra_after=True), now)
    for _, shadow in decision.plans[1:]:
        later = next_wave(step, now, waiting)
        sent = sent_by(shadow)
        assert cost_of(replace(later, extra_after=False), sent) == cheapest(replace(later, extra_after=False))
        each = costs_of_orders(later, sent)
        gaining = frozenset(name for name in waiting if each[name] + _hold(world) < cost_now[name])
        agreed, waiting = gaining == waiting, gaining
    assert not waiting or agreed, "who waits has not been planned together"
    assert decision.waiting == waiting
    assert sorted(decision.sent, key=repr) == sorted(_of_others(now, waiting), key=repr)
    assert decision.extra.get("hold", 0) == _hold(world) * len(waiting)


def loses_by_holding(step: Step) -> bool:
    """Whether waiting costs more, by what is known and openings aside, than if nobody waited.

    The orders that wait are served as well as they can be when the next window closes, if nothing else comes.
    """
    waiting = step.decision.waiting
    now = sent_by(step.decision.plans[0][1])
    paid = sum(costs_of_orders(replace(step.scene, extra_after=True), now)[name] for name in waiting)
    return bool(waiting) and cheapest(next_wave(step, now, waiting)) + _hold(step.scene.world) * len(waiting) > paid


def next_wave(step: Step, now: Sequence[Sent], waiting: Iterable[str]) -> Scene:
    """What there is to decide when the next window closes, if the others leave as planned and nothing comes."""
    held = set(waiting)
    left = without(step.scene, _of_others(now, held)).supply
    supply = {pair: units for pair, (units,) in left.items()}
    window = step.decision.window + 1
    for pair, units in step.scene.world.arriving(window):
        supply[pair] = supply.get(pair, 0) + units
    return Scene(
        world=step.scene.world,
        windows=(window,),
        orders=tuple(standing for standing in step.scene.orders if standing.order.name in held),
        supply={pair: (units,) for pair, units in supply.items()},
        extra_after=True,
    )


class KeepsReplan:
    """Follows `replan` from window to window: what is released, what moved, and that the better plan counts."""

    def __init__(self, world: TinyStream) -> None:
        self.world = world
        self.first: dict[str, int] = {}
        self.before: Allocated = {}
        self.released: set[str] = set()

    def check(self, step: Step) -> None:
        """Check one window, after those before it."""
        decision, scene = step.decision, step.scene
        price = int(self.world.knobs.stability) * MICRO
        scenes = [scene]
        if price and self.before:
            scenes.append(replace(scene, allowed=self._kept(scene.orders)))
        plans = [sent_by(plan) for _, plan in decision.plans]
        for each, sent in zip(scenes, plans, strict=True):
            assert cost_of(each, sent) == cheapest(each)
        costs = [cost_of(scene, sent) + price * self._moved(sent) for sent in plans]
        chosen = plans[costs.index(min(costs))]
        assert decision.extra == {"stability": price * self._moved(chosen)}
        leaves = {standing.order.name for standing in scene.orders if self._is_released(standing.order, chosen, step)}
        assert decision.waiting == {standing.order.name for standing in scene.orders} - leaves
        assert sorted(decision.sent, key=repr) == sorted(_of_others(chosen, decision.waiting), key=repr)
        again = {sent.order for sent in decision.sent} & self.released
        assert all(standing.shipped for standing in scene.orders if standing.order.name in again)
        self.released |= {sent.order for sent in decision.sent}
        self.before = _allocated(_of_others(chosen, leaves))

    def _is_released(self, order: TinyOrder, chosen: Sequence[Sent], step: Step) -> bool:
        window = step.decision.window
        since = self.first.setdefault(order.name, window)
        if window + 1 == self.world.n_windows or window - since >= self.world.knobs.release:
            return True
        mine = [sent for sent in chosen if sent.order == order.name]
        late_now = any(_is_late(order, sent, window, self.world) for sent in mine)
        return bool(mine) and not late_now and not in_time(order, mine, window + 1, self.world)

    def _moved(self, sent: Sequence[Sent]) -> int:
        after = _allocated(sent)
        return len({key[0] for key, nodes in self.before.items() if nodes - after.get(key, Counter())})

    def _kept(self, orders: Sequence[Standing]) -> dict[tuple[str, str], frozenset[str]]:
        kept = {}
        for standing in orders:
            for line, left in zip(standing.order.lines, standing.left, strict=True):
                nodes = self.before.get((standing.order.name, line.name), Counter())
                if left and nodes.total() == left:
                    kept[standing.order.name, line.name] = frozenset(nodes)
        return kept


def in_time(order: TinyOrder, sent: Sequence[Sent], window: int, world: TinyStream) -> bool:
    """Whether an order has shipments, and all would be by the promise if they left when a window closes."""
    mine = [one for one in sent if one.order == order.name]
    return bool(mine) and not any(_is_late(order, one, window, world) for one in mine)


def value_of(prices: StockPrices) -> dict[tuple[str, str], int]:
    """Worth of a unit, micro, by (node, sku)."""
    rows = zip(prices.node_id, prices.sku, prices.price_micro, strict=True)
    return {(node, sku): micro for node, sku, micro in rows}


def _in_sequence(step: Step, key: Callable[[TinyOrder], tuple[int | str, ...]]) -> None:
    decision, world = step.decision, step.scene.world
    assert not decision.waiting
    cost_of(step.scene, decision.sent)
    left = step.scene
    if decision.prices is not None:
        left = replace(left, value=value_of(decision.prices))
    for standing in sorted(step.scene.orders, key=lambda held: key(held.order)):
        mine = [sent for sent in decision.sent if sent.order == standing.order.name]
        alone = replace(left, orders=(standing,))
        names = [(standing.order.name, line.name) for line in standing.order.lines]
        allowed = [alone]
        if decision.prices is not None and not world.may_backorder:  # any best option without prices may say how much
            plain = best_served(replace(alone, value={}))
            allowed = [replace(alone, least=dict(zip(names, units, strict=True))) for units in plain]
        assert any(_is_best(scene, mine) for scene in allowed)
        left = without(replace(left, orders=(standing,)), mine)


def _is_best(scene: Scene, sent: list[Sent]) -> bool:
    served = _served(sent)
    enough = all(served[line] >= units for line, units in scene.least.items())
    return enough and cost_of(scene, sent) == cheapest(scene)


def _came(order: TinyOrder) -> tuple[int, int, str]:
    return order.window, order.minute, order.name


def _is_late(order: TinyOrder, sent: Sent, window: int, world: TinyStream) -> bool:
    return window + 1 + world.transit[sent.service] > order.promise


def _hold(world: TinyStream) -> int:
    return int(world.knobs.hold_cost) * MICRO


def _of_others(sent: Sequence[Sent], orders: Iterable[str]) -> list[Sent]:
    named = set(orders)
    return [one for one in sent if one.order not in named]


def _served(sent: Sequence[Sent]) -> Counter[tuple[str, str]]:
    return Counter({key: nodes.total() for key, nodes in _allocated(sent).items()})


def _allocated(sent: Sequence[Sent]) -> Allocated:
    allocated: Allocated = {}
    for one in sent:
        for line, units in one.units:
            allocated.setdefault((one.order, line), Counter())[one.node] += units
    return allocated
