"""Pricing against the list of all options of each order, at random prices."""

import numpy as np
import pytest
from sourcing_handmade import Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing
from sourcing_options import backorder_cost, column_sets, group_of, options_of, rest_of

from solver_models.bound import Prices, priced_columns
from solver_models.pricing import Pricer
from solver_models.sourcing import INFEASIBLE, SourcingArrays

SEEDS = range(150)
SIZES = [Size(), Size(orders=4, nodes=2, lines=3, units=1), Size(orders=2, nodes=4, lines=1, units=4)]


def random_prices(arrays: SourcingArrays, seed: int, most: int = 15) -> Prices:
    rng = np.random.default_rng([seed, 7])
    opening = np.flatnonzero(arrays.opening)
    zero = rng.random(arrays.n_resources) < 0.4
    return Prices(
        np.where(zero, 0, rng.integers(0, most, arrays.n_resources)).astype(np.int64),
        rng.integers(0, most, (arrays.n_orders, len(opening))).astype(np.int64),
        opening,
    )


def priced(seed: int) -> tuple[SourcingArrays, np.ndarray]:
    arrays = random_sourcing(seed, SIZES[seed % len(SIZES)])
    return arrays, priced_columns(arrays, random_prices(arrays, seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_cheapest_option_of_each_order(seed):
    arrays, cost = priced(seed)
    for group in Pricer(arrays).groups:
        best = group.price(cost).best
        for position, order in enumerate(group.group.orders.tolist()):
            assert best[position] == options_of(arrays, order, cost)[0].cost


@pytest.mark.parametrize("seed", SEEDS)
def test_the_columns_named_cost_what_was_promised(seed):
    arrays, cost = priced(seed)
    order_cost, chosen = Pricer(arrays).options(cost)
    assert order_cost.sum() == Pricer(arrays).total(cost)
    paid = 0
    for order in range(arrays.n_orders):
        group, position = group_of(arrays, order)
        own = [column for column in chosen.tolist() if arrays.column_order[column] == order]
        short = backorder_cost(group, position, rest_of(arrays, order, own))
        shipments = int(arrays.column_shipments[own].sum())
        assert short is not None
        assert shipments <= group.limit
        # A node that needs no watching may stand here twice, at no gain; a watched one may not.
        watched = [int(arrays.column_node[column]) for column in own if arrays.column_once[column]]
        assert len(set(watched)) == len(watched)
        paid += int(cost[own].sum()) + short + arrays.extra_shipment * max(0, shipments - 1)
    assert paid == order_cost.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_excess_is_a_floor_under_every_option_with_the_column(seed):
    arrays, cost = priced(seed)
    order_cost, excess = Pricer(arrays).excess(cost)
    options = [options_of(arrays, order, cost) for order in range(arrays.n_orders)]
    assert order_cost.tolist() == [own[0].cost for own in options]
    assert np.all(excess >= 0)
    for column in range(arrays.n_columns):
        own = options[arrays.column_order[column]]
        with_it = [option.cost for option in own if column in option.columns]
        assert excess[column] <= min(with_it, default=INFEASIBLE) - own[0].cost


@pytest.mark.parametrize("seed", SEEDS)
def test_excess_is_the_least_rest_beside_the_column(seed):
    """Tight as stated: the column, and the best way to deal with the rest, in which its node may stand once more."""
    arrays, cost = priced(seed)
    _, excess = Pricer(arrays).excess(cost)
    for column in range(arrays.n_columns):
        order = int(arrays.column_order[column])
        group, position = group_of(arrays, order)
        shipments, rest = int(arrays.column_shipments[column]), rest_of(arrays, order, [column])
        finishes = []
        beside = column_sets(arrays, order, rest, group.limit - shipments) if shipments <= group.limit else []
        for others in beside:
            short = backorder_cost(group, position, rest_of(arrays, order, [column, *others]))
            if short is not None:
                more = int(arrays.column_shipments[list(others)].sum()) if others else 0
                extra = arrays.extra_shipment * (shipments + more - 1)
                finishes.append(int(cost[[column, *others]].sum()) + extra + short)
        best = options_of(arrays, order, cost)[0].cost
        if finishes:
            assert excess[column] == max(0, min(finishes) - best)
        else:
            assert excess[column] >= INFEASIBLE // 2


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize(("limit", "cost"), [(1, 50), (2, 50), (3, 2)])
def test_a_column_of_two_shipments_uses_up_two(limit, cost, once):
    """Two units in two shipments and a third from elsewhere: allowed only where three shipments are."""
    ways = [Way(0, 1, (1,), 1), Way(0, 0, (2,), 1, shipments=2), Way(0, 2, (3,), 50)]
    arrays = sourcing_problem([Wanted((3,), backorder=100, limit=limit)], ways, once=once)
    order_cost, chosen = Pricer(arrays).options(arrays.column_cost)
    assert order_cost.sum() == cost
    assert sorted(chosen.tolist()) == ([0, 1] if limit == 3 else [2])


@pytest.mark.parametrize("once", [True, False])
def test_what_is_left_of_the_limit_goes_down_with_each_shipment(once):
    """One unit from each of three nodes costs 3, but two shipments are all there may be: 1 and 2 for 21."""
    ways = [Way(0, 0, (1,), 1), Way(0, 1, (1,), 1), Way(0, 2, (1,), 1), Way(0, 3, (2,), 20)]
    orders, opening = [Wanted((3,), backorder=100, limit=2)], (0, 0, 0, 0)
    arrays = sourcing_problem(orders, ways, opening=opening, once=once)
    order_cost, chosen = Pricer(arrays).options(arrays.column_cost)
    assert order_cost.sum() == 21
    assert len(chosen) == 2
    assert 3 in chosen.tolist()


@pytest.mark.parametrize("seed", range(60))
def test_pooling_every_node_is_a_lower_bound(seed):
    arrays, cost = priced(seed)
    assert Pricer(arrays, exact=False).total(cost) <= Pricer(arrays).total(cost)


def test_pooling_a_node_that_needs_watching_looks_too_cheap():
    found = 0
    for seed in range(150):
        arrays, cost = priced(seed)
        found += Pricer(arrays, exact=False).total(cost) < Pricer(arrays).total(cost)
    assert found >= 5


@pytest.mark.parametrize("seed", range(60))
def test_columns_taken_away_leave_a_lower_bound(seed):
    arrays, cost = priced(seed)
    kept = np.random.default_rng(seed).random(arrays.n_columns) < 0.6
    fewer = arrays.restricted(kept)
    assert fewer.n_columns == kept.sum()
    best = sum(options_of(fewer, order, cost[kept])[0].cost for order in range(arrays.n_orders))
    assert Pricer(arrays).total(cost) <= best
    assert Pricer(fewer).total(cost[kept]) <= best


@pytest.mark.parametrize("seed", range(40))
def test_permuting_orders_inside_a_group_permutes_the_result(seed):
    """Orders of a group are priced side by side; none may read another's numbers."""
    arrays, cost = priced(seed)
    for group in Pricer(arrays).groups:
        together = group.price(cost).best
        for position, order in enumerate(group.group.orders.tolist()):
            alone = arrays.restricted(arrays.column_order == order)
            own = next(other for other in Pricer(alone).groups if order in other.group.orders.tolist())
            assert own.price(cost[arrays.column_order == order]).best[position] == together[position]


def paid_by_order(arrays: SourcingArrays, cost: np.ndarray, chosen: np.ndarray) -> list[int]:
    """What each order pays for its columns, its extra shipments and what it backorders."""
    paid = []
    for order in range(arrays.n_orders):
        group, position = group_of(arrays, order)
        own = [column for column in chosen.tolist() if arrays.column_order[column] == order]
        short = backorder_cost(group, position, rest_of(arrays, order, own))
        assert short is not None
        shipments = int(arrays.column_shipments[own].sum())
        assert shipments <= group.limit
        paid.append(int(cost[own].sum()) + short + arrays.extra_shipment * max(0, shipments - 1))
    return paid


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_each_order_gets_the_columns_that_its_best_cost_is_made_of(seed, exact):
    """Order by order, with few distinct costs, so that much is equal, and with some columns taken away."""
    arrays, _ = priced(seed)
    rng = np.random.default_rng([seed, 3])
    fewer = arrays.restricted(rng.random(arrays.n_columns) < 0.8)
    for problem, most in ((arrays, 4), (arrays, 40), (fewer, 4)):
        cost = rng.integers(0, most, problem.n_columns)
        pricer = Pricer(problem, exact=exact)
        excess_cost, _ = pricer.excess(cost)
        order_cost, chosen = pricer.options(cost)
        assert paid_by_order(problem, cost, chosen) == excess_cost.tolist() == order_cost.tolist()


@pytest.mark.parametrize("exact", [True, False])
def test_of_columns_that_cost_the_same_the_first_is_named(exact):
    """Else a plan would hang on how a sum was put together."""
    named = 0
    for seed in range(60):
        arrays, _ = priced(seed)
        cost = np.full(arrays.n_columns, 2)
        for column in Pricer(arrays, exact=exact).options(cost)[1].tolist():
            alike = (
                (arrays.column_order == arrays.column_order[column])
                & (arrays.column_vector == arrays.column_vector[column])
                & (arrays.column_shipments == arrays.column_shipments[column])
                & ~(arrays.column_once & exact)
            )
            if not (exact and arrays.column_once[column]):
                assert column == np.flatnonzero(alike)[0]
                named += alike.sum() > 1
    assert named >= 10
