"""Floors of orders too large to list."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from simple_day import NEW_YORK, NEWARK, simple_day

from quartermaster.domain.carriers import Rate, Service
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.planning.decode import objective_of
from quartermaster.planning.large_orders import large_order
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import build_problem
from quartermaster.planning.shipments import shipments_of, unserved_units
from quartermaster.planning.sourcing import sourcing_of
from quartermaster.planning.value import total_of
from quartermaster.policy import Policy
from solver_models.sourcing import cost_of

UNITS = 6_000


def test_volume_may_reach_a_cheaper_step_beyond_the_weight() -> None:
    """6 kg that count for 12 kg: on a card whose price falls, the step of the volume is the cheap one."""
    day = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=UNITS)],
        nodes=[Node(node_id="near", **NEWARK)],
        stock={("near", "a"): UNITS},
        products=[Product(sku="a", weight_g=1, length_mm=10, width_mm=20, height_mm=10)],
        services=[Service(carrier="C", service="S", dim_divisor_cm3_per_kg=Decimal(1000))],
        rates=[
            Rate(carrier="C", service="S", zone=zone, max_weight_g=weight_g, price=Decimal(price))
            for zone in ("near", "middle", "far")
            for weight_g, price in ((7_000, 100), (50_000, 5))
        ],
    )
    problem = build_problem(day, Policy())
    everything = sourcing_of(*(np.array([value]) for value in (0, 0, 0, UNITS)))
    cost = objective_of(problem, shipments_of(problem, everything), unserved_units(problem, everything)).total_micro
    assert cost == 5_000_000
    floor = large_order(problem, 0, {0: 0}, 1).floor(np.zeros(3, dtype=np.int64))
    assert 0.99 * cost < floor <= cost


@pytest.mark.parametrize("n_nodes", [4, 10])
@pytest.mark.parametrize("ship_complete", [False, True])
def test_a_plan_of_equal_pieces_is_a_start(n_nodes: int, ship_complete: bool) -> None:
    each = UNITS // n_nodes
    day = simple_day(
        orders=[Order(order_id="o", ship_complete=ship_complete, **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=each * n_nodes)],
        nodes=[Node(node_id=f"n{number}", **NEWARK) for number in range(n_nodes)],
        stock={(f"n{number}", "a"): each for number in range(n_nodes)},
        weight_g=1,
    )
    problem = build_problem(day, Policy())
    zero, nodes = np.zeros(n_nodes, dtype=np.int64), np.arange(n_nodes)
    start = sourcing_of(zero, nodes, zero, np.full(n_nodes, each))
    candidates = list_candidates(problem, start)
    columns = candidates.columns_of(start)
    assert cost_of(candidates.arrays, columns) == total_of(problem, start) == n_nodes * 5_000_000


def test_of_a_plan_by_too_many_nodes_nothing_is_kept_that_breaks_a_rule() -> None:
    n_nodes, each = 14, 500
    day = simple_day(
        orders=[Order(order_id="o", ship_complete=True, **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=each * n_nodes)],
        nodes=[Node(node_id=f"n{number:02}", **NEWARK) for number in range(n_nodes)],
        stock={(f"n{number:02}", "a"): each for number in range(n_nodes)},
        weight_g=1,
    )
    problem = build_problem(day, Policy())
    zero, nodes = np.zeros(n_nodes, dtype=np.int64), np.arange(n_nodes)
    start = sourcing_of(zero, nodes, zero, np.full(n_nodes, each))
    assert len(list_candidates(problem, start).columns_of(start)) == 0
