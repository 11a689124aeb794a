"""Prices of the fluid model: against a linear program over every option, listed, and its finite differences."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import random_sourcing, scaled
from sourcing_options import options_of

from solver_models.backend import Answer
from solver_models.fluid import FluidPrices, fluid_prices
from solver_models.runner import InProcess
from solver_models.sourcing import INFEASIBLE, SourcingArrays

MICRO = 1_000_000
SEEDS = range(int(os.environ.get("QUARTERMASTER_SEEDS", "60")))


def run(arrays: SourcingArrays, weight: np.ndarray, seconds: float = 60.0) -> FluidPrices:
    return fluid_prices(arrays, weight, step=5.0 * MICRO, seconds_left=lambda: seconds)


def least_cost(arrays: SourcingArrays, weight: np.ndarray, capacity: np.ndarray) -> float:
    """Value of the fluid model, by a linear program over all options of all orders."""
    usage = arrays.usage.toarray()
    costs, taken, owner = [], [], []
    for order in range(arrays.n_orders):
        for option in options_of(arrays, order, arrays.column_cost):
            costs.append(option.cost / MICRO)
            taken.append(usage[:, list(option.columns)].sum(axis=1))
            owner.append(order)
    one_each = np.array([np.array(owner) == order for order in range(arrays.n_orders)], dtype=float)
    solved = linprog(costs, A_ub=np.array(taken).T, b_ub=capacity, A_eq=one_each, b_eq=weight, method="highs")
    assert solved.status == 0, solved.message
    return float(solved.fun) * MICRO


def drawn(seed: int) -> tuple[SourcingArrays, np.ndarray]:
    """Draw a problem without opening costs and how often each order comes: any number of times, some never."""
    arrays = scaled(random_sourcing(seed, opening=False), MICRO)
    rng = np.random.default_rng(seed)
    weight = np.round(rng.random(arrays.n_orders) * rng.choice([1, 5]) * (rng.random(arrays.n_orders) < 0.8), 3)
    return arrays, weight


def test_nothing_expected_is_worth_nothing():
    arrays, _ = drawn(0)
    none = sourcing_problem([], [], [Shared(4)] * arrays.n_resources)
    found = run(none, np.empty(0))
    assert (found.price.tolist(), found.bound, found.value) == ([0] * arrays.n_resources, 0.0, 0.0)
    assert (found.finished, found.clocked) == (True, False)


def test_a_program_cut_short_is_the_clocks_doing():
    cut = InProcess(lambda *_, **__: Answer(values=None, bound=-np.inf, finished=False))
    arrays, weight = drawn(1)
    found = fluid_prices(arrays, weight, step=5.0 * MICRO, seconds_left=lambda: 60.0, runner=cut)
    assert (found.finished, found.clocked) == (False, True)


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_are_the_slope_of_the_value(seed):
    """Value and bound meet what the listed program says; a price lies between the slopes on either side."""
    arrays, weight = drawn(seed)
    found, exact = run(arrays, weight), least_cost(arrays, weight, arrays.capacity)
    slack = 1.0 + 1e-7 * abs(exact) + 0.5 * float(arrays.capacity.sum())  # each price is rounded to a whole number
    assert found.finished
    assert found.value == pytest.approx(exact, abs=slack)
    assert exact - slack <= found.bound <= exact + 1.0 + 1e-7 * abs(exact)
    step = 1e-3
    for resource in range(arrays.n_resources):
        more, less = arrays.capacity.astype(float), arrays.capacity.astype(float)
        more[resource] += step
        less[resource] -= step
        price = float(found.price[resource])
        # the value is convex in the capacity: a price is at least what more would save, at most what less would cost
        saved = exact - least_cost(arrays, weight, more)
        assert saved <= price * step + 1e-7 * abs(exact) + 1.0
        if less[resource] >= 0:
            assert price * step <= least_cost(arrays, weight, less) - exact + 1e-7 * abs(exact) + 1.0


def test_parts_served_by_columns_that_are_not_listed_cost_what_those_cost():
    """Columns that take no resource are left out, and stand in `unlisted` instead: the value stays."""
    left_out = 0
    for seed in range(40):
        arrays, weight = drawn(seed)
        free = np.flatnonzero(arrays.column_node % 2 == 0)
        if arrays.column_once[free].any() or (arrays.column_shipments[free] > 1).any():
            continue
        usage = arrays.usage.tolil()
        usage[:, free] = 0
        whole = replace(arrays, usage=usage.tocsr())
        listed = ~np.isin(np.arange(arrays.n_columns), free)
        fewer = whole.restricted(listed)
        groups = []
        for before, group in zip(whole.groups, fewer.groups, strict=True):
            unlisted = np.full(group.backorder.shape, INFEASIBLE, dtype=np.int64)
            own = free[(free >= before.columns.start) & (free < before.columns.stop)]
            position = np.searchsorted(before.orders, whole.column_order[own])
            np.minimum.at(unlisted, (position, whole.column_vector[own]), whole.column_cost[own])
            groups.append(replace(group, unlisted=unlisted))
        fewer = replace(fewer, groups=tuple(groups))
        found, exact = run(fewer, weight), least_cost(whole, weight, whole.capacity)
        slack = 1.0 + 1e-7 * abs(exact) + 0.5 * float(arrays.capacity.sum())
        assert found.finished
        assert found.value == pytest.approx(exact, abs=slack)
        assert found.bound == pytest.approx(exact, abs=slack)
        left_out += abs(exact - least_cost(fewer, weight, whole.capacity)) > slack
    assert left_out > 5


def test_prices_tell_something():
    """Among the problems drawn, prices above 0 and weights that are no whole numbers are common."""
    priced = [run(*drawn(seed)) for seed in range(20)]
    assert sum(bool(np.any(found.price > 0)) for found in priced) >= 10
    assert sum(bool(np.any(drawn(seed)[1] % 1 > 0)) for seed in range(20)) >= 15


def test_two_kinds_share_one_node():
    """Three units at the near node; 2 orders save 5 each there, 4 save 3: the last unit is worth 3, more is worth 3."""
    orders = [Wanted((1,), backorder=100), Wanted((1,), backorder=100)]
    ways = [Way(0, 0, (1,), 4), Way(0, 1, (1,), 9), Way(1, 0, (1,), 6), Way(1, 1, (1,), 9)]
    arrays = scaled(sourcing_problem(orders, ways, [Shared(3, {0: 1, 2: 1})]), MICRO)
    found = run(arrays, np.array([2.0, 4.0]))
    assert found.finished
    assert found.price.tolist() == [3 * MICRO]
    assert found.value == pytest.approx((2 * 4 + 1 * 6 + 3 * 9) * MICRO)


def test_extra_shipments_count_each_time_an_order_comes():
    """An order of two lines, one at each node: 2.5 of them pay 2.5 extra shipments of 7."""
    ways = [Way(0, 0, (0, 1), 1), Way(0, 1, (1, 0), 2)]
    arrays = scaled(sourcing_problem([Wanted((1, 1), backorder=100)], ways, extra=7), MICRO)
    assert run(arrays, np.array([2.5])).value == pytest.approx(25 * MICRO)


def test_without_time_the_prices_still_bound_the_value():
    arrays, weight = drawn(3)
    found = run(arrays, weight, seconds=0.0)
    assert not found.finished
    assert found.value == np.inf
    assert found.bound <= least_cost(arrays, weight, arrays.capacity) + 1.0


def test_opening_costs_play_no_part():
    arrays, weight = drawn(5)
    opening = replace(arrays, opening=np.full(arrays.n_nodes, 50 * MICRO))
    assert run(opening, weight).value == pytest.approx(run(arrays, weight).value)
