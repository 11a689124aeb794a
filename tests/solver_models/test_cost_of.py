"""The exact cost of a choice: equal to what the lists say, infeasible for each kind of broken choice."""

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import random_sourcing
from sourcing_options import column_sets, group_of, options_of

from solver_models.sourcing import INFEASIBLE, cost_of, served_vectors


@pytest.mark.parametrize("seed", range(80))
def test_cost_of_random_choices_is_the_sum_of_their_options(seed):
    arrays = random_sourcing(seed)
    rng, usage = np.random.default_rng([seed, 3]), arrays.usage.toarray()
    listed = [options_of(arrays, order, arrays.column_cost) for order in range(arrays.n_orders)]
    for _ in range(10):
        picked = [own[rng.integers(len(own))] for own in listed]
        columns = np.array(sorted(column for option in picked for column in option.columns), dtype=np.int64)
        nodes = set(arrays.column_node[columns].tolist())
        expected = sum(option.cost for option in picked) + sum(int(arrays.opening[node]) for node in nodes)
        if np.any(usage[:, columns].sum(axis=1) > arrays.capacity):
            expected = INFEASIBLE
        assert cost_of(arrays, columns) == expected


@pytest.mark.parametrize("seed", range(40))
def test_every_set_of_columns_that_is_no_option_is_infeasible(seed):
    arrays = random_sourcing(seed, ample=True, opening=False)
    for order in range(arrays.n_orders):
        group, _ = group_of(arrays, order)
        allowed = {option.columns for option in options_of(arrays, order, arrays.column_cost)}
        for columns in column_sets(arrays, order, [2 * quantity for quantity in group.lattice.quantities], 9)[:200]:
            cost = cost_of(arrays, np.array(columns, dtype=np.int64))
            assert (cost < INFEASIBLE) == (columns in allowed)


ORDERS = [
    Wanted((2, 1), backorder=7, limit=2),
    Wanted((2,), line_complete=True),
    Wanted((1, 1), order_complete=True),
]
WAYS = [
    Way(0, 0, (0, 1), 3),
    Way(0, 1, (1, 0), 4),
    Way(0, 2, (1, 0), 5),
    Way(0, 0, (2, 0), 6),
    Way(0, 1, (2, 1), 20, shipments=3),
    Way(1, 0, (1,), 9),
    Way(2, 0, (0, 1), 8),
]
PROBLEM = sourcing_problem(ORDERS, WAYS, [Shared(1, {0: 1, 1: 1})])


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param([0, 1], id="more than there is of a resource"),
        pytest.param([0, 3], id="one order and node twice"),
        pytest.param([3, 3], id="one column twice"),
        pytest.param([1, 3], id="more units than wanted"),
        pytest.param([4], id="more shipments in a column than allowed"),
        pytest.param([0, 1, 2], id="more shipments than allowed"),
        pytest.param([5], id="part of a complete line"),
        pytest.param([6], id="part of a complete order"),
    ],
)
def test_broken_choices_are_infeasible(columns):
    assert cost_of(PROBLEM, np.array(columns)) == INFEASIBLE


def test_the_choices_beside_them_are_feasible():
    rest = 2 * 1000 + 2 * 1000
    assert cost_of(PROBLEM, np.array([], dtype=np.int64)) == 3 * 7 + rest
    assert cost_of(PROBLEM, np.array([0])) == 3 + 2 * 7 + rest
    assert cost_of(PROBLEM, np.array([0, 2])) == 8 + 7 + rest
    assert cost_of(PROBLEM, np.array([1, 2])) == 9 + 7 + rest
    assert cost_of(PROBLEM, np.array([3])) == 6 + 7 + rest


def test_served_vectors_add_up():
    assert served_vectors(PROBLEM, np.array([0, 1, 5])) == {0: 1 + 2, 1: 1}
