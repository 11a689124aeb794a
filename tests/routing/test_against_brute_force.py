"""The router against enumeration: with and without prices, the second option, and the extra cost of every node.

``QUARTERMASTER_SEEDS`` says how many instances (100 by default).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from instance_features import alone
from instances import tiny_instance
from order_options import OrderOptions, Prices, Way

import quartermaster as qm
from quartermaster.domain.routing import NodeReason
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.routing import search
from quartermaster.policy import FuturePolicy, Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100"))
FIRST_SEED = 40_000


def cases() -> Iterator[tuple[int, Snapshot, Policy]]:
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS):
        snapshot, policy = tiny_instance(seed)
        yield seed, alone(snapshot, snapshot.orders["order_id"][seed % len(snapshot.orders)]), policy


def drawn_prices(snapshot: Snapshot, seed: int) -> Prices:
    """Draw prices of the size of a shipment's cost, half of them 0."""
    rng = Random(f"prices {seed}")
    scale = rng.choice((3 * 10**6, 2 * 10**7, 10**8))
    pairs = [(node, sku) for node in snapshot.nodes["node_id"] for sku in snapshot.products["sku"]]
    return {pair: rng.randint(1, scale) for pair in pairs if rng.random() < 0.5}


def as_stock_prices(prices: Prices) -> qm.StockPrices:
    listed = sorted(prices)
    return qm.StockPrices(
        node_id=tuple(node for node, _ in listed),
        sku=tuple(sku for _, sku in listed),
        price_micro=tuple(prices[pair] for pair in listed),
    )


def routed(snapshot: Snapshot, policy: Policy, prices: Prices | None = None, count: int = 3) -> qm.Routing:
    router = qm.Router(snapshot, policy, None if prices is None else as_stock_prices(prices))
    return router.route(snapshot.orders.row(0), list(snapshot.order_lines), count)


def nodes_of(option: qm.Option) -> frozenset[str]:
    return frozenset(shipment.node_id for shipment in option.shipments)


def check(routing: qm.Routing, ways: list[Way]) -> list[int]:
    """Hold a routing against the ways it may choose from; returns the extra costs seen."""
    best = routing.best
    least = min(way.decision for way in ways)
    assert best.decision_total_micro == least
    others = [way.decision for way in ways if way.nodes != nodes_of(best)]
    if len(routing.options) == 1:
        assert not others
    else:
        assert routing.options[1].decision_total_micro == min(others)
    candidates = {min(way.decision for way in ways if way.nodes >= {node}) for way in ways for node in way.nodes}
    without = [[way.decision for way in ways if node not in way.nodes] for node in nodes_of(best)]
    candidates |= {min(costs) for costs in without if costs}
    assert {option.decision_total_micro for option in routing.options} <= candidates | {least}
    extras = []
    for verdict in routing.nodes:
        through = [way.decision for way in ways if verdict.node_id in way.nodes]
        assert (verdict.reason is NodeReason.COSTS_MORE) == bool(through), verdict
        if through:
            assert verdict.extra_micro == min(through) - least
            extras.append(verdict.extra_micro)
    return extras


@pytest.mark.parametrize("few", [search.FEW, -1], ids=["each node by itself", "all nodes at once"])
def test_without_prices(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", few)
    several, extras = 0, []
    for seed, snapshot, policy in cases():
        routing = routed(snapshot, policy)
        options = OrderOptions(snapshot, policy)
        try:
            extras += check(routing, options.ways)
        except AssertionError as error:
            raise AssertionError(f"tiny_instance({seed}): {error}") from error
        assert routing.best.stock_value_micro == 0
        several += len(routing.options) > 1
    assert several * 2 > N_SEEDS
    assert sum(extra > 0 for extra in extras) * 2 > N_SEEDS


@pytest.mark.parametrize("may_backorder", [False, True])
def test_with_prices(may_backorder: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", search.FEW if may_backorder else -1)
    moved = 0
    for seed, snapshot, policy in cases():
        policy = replace(policy, future=FuturePolicy(may_backorder=may_backorder))
        prices = drawn_prices(snapshot, seed)
        routing, plain = routed(snapshot, policy, prices), routed(snapshot, policy)
        options = OrderOptions(snapshot, policy, prices)
        ordered = {line.sku for line in options.lines}
        priced = any(sku in ordered for _, sku in prices)
        choices = [options.ways] if may_backorder or not priced else options.keeping()
        faults = []
        for ways in choices:
            try:
                check(routing, ways)
                break
            except AssertionError as error:
                faults.append(error)
        else:
            raise AssertionError(f"tiny_instance({seed}): {faults}")
        best = routing.best
        worth = sum(units * prices.get(pair, 0) for pair, units in best.taken().items())
        assert best.stock_value_micro == worth
        assert best.decision_total_micro == best.objective.total_micro + worth
        moved += best.taken() != plain.best.taken()
        if not may_backorder:
            assert all(units <= plain.best.backordered.get(line, 0) for line, units in best.backordered.items())
    assert moved * (20 if may_backorder else 100) > N_SEEDS, moved
