"""Prices by column generation: their bound, what they say of each column, and how good they get."""

from dataclasses import replace

import numpy as np
import pytest
from solver_doubles import DUAL_DOUBLES, doubled
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models import column_generation
from solver_models.ascent import ascend
from solver_models.backend import Solver, solve_linear
from solver_models.bound import constant_of, lower_bound, no_prices, priced_columns
from solver_models.column_generation import Priced, prices_of, settle_prices
from solver_models.model import build_compact
from solver_models.pricing import Pricer
from solver_models.runner import IN_PROCESS, Runner
from solver_models.sourcing import INFEASIBLE, SourcingArrays, cost_of

SIZE = Size(orders=4, nodes=3)


def settled(arrays: SourcingArrays, seconds: float = 20.0, runner: Runner = IN_PROCESS) -> Priced:
    return settle_prices(arrays, step=4.0, seconds_left=lambda: seconds, seed=0, runner=runner)


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_is_that_of_the_prices_with_or_without_time(seed):
    arrays = random_sourcing(seed, SIZE)
    best = best_choice(arrays).cost
    for seconds in (20.0, 0.0):
        priced = settled(arrays, seconds)
        assert priced.bound == lower_bound(arrays, Pricer(arrays), priced.prices) <= best
        assert priced.bound == priced.order_cost.sum() + constant_of(arrays, priced.prices)
        cost = priced_columns(arrays, priced.prices)
        assert priced.order_cost.tolist() == [options_of(arrays, o, cost)[0].cost for o in range(arrays.n_orders)]
        assert priced.finished == (seconds > 0)


@pytest.mark.parametrize("seed", range(40))
def test_a_choice_costs_at_least_the_bound_and_the_excess_of_each_of_its_columns(seed):
    arrays = random_sourcing(seed, SIZE)
    priced, rng = settled(arrays), np.random.default_rng([seed, 2])
    assert np.all(priced.excess >= 0)
    listed = [options_of(arrays, order, arrays.column_cost) for order in range(arrays.n_orders)]
    chosen = [best_choice(arrays).columns]
    for _ in range(25):
        picked = [own[rng.integers(len(own))] for own in listed]
        chosen.append(tuple(column for option in picked for column in option.columns))
    for columns in chosen:
        cost = cost_of(arrays, np.array(sorted(columns), dtype=np.int64))
        if cost < INFEASIBLE and columns:
            assert cost >= priced.bound + priced.excess[list(columns)].max()


@pytest.mark.parametrize("seed", range(15))
def test_bad_duals_do_not_lose_good_prices(seed):
    """What the ascent has found before the first master is the least that comes out."""
    arrays = random_sourcing(seed, SIZE)
    rough = Pricer(arrays, exact=False)
    limits = {"rounds": column_generation.ASCENT_ROUNDS, "step": 4.0, "out_of_time": lambda: False}
    _, before = ascend(arrays, rough, no_prices(arrays), **limits)
    assert settled(arrays, runner=doubled(masters=DUAL_DOUBLES["duals of noise"])).bound >= before


def test_prices_reach_the_linear_relaxation():
    """Over options the relaxation is at least as tight as over columns, so the bound may be above it, on the whole."""
    found, relaxed = 0.0, 0.0
    for seed in range(40):
        arrays = random_sourcing(seed, SIZE)
        everything = np.ones(arrays.n_orders, dtype=bool)
        model = build_compact(arrays, everything, np.ones(arrays.n_resources, dtype=bool))
        linear = replace(model.linear, integer=np.zeros(len(model.linear.cost), dtype=bool))
        relaxed += solve_linear(linear, Solver.GLOP, time_limit=10.0).bound * model.scale
        found += settled(arrays).bound
    assert found >= 0.98 * relaxed


def test_duals_become_whole_prices_not_below_zero():
    arrays = next(a for a in map(random_sourcing, range(50)) if a.n_orders > 1 and a.opening.any() and a.n_columns > 9)
    model = build_compact(arrays, np.ones(arrays.n_orders, dtype=bool), np.ones(arrays.n_resources, dtype=bool))
    n_rows = model.linear.matrix.shape[0]
    prices = prices_of(arrays, model, np.full(n_rows, -2.6), no_prices(arrays))
    price = round(2.6 * model.scale)
    assert prices.resource[model.resources].tolist() == [price] * len(model.resources)
    untouched = np.setdiff1d(np.arange(arrays.n_resources), model.resources)
    assert not prices.resource[untouched].any()
    opening = prices.opening_node.tolist()
    linked = {(o, opening.index(n)) for o, n in zip(model.link_order.tolist(), model.link_node.tolist(), strict=True)}
    assert {tuple(place) for place in np.argwhere(prices.share == price).tolist()} == linked
    assert (prices.share > 0).sum() == len(linked)
    against = prices_of(arrays, model, np.full(n_rows, 2.6), no_prices(arrays))
    assert not against.resource.any()
    assert not against.share.any()
