"""Portions cut out of a problem: numbers, costs and pricing stay those of the whole."""

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing, with_families
from sourcing_options import best_choice

from solver_models.portion import Portion, Portions
from solver_models.pricing import Pricer
from solver_models.sourcing import INFEASIBLE, SourcingArrays, cost_of

SEEDS = range(30)
SIZE = Size(orders=6, nodes=3)


def drawn(seed: int) -> tuple[SourcingArrays, np.ndarray, np.ndarray, np.random.Generator]:
    """A problem, some of its orders in any order, some of their columns."""
    arrays, rng = with_families(random_sourcing(seed, SIZE)), np.random.default_rng([seed, 5])
    orders = rng.permutation(arrays.n_orders)[: int(rng.integers(0, arrays.n_orders + 1))]
    own = np.flatnonzero(np.isin(arrays.column_order, orders))
    return arrays, orders, own[rng.random(len(own)) < rng.choice([0.0, 0.7, 1.0])], rng


def whole_cut(arrays: SourcingArrays, orders: np.ndarray, columns: np.ndarray) -> Portion:
    return Portions(arrays).cut(orders, columns, arrays.capacity, arrays.opening)


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_of_orders(seed):
    arrays, orders, _, _ = drawn(seed)
    listed = [np.flatnonzero(arrays.column_order == order).tolist() for order in orders.tolist()]
    assert Portions(arrays).columns_of(orders).tolist() == [column for own in listed for column in own]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_names_what_it_named_in_the_whole(seed):
    arrays, orders, columns, rng = drawn(seed)
    capacity, opening = rng.integers(0, 9, arrays.n_resources), rng.integers(0, 9, arrays.n_nodes)
    portion = Portions(arrays).cut(orders, columns, capacity, opening)
    cut = portion.arrays
    assert sorted(portion.orders.tolist()) == sorted(orders.tolist())
    assert portion.columns.tolist() == columns.tolist()
    assert portion.orders[cut.column_order].tolist() == arrays.column_order[columns].tolist()
    for name in ("column_node", "column_vector", "column_shipments", "column_once", "column_cost"):
        assert getattr(cut, name).tolist() == getattr(arrays, name)[columns].tolist()
    usage = arrays.usage.toarray()[:, columns]
    assert cut.usage.toarray().tolist() == usage[portion.resources].tolist()
    left_out = np.setdiff1d(np.arange(arrays.n_resources), portion.resources)
    assert not usage[left_out].any()
    assert cut.capacity.tolist() == capacity[portion.resources].tolist()
    assert cut.opening.tolist() == opening.tolist()
    assert cut.resource_family.tolist() == arrays.resource_family[portion.resources].tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_hold_each_order_once_with_its_own_columns(seed):
    arrays, orders, columns, _ = drawn(seed)
    cut = whole_cut(arrays, orders, columns).arrays
    assert [order for group in cut.groups for order in group.orders.tolist()] == list(range(len(orders)))
    first = 0
    for group in cut.groups:
        assert group.first_column == first
        assert set(cut.column_order[group.columns].tolist()) <= set(group.orders.tolist())
        first += group.n_columns
    assert first == len(columns)
    nothing = np.empty(0, dtype=np.int64)
    alone = sum(cost_of(whole_cut(arrays, np.array([order]), nothing).arrays, nothing) for order in orders.tolist())
    assert cost_of(cut, nothing) == alone


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_cost_the_same_in_a_portion(seed):
    """Best option of each order and excess of each column, with the same columns on both sides."""
    arrays, orders, columns, rng = drawn(seed)
    cost = arrays.column_cost + rng.integers(0, 9, arrays.n_columns)
    portion = whole_cut(arrays, orders, columns)
    kept = ~np.isin(arrays.column_order, orders)
    kept[columns] = True
    order_cost, excess = Pricer(arrays.restricted(kept)).excess(cost[kept])
    of_portion, excess_there = Pricer(portion.arrays).excess(cost[columns])
    assert of_portion.tolist() == order_cost[portion.orders].tolist()
    assert excess_there.tolist() == excess[np.searchsorted(np.flatnonzero(kept), columns)].tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_portion_saves_the_whole_saves(seed):
    """The others hold their units and their nodes: the cost of a choice is theirs and the portion's, whatever it is."""
    arrays, orders, _, rng = drawn(seed)
    choice = np.array(sorted(best_choice(arrays).columns), dtype=np.int64)
    inside = np.isin(arrays.column_order[choice], orders)
    others = choice[~inside]
    left = arrays.capacity - np.asarray(arrays.usage[:, others].sum(axis=1))
    opening = arrays.opening.copy()
    opening[arrays.column_node[others]] = 0
    cutter = Portions(arrays)
    portion = cutter.cut(orders, np.sort(cutter.columns_of(orders)), left, opening)
    # (the others are charged in `before` for backordering the portion's orders too; that part is the same throughout)
    nothing = np.empty(0, dtype=np.int64)
    rest = cost_of(arrays, others) - cost_of(portion.arrays, nothing)
    assert cost_of(arrays, choice) == rest + cost_of(portion.arrays, np.searchsorted(portion.columns, choice[inside]))
    for _ in range(20):
        picked = np.flatnonzero(rng.random(len(portion.columns)) < 0.15)
        here = cost_of(portion.arrays, picked)
        there = cost_of(arrays, np.sort(np.r_[others, portion.columns[picked]]))
        assert (here >= INFEASIBLE) == (there >= INFEASIBLE)
        assert here >= INFEASIBLE or there == rest + here


def test_a_portion_of_nothing():
    arrays = random_sourcing(3, SIZE)
    nothing = np.empty(0, dtype=np.int64)
    portion = whole_cut(arrays, nothing, nothing)
    assert portion.arrays.n_orders == portion.arrays.n_columns == portion.arrays.n_resources == 0
    assert cost_of(portion.arrays, nothing) == 0
    assert Pricer(portion.arrays).total(portion.arrays.column_cost) == 0


def test_orders_without_columns_are_backordered():
    wanted = [Wanted((1,), backorder=5), Wanted((2,), backorder=7), Wanted((1,), backorder=11)]
    arrays = sourcing_problem(wanted, [Way(1, 0, (1,), 3)], [Shared(1, {0: 1})])
    nothing = np.empty(0, dtype=np.int64)
    portion = whole_cut(arrays, np.array([2, 0]), nothing)
    assert cost_of(portion.arrays, nothing) == 5 + 11
    both = whole_cut(arrays, np.array([2, 1]), np.array([0]))
    assert both.orders.tolist() == [1, 2]
    assert cost_of(both.arrays, np.array([0])) == 3 + 7 + 11
