"""Evaluation charges allocations that stand, and blames a plan for what it ships itself only."""

from dataclasses import replace

import pytest
from good_plan import bare_draft
from simple_plan import rules_broken

from quartermaster.domain.outlook import Fixed
from quartermaster.evaluation import evaluate_tables


def stands(node_id, sku, quantity, shipment_id="s", order_id="gone"):
    return Fixed(order_id=order_id, line_id="1", sku=sku, node_id=node_id, quantity=quantity, shipment_id=shipment_id)


def broken(*fixed, **node):
    draft = bare_draft()
    if node:
        draft.change("nodes", ("N1",), **node)
    draft.snapshot = replace(draft.snapshot, fixed=fixed)
    return rules_broken(draft)


# The good plan ships from N1: 5 of 5 tea, 2 of 2 lamps, in 2 of 2 shipments and 7 of 7 units; from N2 one lamp of one
# and one tea of 20; from N3 one tea of 20 and two rugs of two.


def test_the_good_plan_is_good_beside_what_it_leaves():
    assert broken() == set()
    assert broken(stands("N2", "tea", 19), stands("N3", "tea", 10), stands("N3", "tea", 9, "t")) == set()


@pytest.mark.parametrize(
    "fixed",
    [
        [stands("N2", "tea", 20)],
        [stands("N2", "tea", 10), stands("N2", "tea", 10, "t")],
        [stands("N2", "tea", 10**6)],
        [stands("N3", "rug", 1, order_id="O3")],
    ],
)
def test_a_plan_that_oversells_by_what_stands_is_caught(fixed):
    assert broken(*fixed) == {"stock"}


def test_what_stands_beyond_what_there_is_where_the_plan_ships_nothing_is_no_fault_of_the_plan():
    # N2 has no rug left, N4 is disabled and N1 no rug at all; the plan ships none of these.
    assert broken(stands("N2", "rug", 9), stands("N4", "tea", 99)) == set()
    assert broken(stands("N1", "rug", 3), max_units=None, max_shipments=None) == set()


@pytest.mark.parametrize(
    ("fixed", "node", "rules"),
    [
        ([stands("N1", "rug", 1)], {"max_units": 8, "max_shipments": 3}, set()),
        ([stands("N1", "rug", 2)], {"max_units": 8, "max_shipments": 3}, {"node_max_units"}),
        ([stands("N1", "rug", 99)], {"max_units": 8, "max_shipments": 3}, {"node_max_units"}),
        ([stands("N1", "rug", 1)], {"max_units": 8}, {"node_max_shipments"}),
        ([stands("N1", "rug", 1), stands("N1", "tool", 1)], {"max_units": 9, "max_shipments": 3}, set()),
        (
            [stands("N1", "rug", 1), stands("N1", "rug", 1, order_id="O1")],
            {"max_units": 9, "max_shipments": 3},
            {"node_max_shipments"},
        ),
        (
            [stands("N1", "rug", 1), stands("N1", "rug", 1, "t")],
            {"max_units": 9, "max_shipments": 3},
            {"node_max_shipments"},
        ),
        ([stands("N2", "rug", 1), stands("N3", "lamp", 1, "t")], {}, set()),
    ],
)
def test_capacity(fixed, node, rules):
    assert broken(*fixed, **node) == rules


def test_a_node_over_its_capacity_by_what_stands_alone_may_ship_nothing():
    draft = bare_draft()
    draft.change("nodes", ("N4",), max_units=1, max_shipments=0)
    draft.snapshot = replace(draft.snapshot, fixed=[stands("N4", "tea", 9)])
    assert rules_broken(draft) == set()


def test_the_message_says_what_is_taken():
    draft = bare_draft()
    fixed = [stands("N1", "rug", 4)]
    draft.snapshot = replace(draft.snapshot, fixed=fixed)
    draft.change("nodes", ("N1",), max_shipments=None)
    (found,) = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations
    assert found.message == "7 units leave, capacity is 7, of which 4 are taken by allocations that stand"


def test_costs_are_those_of_the_plan_alone():
    draft = bare_draft()
    before = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective
    draft.snapshot = replace(draft.snapshot, fixed=[stands("N4", "tea", 1, order_id="O1")])
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective == before
