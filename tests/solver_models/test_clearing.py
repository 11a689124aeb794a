"""Prices to begin with: what the first customer who goes without would have paid."""

from dataclasses import replace

import numpy as np
import pytest
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing, with_families
from sourcing_options import best_choice, group_of

from solver_models.bound import lower_bound, no_prices
from solver_models.clearing import clearing_prices
from solver_models.pricing import Pricer
from solver_models.search import search
from solver_models.sourcing import SourcingArrays

BACKORDERS = (50, 90, 70, 60)
COST = 10


def market(capacity: tuple[int, ...], family: list[int] | None, units: int = 1) -> SourcingArrays:
    """Four orders of one line, each served from any node at 10 a unit; one stock for each node."""
    nodes = len(capacity)
    ways = [
        Way(order, node, (taken,), COST * taken)
        for order in range(len(BACKORDERS))
        for taken in range(1, units + 1)
        for node in range(nodes)
    ]
    shared = [
        Shared(most, {at: way.vector[0] for at, way in enumerate(ways) if way.node == node})
        for node, most in enumerate(capacity)
    ]
    wanted = [Wanted((units,), backorder=backorder) for backorder in BACKORDERS]
    arrays = sourcing_problem(wanted, ways, shared, opening=(0,) * nodes)
    return replace(arrays, resource_family=None if family is None else np.array(family, dtype=np.int64))


@pytest.mark.parametrize(
    ("stock", "price"),
    [(4, 0), (9, 0), (3, 50 - COST), (2, 60 - COST), (1, 70 - COST), (0, 90 - COST)],
)
def test_the_price_is_the_first_bid_left_out(stock, price):
    assert clearing_prices(market((stock,), [0])).tolist() == [price]


@pytest.mark.parametrize(("stock", "price"), [((1, 1), 50), ((2, 0), 50), ((0, 3), 40), ((3, 1), 0)])
def test_nodes_of_one_family_pool_their_stock(stock, price):
    assert clearing_prices(market(stock, [0, 0])).tolist() == [price, price]


@pytest.mark.parametrize(
    ("stock", "price"), [(8, 0), (7, 40), (6, 40), (5, 50), (4, 50), (3, 60), (2, 60), (1, 80), (0, 80)]
)
def test_an_order_that_gets_only_some_of_its_units_is_left_out(stock, price):
    assert clearing_prices(market((stock,), [0], units=2)).tolist() == [price]


def test_families_clear_apart_and_what_has_none_is_free():
    """Orders 0, 1 want SKU 0, orders 2, 3 SKU 1; all leave through one node of capacity 1, which has no family."""
    ways = [Way(order, 0, (1,), COST) for order in range(4)]
    shared = [Shared(1, {0: 1, 1: 1}), Shared(0, {2: 1, 3: 1}), Shared(1, dict.fromkeys(range(4), 1))]
    arrays = sourcing_problem([Wanted((1,), backorder=backorder) for backorder in BACKORDERS], ways, shared)
    assert clearing_prices(replace(arrays, resource_family=np.array([7, 2, -1]))).tolist() == [40, 60, 0]


def test_what_nobody_would_pay_for_is_free():
    """Backordering costs less than serving: the bid is nothing, not less than nothing."""
    arrays = sourcing_problem([Wanted((1,), backorder=3)], [Way(0, 0, (1,), COST)], [Shared(0, {0: 1})])
    assert clearing_prices(replace(arrays, resource_family=np.array([0]))).tolist() == [0]


def test_the_cheapest_column_makes_the_bid():
    ways = [Way(0, 0, (1,), 30), Way(0, 1, (1,), 20)]
    arrays = sourcing_problem([Wanted((1,), backorder=100)], ways, [Shared(0, {0: 1}), Shared(0, {1: 1})])
    assert clearing_prices(replace(arrays, resource_family=np.array([0, 0]))).tolist() == [80, 80]


@pytest.mark.parametrize("family", [None, [-1, -1]])
def test_without_families_everything_is_free(family):
    assert clearing_prices(market((1, 0), family)).tolist() == [0, 0]


def test_without_columns_everything_is_free():
    arrays = replace(sourcing_problem([Wanted((1,))], [], [Shared(0)]), resource_family=np.array([0]))
    assert clearing_prices(arrays).tolist() == [0]


def expected(arrays: SourcingArrays, family: int) -> int:
    """The same from the definition, unit by unit."""
    stock = np.flatnonzero(arrays.resource_family == family)
    usage = arrays.usage.toarray()
    bids = []
    for order in range(arrays.n_orders):
        group, position = group_of(arrays, order)
        for line, wanted in enumerate(group.lattice.quantities):
            alone = [
                column
                for column in np.flatnonzero(arrays.column_order == order).tolist()
                if group.lattice.vectors[arrays.column_vector[column]].sum() == 1
                and group.lattice.vectors[arrays.column_vector[column], line] == 1
                and usage[stock, column].any()
            ]
            if alone:
                cheapest = min(int(arrays.column_cost[column]) for column in alone)
                bids += [max(0, int(group.unit_backorder[position, line]) - cheapest)] * wanted
    left_out = sorted(bids, reverse=True)[int(arrays.capacity[stock].sum()) :]
    return left_out[0] if left_out else 0


@pytest.mark.parametrize("seed", range(40))
def test_against_the_definition_and_the_optimum(seed):
    arrays = with_families(random_sourcing(seed, Size(orders=4)))
    resource = clearing_prices(arrays)
    for row, family in enumerate(arrays.resource_family.tolist()):
        assert resource[row] == (0 if family < 0 else expected(arrays, family))
    prices = replace(no_prices(arrays), resource=resource)
    assert lower_bound(arrays, Pricer(arrays), prices) <= best_choice(arrays).cost


def test_a_scarce_market_is_settled_by_them():
    """With every order's bid known, the clearing price proves the optimum, with no step of the ascent."""
    for stock in range(5):
        arrays = market((stock, 0), [0, 0])
        prices = replace(no_prices(arrays), resource=clearing_prices(arrays))
        assert lower_bound(arrays, Pricer(arrays), prices) == best_choice(arrays).cost


def test_the_search_begins_from_them():
    """Without time for a single step the bound is that of the clearing prices."""
    arrays = market((1, 1), [0, 0])
    left = iter([1.0, 1.0])  # enough to begin, none when the ascent asks
    found = search(arrays, [], seconds_left=lambda: next(left, 0.0), relative_gap=0.0)
    assert found.prices.resource.tolist() == [50, 50]
    assert found.price_bound == best_choice(arrays).cost
