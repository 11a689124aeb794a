"""Floors of large orders against every way to split a small one."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from solver_models.backend import Answer
from solver_models.floors import LargeOrder
from solver_models.runner import InProcess
from solver_models.sourcing import INFEASIBLE, UNLIMITED


def random_order(seed: int) -> tuple[LargeOrder, np.ndarray]:
    """An order of one or two lines, and prices of stock, shipments and units of its nodes."""
    rng = np.random.default_rng(seed)
    lines, nodes = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    unit_cost = rng.integers(0, 12, (lines, nodes))
    unit_cost[rng.random((lines, nodes)) < 0.2] = INFEASIBLE
    stock = np.arange(lines * nodes).reshape(lines, nodes)
    stock[rng.random((lines, nodes)) < 0.3] = -1
    order = LargeOrder(
        order=0,
        quantity=rng.integers(1, 5, lines),
        backorder=rng.integers(1, 25, lines),
        order_backorder=int(rng.choice([0, 7])),
        limit=int(rng.choice([1, 2, UNLIMITED])),
        complete=bool(rng.random() < 0.3),
        unit_cost=unit_cost,
        available=rng.integers(0, 5, (lines, nodes)),
        stock=stock,
        fixed_cost=rng.integers(0, 15, nodes),
        shipment=lines * nodes + np.arange(nodes),
        units=lines * nodes + nodes + np.arange(nodes),
    )
    price = rng.integers(0, 6, lines * nodes + 2 * nodes) * (rng.random(lines * nodes + 2 * nodes) < 0.5)
    return order, price.astype(np.int64)


def least_cost(order: LargeOrder, price: np.ndarray) -> int:
    """Cheapest of all splits, if a shipment costs its fixed part and the units their own."""
    lines, nodes = order.unit_cost.shape
    usable = order.unit_cost < INFEASIBLE
    per_line = []
    for line in range(lines):
        ranges = [
            range(int(min(order.available[line, node], order.quantity[line])) * int(usable[line, node]) + 1)
            for node in range(nodes)
        ]
        per_line.append([split for split in product(*ranges) if sum(split) <= order.quantity[line]])
    best = INFEASIBLE
    for splits in product(*per_line):
        served = sum(map(sum, splits))
        used = [node for node in range(nodes) if any(split[node] for split in splits)]
        if len(used) > order.limit or (order.complete and 0 < served < order.quantity.sum()):
            continue
        cost = sum(int(order.fixed_cost[node] + price[order.shipment[node]]) for node in used)
        for line, split in enumerate(splits):
            short = int(order.quantity[line]) - sum(split)
            cost += short * int(order.backorder[line])
            for node in used:
                row = int(order.stock[line, node])
                each = price[order.units[node]] + (price[row] if row >= 0 else 0)
                cost += split[node] * int(order.unit_cost[line, node] + each) if split[node] else 0
        best = min(best, cost + (order.order_backorder if served < order.quantity.sum() else 0))
    return best


@pytest.mark.parametrize("seed", range(250))
def test_no_split_costs_less(seed):
    order, price = random_order(seed)
    assert order.floor(price) <= least_cost(order, price)
    assert order.floor(None) == order.floor(np.zeros_like(price))
    assert order.floor(price) <= int(order.quantity @ order.backorder) + order.order_backorder


def test_floors_are_near_what_they_bound():
    pairs = [(order.floor(price), least_cost(order, price)) for order, price in map(random_order, range(250))]
    assert sum(floor for floor, _ in pairs) >= 0.9 * sum(least for _, least in pairs)
    assert sum(floor == least for floor, least in pairs) >= 120


def in_micro(order: LargeOrder, price: np.ndarray) -> tuple[LargeOrder, np.ndarray]:
    """The same order with every cost a million times as high, the size that real costs have."""
    costs = ("backorder", "order_backorder", "fixed_cost")
    unit_cost = np.where(order.unit_cost < INFEASIBLE, order.unit_cost * 10**6, INFEASIBLE)
    return replace(order, unit_cost=unit_cost, **{name: getattr(order, name) * 10**6 for name in costs}), price * 10**6


def test_programs_stay_below_every_split_and_close_to_the_best():
    floors, least = [], []
    for seed in range(120):
        order, price = in_micro(*random_order(seed))
        floors.append(order.program_floor(price, seed=0)[0])
        least.append(least_cost(order, price))
    assert all(floor <= best for floor, best in zip(floors, least, strict=True))
    assert sum(floors) >= 0.97 * sum(least)


def test_a_program_without_an_answer_claims_nothing():
    order, price = in_micro(*random_order(3))
    silent = InProcess(lambda *_, **__: Answer(values=None, bound=-np.inf, finished=False))
    assert order.program_floor(price, 0, silent) == (0, False)


@pytest.mark.parametrize("price", [10**13, 1 << 56])
@pytest.mark.parametrize("complete", [True, False])
def test_absurd_prices_never_wrap(price, complete):
    """A million units at a price that nothing is worth: the order waits, whole or but for a free unit."""
    order = LargeOrder(
        order=0,
        quantity=np.array([10**6, 3 * 10**5]),
        backorder=np.array([20, 30]),
        order_backorder=7,
        limit=1,
        complete=complete,
        unit_cost=np.array([[5, INFEASIBLE], [4, 6]]),
        available=np.full((2, 2), 10**6),
        stock=np.array([[0, -1], [1, 2]]),
        fixed_cost=np.array([100, 100]),
        shipment=np.array([3, 4]),
        units=np.array([5, 6]),
    )
    prices = np.zeros(7, dtype=np.int64)
    prices[[0, 1]] = price
    waits = 20 * 10**6 + 30 * 3 * 10**5 + 7
    from_the_other = 20 * 10**6 + 100 + 6 * 3 * 10**5
    assert order.floor(prices) == (waits if complete else from_the_other)


def test_prices_raise_the_floor():
    raised = 0
    for seed in range(60):
        order, price = random_order(seed)
        assert order.floor(price) <= order.floor(price + 3)
        raised += order.floor(price) < order.floor(price + 3)
    assert raised >= 20
