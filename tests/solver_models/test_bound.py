"""The lower bound from prices: below every choice, whatever the prices."""

from dataclasses import replace

import numpy as np
import pytest
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models.ascent import ascend
from solver_models.bound import Prices, bound_constant, cheapest_options, constant_of, lower_bound, no_prices
from solver_models.pricing import Pricer
from solver_models.sourcing import SourcingArrays


def random_prices(arrays: SourcingArrays, rng: np.random.Generator) -> Prices:
    opening = np.flatnonzero(arrays.opening)
    most = int(rng.choice([2, 6, 20, 1000]))
    return Prices(
        np.where(rng.random(arrays.n_resources) < 0.5, 0, rng.integers(0, most, arrays.n_resources)).astype(np.int64),
        rng.integers(0, most, (arrays.n_orders, len(opening))).astype(np.int64),
        opening,
    )


def listed_bound(arrays: SourcingArrays, prices: Prices) -> int:
    """L(lambda, mu) term by term from the formula, every option listed."""
    total = 0
    share = {
        (o, int(n)): int(prices.share[o, at])
        for at, n in enumerate(prices.opening_node)
        for o in range(len(prices.share))
    }
    usage = arrays.usage.toarray()
    cost = np.array(
        [
            int(arrays.column_cost[column])
            + int(usage[:, column] @ prices.resource)
            + share.get((int(arrays.column_order[column]), int(arrays.column_node[column])), 0)
            for column in range(arrays.n_columns)
        ],
        dtype=np.int64,
    )
    for order in range(arrays.n_orders):
        total += options_of(arrays, order, cost)[0].cost
    total -= sum(int(price) * int(most) for price, most in zip(prices.resource, arrays.capacity, strict=True))
    for node in prices.opening_node.tolist():
        paid = sum(share[order, node] for order in range(arrays.n_orders))
        total += min(0, int(arrays.opening[node]) - paid)
    return total


@pytest.mark.parametrize("seed", range(220))
def test_below_the_optimum_at_any_prices(seed):
    arrays = random_sourcing(seed)
    optimum = best_choice(arrays).cost
    pricer, rng = Pricer(arrays), np.random.default_rng([seed, 1])
    for _ in range(4):
        prices = random_prices(arrays, rng)
        bound = lower_bound(arrays, pricer, prices)
        assert bound <= optimum
        assert bound == listed_bound(arrays, prices)
        assert lower_bound(arrays, Pricer(arrays, exact=False), prices) <= bound


ABSURD = (10**14, 10**17, 2**62)


@pytest.mark.parametrize("seed", range(30))
def test_absurd_prices_and_shares_never_wrap(seed):
    """Beyond a certain size they are cut where an order's choice enters, never where the constant does."""
    arrays, rng = random_sourcing(seed), np.random.default_rng([seed, 2])
    optimum, pricer = best_choice(arrays).cost, Pricer(arrays)
    nothing = sum(int(group.backorder[at, -1]) for group in arrays.groups for at in range(len(group.orders)))
    for most in ABSURD:
        drawn = random_prices(arrays, rng)
        prices = Prices(
            np.where(drawn.resource > 0, most, 0), np.where(drawn.share > 3, most, drawn.share), drawn.opening_node
        )
        bound = lower_bound(arrays, pricer, prices)
        assert bound <= optimum
        taken = sum(int(price) * int(units) for price, units in zip(prices.resource, arrays.capacity, strict=True))
        opened = sum(
            min(0, int(arrays.opening[node]) - sum(map(int, prices.share[:, at])))
            for at, node in enumerate(prices.opening_node.tolist())
        )
        assert 0 <= bound + taken - opened <= nothing


@pytest.mark.parametrize("seed", range(60))
def test_orders_may_be_priced_in_portions(seed):
    arrays = random_sourcing(seed)
    prices = random_prices(arrays, np.random.default_rng(seed))
    parts = [cheapest_options(replace(arrays, groups=(group,)), prices) for group in arrays.groups]
    paid = [int(share.sum()) for share in prices.share.T]
    constant = bound_constant(prices.resource, arrays.capacity, arrays.opening[prices.opening_node], paid)
    assert sum(parts) + constant == lower_bound(arrays, Pricer(arrays), prices)
    assert constant == constant_of(arrays, prices)


def test_without_prices_each_order_stands_alone():
    arrays = random_sourcing(3, Size(orders=4))
    alone = sum(options_of(arrays, order, arrays.column_cost)[0].cost for order in range(arrays.n_orders))
    assert lower_bound(arrays, Pricer(arrays), no_prices(arrays)) == alone


@pytest.mark.parametrize("seed", range(40))
def test_equal_to_the_optimum_where_nothing_is_shared(seed):
    arrays = random_sourcing(seed, ample=True, opening=False)
    assert lower_bound(arrays, Pricer(arrays), no_prices(arrays)) == best_choice(arrays).cost


@pytest.mark.parametrize("seed", range(40))
def test_ascent_returns_the_bound_of_the_prices_it_returns(seed):
    arrays = random_sourcing(seed)
    pricer, start = Pricer(arrays), no_prices(arrays)
    prices, bound = ascend(arrays, pricer, start, rounds=30, step=3.0, out_of_time=lambda: False)
    assert bound == listed_bound(arrays, prices)
    assert lower_bound(arrays, pricer, start) <= bound <= best_choice(arrays).cost
    assert np.all(prices.resource >= 0)
    assert np.all(prices.share >= 0)


def test_ascent_closes_most_of_the_gap_that_prices_can_close():
    start, found, best = 0, 0, 0
    for seed in range(30):
        arrays = random_sourcing(seed)
        pricer = Pricer(arrays)
        start += lower_bound(arrays, pricer, no_prices(arrays))
        found += ascend(arrays, pricer, no_prices(arrays), rounds=40, step=5.0, out_of_time=lambda: False)[1]
        best += best_choice(arrays).cost
    assert found - start >= 0.6 * (best - start)


def test_ascent_stops_when_told():
    arrays = random_sourcing(11, Size(orders=4))
    asked = []

    def out_of_time() -> bool:
        asked.append(True)
        return len(asked) >= 3

    ascend(arrays, Pricer(arrays), no_prices(arrays), rounds=50, step=3.0, out_of_time=out_of_time)
    assert len(asked) == 3


def test_ascent_stops_at_its_target():
    arrays = random_sourcing(11, Size(orders=4))
    asked = []
    _, bound = ascend(
        arrays,
        Pricer(arrays),
        no_prices(arrays),
        rounds=50,
        step=3.0,
        out_of_time=lambda: bool(asked.append(True)),
        target=-1,
    )
    assert len(asked) == 1
    assert bound >= -1
