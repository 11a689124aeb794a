"""Order by order: always feasible, never below the optimum, exact for an order alone."""

import numpy as np
import pytest
from sourcing_handmade import Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models.greedy import take_in_turn
from solver_models.sourcing import INFEASIBLE, cost_of


@pytest.mark.parametrize("seed", range(150))
def test_any_sequence_and_prices_give_a_feasible_choice(seed):
    arrays = random_sourcing(seed, Size(orders=4, nodes=3))
    rng, best = np.random.default_rng([seed, 5]), best_choice(arrays).cost
    for scale in (0, 5, 50):
        compared = arrays.column_cost + rng.integers(0, scale + 1, arrays.n_columns)
        choice = take_in_turn(arrays, compared, rng.permutation(arrays.n_orders))
        assert choice.cost == cost_of(arrays, choice.columns)
        assert best <= choice.cost < INFEASIBLE


def test_exact_where_orders_do_not_meet_but_for_ties():
    """Where naming a node twice costs the same as once it may be named twice, and a good option has to do."""
    exact = 0
    for seed in range(80):
        arrays = random_sourcing(seed, Size(orders=3), pooled=True, ample=True, limits=False, opening=False)
        choice = take_in_turn(arrays, arrays.column_cost, np.arange(arrays.n_orders))
        alone = sum(options_of(arrays, order, arrays.column_cost)[0].cost for order in range(arrays.n_orders))
        assert choice.cost >= alone == best_choice(arrays).cost
        exact += choice.cost == alone
    assert exact >= 76


def test_a_node_once_open_is_open():
    """Node 0 costs 50 to open; the first order has no other way, so the second need not pay it again."""
    ways = [Way(0, 0, (1,), 10), Way(1, 0, (1,), 10), Way(1, 1, (1,), 12)]
    arrays = sourcing_problem([Wanted((1,)), Wanted((1,))], ways, opening=(50, 0))
    assert take_in_turn(arrays, arrays.column_cost, np.array([0, 1])).columns.tolist() == [0, 1]
    assert take_in_turn(arrays, arrays.column_cost, np.array([1, 0])).columns.tolist() == [0, 2]


def test_who_comes_first_is_served_first():
    differ = 0
    for seed in range(60):
        arrays = random_sourcing(seed, Size(orders=4, nodes=2))
        forth = take_in_turn(arrays, arrays.column_cost, np.arange(arrays.n_orders))
        back = take_in_turn(arrays, arrays.column_cost, np.arange(arrays.n_orders)[::-1])
        differ += forth.columns.tolist() != back.columns.tolist()
    assert differ >= 5


def test_higher_prices_on_a_column_turn_its_order_away():
    arrays = random_sourcing(4, Size(orders=3, lines=2), ample=True)
    cheap = take_in_turn(arrays, arrays.column_cost, np.arange(arrays.n_orders))
    assert len(cheap.columns)
    dear = take_in_turn(
        arrays,
        arrays.column_cost + 10**9 * np.isin(np.arange(arrays.n_columns), cheap.columns),
        np.arange(arrays.n_orders),
    )
    assert not set(dear.columns.tolist()) & set(cheap.columns.tolist())
