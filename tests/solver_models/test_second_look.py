"""A second look: feasible, never dearer, and nearly always nothing left that one order could gain by itself."""

from dataclasses import replace

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models.greedy import take_in_turn
from solver_models.second_look import look_again
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of
from solver_models.together import granted_by_rank

NOTHING = np.empty(0, dtype=np.int64)


def choice_of(arrays: SourcingArrays, *columns: int) -> Choice:
    chosen = np.array(columns, dtype=np.int64)
    return Choice(chosen, cost_of(arrays, chosen))


def gains_alone(arrays: SourcingArrays, choice: Choice) -> bool:
    """Tell whether some order has a cheaper option while all others stay as they are."""
    for order in range(arrays.n_orders):
        others = choice.columns[arrays.column_order[choice.columns] != order]
        for option in options_of(arrays, order, arrays.column_cost):
            tried = np.sort(np.r_[others, np.array(option.columns, dtype=np.int64)])
            if cost_of(arrays, tried) < choice.cost:
                return True
    return False


@pytest.mark.parametrize("seed", range(100))
def test_from_anywhere_feasible_and_never_dearer(seed):
    arrays = random_sourcing(seed, Size(orders=4, nodes=3))
    rng, best = np.random.default_rng([seed, 8]), best_choice(arrays).cost
    compared = arrays.column_cost + rng.integers(0, 60, arrays.n_columns)
    for start in (choice_of(arrays), take_in_turn(arrays, compared, rng.permutation(arrays.n_orders))):
        found, finished = look_again(arrays, start)
        assert finished
        assert found.cost == cost_of(arrays, found.columns)
        assert best <= found.cost <= start.cost < INFEASIBLE


def test_no_order_gains_by_itself():
    """But for the rare order that would have to name a node twice, or stands behind one that is refused for ever."""
    improved, settled = 0, 0
    for seed in range(120):
        arrays = random_sourcing(seed, Size(orders=4, nodes=3), pooled=True, opening=False)
        start = choice_of(arrays)
        found, _ = look_again(arrays, start)
        improved += found.cost < start.cost
        settled += not gains_alone(arrays, found)
    assert improved >= 80
    assert settled >= 105


def test_what_was_too_dear_at_its_price_is_taken_when_it_is_left_over():
    arrays = sourcing_problem([Wanted((1,))], [Way(0, 0, (1,), 10)], [Shared(1, {0: 1})])
    assert look_again(arrays, choice_of(arrays))[0].columns.tolist() == [0]


def test_what_an_order_holds_it_may_use_otherwise():
    """Both units are held or left: one by the first column, which serves one unit, one by nobody."""
    ways = [Way(0, 0, (1,), 10), Way(0, 0, (2,), 12)]
    arrays = sourcing_problem([Wanted((2,))], ways, [Shared(2, {0: 1, 1: 2})])
    assert look_again(arrays, choice_of(arrays, 0))[0].columns.tolist() == [1]
    scarce = replace(arrays, capacity=np.array([1]))
    assert look_again(scarce, choice_of(scarce, 0))[0].columns.tolist() == [0]


def test_who_gains_most_is_served_and_the_other_stays():
    ways = [Way(0, 0, (1,), 10), Way(1, 0, (1,), 10)]
    arrays = sourcing_problem([Wanted((1,), 50), Wanted((1,), 70)], ways, [Shared(1, {0: 1, 1: 1})])
    assert look_again(arrays, choice_of(arrays))[0].columns.tolist() == [1]
    assert look_again(arrays, choice_of(arrays, 0))[0].columns.tolist() == [0]


def test_a_node_that_must_be_opened_costs_it():
    arrays = sourcing_problem([Wanted((1,), 40)], [Way(0, 0, (1,), 10)], opening=(35,))
    assert look_again(arrays, choice_of(arrays))[0].columns.tolist() == []
    assert look_again(replace(arrays, opening=np.array([25])), choice_of(arrays))[0].columns.tolist() == [0]


def test_columns_without_a_number_are_not_chosen():
    """The bound may believe in them; an order that reached for one would lose the column it holds."""
    arrays = sourcing_problem([Wanted((1,), 40)], [Way(0, 0, (1,), 10)])
    cheaper = np.array([[INFEASIBLE, 1]])
    arrays = replace(arrays, groups=(replace(arrays.groups[0], unlisted=cheaper),))
    assert look_again(arrays, choice_of(arrays, 0))[0].columns.tolist() == [0]
    assert look_again(arrays, choice_of(arrays))[0].columns.tolist() == [0]


def test_no_pass_after_the_time():
    arrays = sourcing_problem([Wanted((1,))], [Way(0, 0, (1,), 10)])
    choice, finished = look_again(arrays, choice_of(arrays), lambda: True)
    assert choice.columns.tolist() == []
    assert not finished


def test_two_columns_of_one_order_that_take_of_one_resource_ask_for_their_sum():
    """One unit is left and one is held: two columns of one unit each have enough, with no unit left they have not."""
    ways = [Way(0, 0, (0, 1), 10), Way(0, 1, (1, 0), 10)]
    arrays = sourcing_problem([Wanted((1, 1))], ways, [Shared(2, {0: 1, 1: 1})])
    assert look_again(arrays, choice_of(arrays, 0))[0].columns.tolist() == [0, 1]
    scarce = replace(arrays, capacity=np.array([1]))
    assert look_again(scarce, choice_of(scarce, 0))[0].columns.tolist() == [0]


def test_granted_by_rank_all_or_nothing():
    """Of 3 units, the first in rank asks for 2, the next for 2, the last for 1; whoever asks for none is granted."""
    order, resource, units = np.array([0, 1, 2, 3]), np.zeros(4, dtype=np.int64), np.array([1, 2, 2, 0])
    granted = granted_by_rank(5, order, resource, units, np.array([2, 1, 0, 3, 4]), np.array([3]))
    assert granted.tolist() == [False, False, True, True, True]
