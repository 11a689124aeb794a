"""A policy's way through a tiny stream, watched: what it saw and decided as each window closed, and books of our own.

The books take what the policy lets leave and follow the rules of a replay as its description has them; they share
nothing with `quartermaster.replay` but those decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tiny_horizons import Scene, Sent, Standing, cost_of
from tiny_world import BEGIN, DAY, TinyStream

from quartermaster import api
from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.replay import PolicyReplay, stream_of
from quartermaster.replay import routers as replay_routers
from quartermaster.replay.conduct import Moment, Verdict, WindowPolicy, replay_policy
from quartermaster.replay.policies import MAKERS
from quartermaster.replay.state import Departure


@dataclass
class Decision:
    """What a policy saw, made and decided when one window closed."""

    window: int
    open_orders: list[str]
    on_hand: Counter[tuple[str, str]]
    sent: list[Sent]
    waiting: frozenset[str]
    extra: dict[str, int]
    plans: list[tuple[Snapshot, Plan]]
    prices: StockPrices | None


@dataclass
class Step:
    """One window of a replay: what is open, and what was decided."""

    scene: Scene
    decision: Decision
    books: Books


@dataclass
class Books:
    """Stock, orders and costs as a replay should have them."""

    world: TinyStream
    stock: Counter[tuple[str, str]] = field(default_factory=Counter)
    open: dict[str, Standing] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    left_micro: list[int] = field(default_factory=list)
    """Cost by window."""

    def begin(self, window: int) -> None:
        """Take what arrives and comes."""
        if window == 0:
            self.stock.update(self.world.stock)
        for pair, units in self.world.arriving(window):
            self.stock[pair] += units
        for order in self.world.orders:
            if order.window == window:
                self.open[order.name] = Standing(order, tuple(line.quantity for line in order.lines))

    def scene(self, window: int) -> Scene:
        """What there is to decide."""
        return Scene(
            world=self.world,
            windows=(window,),
            orders=tuple(self.open[name] for name in sorted(self.open)),
            supply={pair: (units,) for pair, units in self.stock.items()},
        )

    def leave(self, window: int, decision: Decision) -> None:
        """Let shipments leave, keep what may be tried again, count what is not."""
        last = window == self.world.n_windows - 1
        scene = replace(self.scene(window), extra_after=True)
        gone = {sent.order for sent in decision.sent}
        cost = cost_of(scene, decision.sent) + sum(decision.extra.values())
        for name, standing in list(self.open.items()):
            cost -= self.world.short_micro(standing.order, _left(standing, decision.sent))
            waits = name in decision.waiting and not last
            assert not (waits and name in gone), "what waits does not leave"
            for sent in decision.sent:
                if sent.order == name:
                    standing = self._take(standing, sent)
            self.tries[name] += not waits
            del self.open[name]
            more = standing.shipped < standing.order.max_shipments
            again = waits or self.tries[name] <= self.world.knobs.patience
            if sum(standing.left) and more and again and not last:
                self.open[name] = standing
            else:
                cost += self.world.short_micro(standing.order, sum(standing.left))
        self.left_micro.append(cost)

    def _take(self, standing: Standing, sent: Sent) -> Standing:
        units = dict(sent.units)
        for line in standing.order.lines:
            self.stock[sent.node, line.sku] -= units.get(line.name, 0)
        left = tuple(
            have - units.get(line.name, 0) for line, have in zip(standing.order.lines, standing.left, strict=True)
        )
        return replace(standing, left=left, shipped=standing.shipped + 1)


def _left(standing: Standing, sent: list[Sent]) -> int:
    served = sum(units for one in sent if one.order == standing.order.name for _, units in one.units)
    return sum(standing.left) - served


def watched(
    world: TinyStream, name: str, monkeypatch: pytest.MonkeyPatch, made: WindowPolicy | None = None
) -> tuple[PolicyReplay, list[Step]]:
    """Replay a stream under one policy and follow it; what the replay says of its costs is compared with the books.

    Parameters
    ----------
    world
        The stream.
    name, made
        The policy; made is what decides in place of the one of that name.
    monkeypatch
        To see the plans that it makes.
    """
    plans: list[tuple[Snapshot, Plan]] = []
    prices: list[StockPrices] = []
    stream, policy = stream_of(world.snapshot(), DAY, BEGIN), world.policy()
    with monkeypatch.context() as patch:
        patch.setattr(api, "plan", _kept(api.plan, lambda given, plan: plans.append((given[0], plan))))
        patch.setattr(
            replay_routers, "stock_prices", _kept(replay_routers.stock_prices, lambda _, found: prices.append(found))
        )
        watch = _Watch(made or MAKERS[name](world.knobs), plans, prices)
        replayed = replay_policy(stream, policy, name, watch, world.knobs)
    books = Books(world)
    steps = list(_followed(books, watch.decisions))
    assert books.left_micro == [figures.total_micro for figures in replayed.windows]
    assert sum(replayed.came_micro) == sum(books.left_micro)
    assert replayed.deterministic
    return replayed, steps


def sent_by(plan: Plan) -> list[Sent]:
    """List the shipments of a plan."""
    units: dict[str, Counter[str]] = {}
    for key, line, count in plan.allocations[["shipment_id", "line_id", "quantity"]].itertuples(index=False):
        units.setdefault(key, Counter())[line] += int(count)
    rows = plan.shipments[["shipment_id", "order_id", "node_id", "service"]].itertuples(index=False)
    return [Sent(order, node, service, tuple(sorted(units[key].items()))) for key, order, node, service in rows]


def _followed(books: Books, decisions: dict[int, Decision]) -> Iterator[Step]:
    for window in range(books.world.n_windows):
        books.begin(window)
        decision = decisions.get(window)
        if decision is None:
            assert not books.open
            books.left_micro.append(0)
            continue
        assert decision.open_orders == sorted(books.open)
        assert +decision.on_hand == +books.stock
        yield Step(books.scene(window), decision, books)
        books.leave(window, decision)


@dataclass
class _Watch:
    """Lets another policy decide, and writes down what it does."""

    inner: WindowPolicy
    plans: list[tuple[Snapshot, Plan]]
    prices: list[StockPrices]
    decisions: dict[int, Decision] = field(default_factory=dict)

    def decide(self, moment: Moment) -> Verdict:
        self.plans.clear()
        names = moment.state.stream.snapshot.orders["order_id"].tolist()
        stock = moment.state.stream.snapshot.inventory
        keys = zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True)
        on_hand = Counter(dict(zip(keys, moment.state.on_hand.tolist(), strict=True)))
        verdict = self.inner.decide(moment)
        self.decisions[moment.window] = Decision(
            window=moment.window,
            open_orders=sorted(names[row] for row in moment.orders.tolist()),
            on_hand=on_hand,
            sent=[_sent(departure) for departure in verdict.departures],
            waiting=frozenset(names[row] for row in verdict.waiting),
            extra=dict(verdict.extra_micro),
            plans=list(self.plans),
            prices=self.prices[-1] if self.prices else None,
        )
        return verdict


def _sent(departure: Departure) -> Sent:
    units = tuple(sorted(departure.units.items()))
    return Sent(departure.order_id, departure.node_id, departure.service[1], units)


def _kept(function: Callable[..., Any], keep: Callable[[tuple[Any, ...], Any], None]) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        found = function(*given, **named)
        keep(given, found)
        return found

    return called
