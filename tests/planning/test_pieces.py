"""Pieces of orders too large to list: each can leave from one node, and they add up to the order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simple_day import CHICAGO, NEW_YORK, NEWARK, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.planning.pieces import pieces_of
from quartermaster.planning.problem import build_problem
from quartermaster.planning.sourcing import NOTHING

UNITS = 1_000_000


def _day(weight_g: int) -> qm.Snapshot:
    return simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=UNITS)],
        nodes=[Node(node_id="near", **NEWARK), Node(node_id="far", **CHICAGO)],
        stock={("near", "a"): 600_000, ("far", "a"): 700_000},
        weight_g=weight_g,
    )


@pytest.mark.parametrize("weight_g", [1, 3, 4_000])
def test_a_line_that_no_shipment_carries_whole_ships_what_two_shipments_carry(weight_g: int) -> None:
    """The cards end at 20 kg: from each of two nodes one shipment of at most that leaves."""
    day = _day(weight_g)
    heaviest = int(day.rates["max_weight_g"].max())
    plan = qm.plan(day, qm.Policy(solver=qm.SolverPolicy(time_limit_seconds=10)))
    assert sorted(plan.shipments["units"]) == [heaviest // weight_g] * 2
    assert plan.bound <= plan.objective.total


def test_pieces_add_up_to_the_order() -> None:
    problem = build_problem(_day(1), qm.Policy())
    pieces = pieces_of(problem, 0, NOTHING)
    assert pieces.sum(axis=0).tolist() == [UNITS]
    assert pieces.min() >= 0


def test_a_line_that_must_be_complete_is_one_piece() -> None:
    day = _day(1)
    lines = day.order_lines.with_columns(line_complete=day.order_lines["line_complete"] | True)
    problem = build_problem(replace(day, order_lines=lines), qm.Policy())
    assert pieces_of(problem, 0, NOTHING).tolist() == [[UNITS]]
