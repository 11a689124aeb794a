"""Costs and prices near what 64 bits hold: sums stay exact, bounds stay bounds."""

import numpy as np
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem

from solver_models.bound import Prices, lower_bound, no_prices
from solver_models.column_generation import settle_prices
from solver_models.pricing import Pricer
from solver_models.sourcing import cost_of

ORDERS = 20
LARGE = 1 << 59
NOTHING = np.empty(0, dtype=np.int64)


def test_sums_over_many_orders_do_not_wrap():
    ways = [Way(order=order, node=0, vector=(1,), cost=LARGE - 1) for order in range(ORDERS)]
    arrays = sourcing_problem([Wanted((1,), backorder=LARGE)] * ORDERS, ways)
    assert cost_of(arrays, NOTHING) == ORDERS * LARGE > 1 << 63
    assert cost_of(arrays, np.arange(ORDERS)) == ORDERS * (LARGE - 1)
    assert lower_bound(arrays, Pricer(arrays), no_prices(arrays)) == ORDERS * (LARGE - 1)


def test_an_absurd_price_gives_a_poor_bound_not_a_wrong_one():
    arrays = sourcing_problem(
        [Wanted((1,), backorder=1000)],
        [Way(order=0, node=0, vector=(1,), cost=10)],
        [Shared(capacity=100_000, taken={0: 100_000})],
    )
    for price in (10**14, 10**15):
        prices = Prices(np.array([price]), np.zeros((1, 0), dtype=np.int64), NOTHING)
        bound = lower_bound(arrays, Pricer(arrays), prices)
        assert bound <= 10
        assert bound == 1000 - 100_000 * price  # the order would rather be backordered


def test_dear_orders_do_not_make_prices_look_like_lies():
    """The dual of a demand is as high as the order is dear; only prices of resources are judged."""
    ways = [Way(order=order, node=0, vector=(1,), cost=10**6) for order in range(3)]
    shared = [Shared(capacity=1, taken={0: 1, 1: 1, 2: 1})]
    arrays = sourcing_problem([Wanted((1,), backorder=worth * 10**13) for worth in (4, 5, 6)], ways, shared)
    priced = settle_prices(arrays, step=10**6 / 3, seconds_left=lambda: 60.0, seed=0)
    assert priced.finished
    assert priced.bound == 9 * 10**13 + 10**6
