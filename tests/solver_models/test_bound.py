"""The lower bound from prices: below every choice, whatever the prices."""

from dataclasses import replace

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models.ascent import _Momentum, ascend
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


def test_without_time_ascent_returns_where_it_began():
    for seed in range(20):
        arrays = random_sourcing(seed)
        start = random_prices(arrays, np.random.default_rng(seed))
        prices, bound = ascend(arrays, Pricer(arrays), start, rounds=50, step=3.0, out_of_time=lambda: True)
        assert prices.resource.tolist() == start.resource.tolist()
        assert prices.share.tolist() == start.share.tolist()
        assert bound == listed_bound(arrays, start)


@pytest.mark.parametrize("seed", range(8))
def test_ascent_from_anywhere_ends_below_the_optimum_and_not_below_its_start(seed):
    """The steps go up and down; the best of all points comes back, with its own bound, also after huge steps."""
    arrays = random_sourcing(seed)
    pricer, optimum = Pricer(arrays), best_choice(arrays).cost
    start = random_prices(arrays, np.random.default_rng([seed, 8]))
    for step in (0.3, 5.0, 1e6):
        prices, bound = ascend(arrays, pricer, start, rounds=25, step=step, out_of_time=lambda: False)
        assert lower_bound(arrays, pricer, start) <= bound <= optimum
        assert bound == listed_bound(arrays, prices)


def shared_node() -> SourcingArrays:
    """Two orders would share the opening cost of 10 of the node that serves them at 1 each; waiting costs 9 each."""
    ways = [Way(0, 0, (1,), 1), Way(1, 0, (1,), 1)]
    return sourcing_problem([Wanted((1,), backorder=9)] * 2, ways, opening=(10,))


def test_ascent_shares_the_cost_of_opening_a_node():
    arrays = shared_node()
    prices, bound = ascend(arrays, Pricer(arrays), no_prices(arrays), rounds=60, step=2.0, out_of_time=lambda: False)
    assert prices.share.sum() == 10
    assert bound == best_choice(arrays).cost == 12


def test_ascent_lowers_shares_that_pay_for_more_than_the_node():
    arrays = shared_node()
    start = replace(no_prices(arrays), share=np.full((2, 1), 40))
    assert lower_bound(arrays, Pricer(arrays), start) == 9 + 9 + 10 - 80
    _, bound = ascend(arrays, Pricer(arrays), start, rounds=80, step=8.0, out_of_time=lambda: False)
    assert bound >= 8


def scarce(stock: int) -> SourcingArrays:
    ways = [Way(order, 0, (1,), 10) for order in range(4)]
    wanted = [Wanted((1,), backorder=backorder) for backorder in (50, 60, 70, 90)]
    return sourcing_problem(wanted, ways, [Shared(stock, dict.fromkeys(range(4), 1))])


def test_ascent_ends_where_no_step_is_worth_its_time():
    asked: list[bool] = []
    arrays = scarce(2)
    start = replace(no_prices(arrays), resource=np.array([45]))
    _, bound = ascend(
        arrays, Pricer(arrays), start, rounds=500, step=1e-3, out_of_time=lambda: bool(asked.append(True))
    )
    assert bound == 50 + 3 * 55 - 2 * 45
    assert len(asked) < 50


def test_what_is_free_and_left_over_gathers_no_momentum():
    """Otherwise a resource that becomes scarce late would have to make up for all the time that it was not."""
    momentum, price = _Momentum((1,)), np.zeros(1)
    for _ in range(50):
        price = momentum.moved(price, np.array([-8.0]), 1.0)
        assert price.tolist() == [0.0]
    assert momentum.moved(price, np.array([1.0]), 1.0)[0] > 0


def test_steps_follow_the_mean_slope_and_shrink_where_it_keeps_turning():
    steady, turning = _Momentum((1,)), _Momentum((1,))
    up, around = np.full(1, 100.0), np.full(1, 100.0)
    for number in range(30):
        up = steady.moved(up, np.array([4.0]), 1.0)
        around = turning.moved(around, np.array([4.0 if number % 2 else -4.0]), 1.0)
    assert up[0] > 125
    assert abs(around[0] - 100) < 5
