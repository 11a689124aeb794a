"""One test for each numbered constraint of the sourcing model: without it, the optimum would be another.

The numbers are those of solver_models/README.md.
"""

import numpy as np
import pytest
from compact_answers import compact_answer
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_options import best_choice

from solver_models.sourcing import INFEASIBLE, SourcingArrays, cost_of


def check(arrays: SourcingArrays, cost: int, columns: list[int]) -> None:
    """The compact model, the exact cost and the list of all choices agree on what was worked out by hand."""
    chosen, value = compact_answer(arrays)
    assert chosen.tolist() == columns
    assert value == pytest.approx(cost)
    assert cost_of(arrays, np.array(columns, dtype=np.int64)) == cost
    assert best_choice(arrays).cost == cost


def test_constraint_1_demand_each_unit_is_served_or_backordered_once():
    """Two units wanted: serving nothing would be free, serving three impossible."""
    orders, ways = [Wanted((2,), backorder=50)], [Way(0, 0, (1,), 10), Way(0, 1, (2,), 70), Way(0, 2, (2,), 75)]
    check(sourcing_problem(orders, ways), 60, [0])
    assert cost_of(sourcing_problem(orders, ways), np.array([0, 1])) == INFEASIBLE


def test_constraint_1_demand_is_met_line_by_line():
    """Two units of one line do not stand for one of each."""
    orders = [Wanted((2, 1), backorder=100)]
    ways = [Way(0, 0, (0, 1), 30), Way(0, 0, (2, 0), 10), Way(0, 1, (2, 1), 45)]
    check(sourcing_problem(orders, ways), 45, [2])


def test_constraint_2_stock_is_not_sold_twice():
    """Two orders want the one unit near both: the one whose other way is dearer gets it."""
    orders = [Wanted((1,)), Wanted((1,))]
    ways = [Way(0, 0, (1,), 10), Way(0, 1, (1,), 15), Way(1, 0, (1,), 10), Way(1, 1, (1,), 40)]
    check(sourcing_problem(orders, ways, [Shared(1, {0: 1, 2: 1})]), 25, [1, 2])
    check(sourcing_problem(orders, ways, [Shared(2, {0: 1, 2: 1})]), 20, [0, 2])


@pytest.mark.parametrize(("most", "cost", "columns"), [(1, 35, [1, 2]), (2, 30, [0, 2])])
def test_constraint_3_node_capacities_shipments(most, cost, columns):
    """Stock for both, hands for `most`; a column of two shipments takes two."""
    orders = [Wanted((2,)), Wanted((1,))]
    ways = [Way(0, 0, (2,), 20), Way(0, 1, (2,), 25), Way(1, 0, (1,), 10), Way(1, 1, (1,), 90)]
    check(sourcing_problem(orders, ways, [Shared(most, {0: 1, 2: 1})]), cost, columns)


@pytest.mark.parametrize(("most", "cost", "columns"), [(2, 35, [1, 2]), (3, 30, [0, 2])])
def test_constraint_3_node_capacities_units(most, cost, columns):
    orders = [Wanted((2,)), Wanted((1,))]
    ways = [Way(0, 0, (2,), 20), Way(0, 1, (2,), 25), Way(1, 0, (1,), 10), Way(1, 1, (1,), 90)]
    check(sourcing_problem(orders, ways, [Shared(most, {0: 2, 2: 1})]), cost, columns)


@pytest.mark.parametrize(("opens", "cost", "columns"), [(5, 25, [0, 2]), (11, 30, [1, 3])])
def test_constraint_4_opening_links_charge_a_node_once(opens, cost, columns):
    """Two orders save 5 each at node 0, which costs something to open: worth it up to 10."""
    orders = [Wanted((1,)), Wanted((1,))]
    ways = [Way(0, 0, (1,), 10), Way(0, 1, (1,), 15), Way(1, 0, (1,), 10), Way(1, 1, (1,), 15)]
    check(sourcing_problem(orders, ways, opening=(opens, 0)), cost, columns)


@pytest.mark.parametrize("opens", [0, 1])
def test_constraint_5_one_column_per_order_and_node(opens):
    """Two units as two shipments of one node would cost 20; as the one shipment they are, 35; elsewhere 30."""
    orders = [Wanted((1, 1))]
    ways = [Way(0, 0, (0, 1), 10), Way(0, 0, (1, 0), 10), Way(0, 0, (1, 1), 35), Way(0, 1, (1, 1), 30)]
    check(sourcing_problem(orders, ways, opening=(opens, 0)), 30, [3])


@pytest.mark.parametrize(("limit", "cost", "columns"), [(1, 60, [0, 4]), (2, 45, [0, 1, 4]), (3, 35, [0, 1, 2, 4])])
def test_constraint_6_limit_on_shipments(limit, cost, columns):
    """Each further shipment saves something and is not allowed for ever."""
    orders = [Wanted((1, 1, 1), backorder=20, limit=limit), Wanted((1,))]
    ways = [
        Way(0, 2, (0, 0, 1), 3),
        Way(0, 1, (0, 1, 0), 5),
        Way(0, 0, (1, 0, 0), 10),
        Way(0, 0, (1, 1, 1), 58),
        Way(1, 0, (1,), 17),
    ]
    check(sourcing_problem(orders, ways), cost, columns)


def test_constraint_6_limit_counts_every_shipment_of_a_column():
    orders = [Wanted((2,), limit=1)]
    ways = [Way(0, 0, (2,), 10, shipments=2), Way(0, 1, (2,), 25)]
    check(sourcing_problem(orders, ways), 25, [1])
    check(sourcing_problem([Wanted((2,), limit=2)], ways), 10, [0])


@pytest.mark.parametrize(("extra", "cost", "columns"), [(4, 24, [0, 1]), (6, 25, [2])])
def test_constraint_7_extra_shipments_are_paid(extra, cost, columns):
    orders = [Wanted((1, 1))]
    ways = [Way(0, 0, (0, 1), 10), Way(0, 1, (1, 0), 10), Way(0, 2, (1, 1), 25)]
    check(sourcing_problem(orders, ways, extra=extra), cost, columns)


def test_constraint_7_extra_shipments_inside_one_column_are_paid():
    orders = [Wanted((2,))]
    ways = [Way(0, 0, (2,), 10, shipments=2), Way(0, 1, (2,), 15)]
    check(sourcing_problem(orders, ways, extra=6), 15, [1])
    check(sourcing_problem(orders, ways, extra=4), 14, [0])


def test_constraint_8_all_or_nothing_for_a_line():
    """Three of four are in stock: a complete line takes the dear four or none of them."""
    ways = [Way(0, 0, (3,), 10), Way(0, 1, (4,), 60)]
    check(sourcing_problem([Wanted((4,), backorder=20)], ways), 30, [0])
    check(sourcing_problem([Wanted((4,), backorder=20, line_complete=True)], ways), 60, [1])
    check(sourcing_problem([Wanted((4,), backorder=14, line_complete=True)], ways), 56, [])


def test_constraint_8_all_or_nothing_for_an_order():
    """One of two lines is cheap: an order that ships complete takes both or neither."""
    ways = [Way(0, 0, (0, 1), 5), Way(0, 1, (1, 0), 90)]
    check(sourcing_problem([Wanted((1, 1), backorder=50)], ways), 55, [0])
    check(sourcing_problem([Wanted((1, 1), backorder=50, order_complete=True)], ways), 95, [0, 1])
    check(sourcing_problem([Wanted((1, 1), backorder=40, order_complete=True)], ways), 80, [])


def test_constraint_9_short_order_charge_is_paid_once():
    """Two units short on two lines cost 30 once: more than serving them would add, less than twice 30."""
    ways = [Way(0, 0, (1, 1), 1), Way(0, 0, (2, 2), 45)]
    check(sourcing_problem([Wanted((2, 2), backorder=10)], ways), 21, [0])
    check(sourcing_problem([Wanted((2, 2), backorder=10, short=30)], ways), 45, [1])
    check(sourcing_problem([Wanted((2, 2), backorder=10, short=20)], ways), 41, [0])
    check(sourcing_problem([Wanted((2, 2), backorder=10, short=4)], ways[1:]), 44, [])


def test_constraint_9_short_order_charge_of_an_order_that_ships_complete():
    ways = [Way(0, 0, (2, 2), 45)]
    check(sourcing_problem([Wanted((2, 2), backorder=10, order_complete=True)], ways), 40, [])
    check(sourcing_problem([Wanted((2, 2), backorder=10, short=7, order_complete=True)], ways), 45, [0])


def test_constraint_10_units_beyond_those_spared_are_charged():
    """Serving both of two lines costs 45; leaving one unit of the first is free to do, leaving more is charged."""
    ways = [Way(0, 0, (0, 1), 4), Way(0, 0, (1, 1), 9), Way(0, 0, (2, 1), 45)]
    check(sourcing_problem([Wanted((2, 1), backorder=1)], ways), 3, [])
    check(sourcing_problem([Wanted((2, 1), backorder=1, spared=(1, 0), beyond=30)], ways), 10, [1])
    check(sourcing_problem([Wanted((2, 1), backorder=1, spared=(2, 0), beyond=30)], ways), 6, [0])
    check(sourcing_problem([Wanted((2, 1), backorder=1, spared=(0, 0), beyond=2)], ways), 9, [])


def test_constraint_10_holds_for_an_order_that_ships_complete():
    """Backordering its three units costs 3, and 2 for each of the two that are not spared."""
    ways = [Way(0, 0, (2, 1), 8)]
    wanted = Wanted((2, 1), backorder=1, order_complete=True, spared=(1, 0), beyond=2)
    check(sourcing_problem([wanted], ways), 7, [])
    check(sourcing_problem([wanted], [Way(0, 0, (2, 1), 6)]), 6, [0])
