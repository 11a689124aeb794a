"""Bulk shipment costs against evaluation, cell by cell."""

from __future__ import annotations

from itertools import product as grid

import numpy as np
import pytest
from brute_force import Enumeration
from instances import small_instance, tiny_instance

from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.shapes import ShapeGroup, lattice_sizes, shape_of, shapes
from quartermaster.planning.shipment_cells import TOO_MUCH
from quartermaster.planning.shipment_costs import shipment_costs
from solver_models.sourcing import INFEASIBLE

SEEDS = range(700, 760)


def expected_cells(enumeration: Enumeration, problem: PlanningProblem, group: ShapeGroup, row: int) -> np.ndarray:
    """(N, S, V) cost of one order's shipments by evaluation."""
    order = enumeration.orders[int(group.orders[row])]
    table = enumeration.lines[order.order_id]
    lines = [table[int(line - problem.line_start[group.orders[row]])] for line in group.lines[row]]
    services = problem.book.service_names
    cells = np.full((problem.n_nodes, len(services), len(group.vectors)), INFEASIBLE, dtype=np.int64)
    for (at, node), (by, service), (number, vector) in grid(
        enumerate(enumeration.nodes), enumerate(services), enumerate(map(tuple, group.vectors.tolist()))
    ):
        stocked = all(
            sum(have for other, have in zip(lines, vector, strict=True) if other.sku == line.sku)
            <= enumeration.available.get((node.node_id, line.sku), 0)
            for line in lines
        )
        allowed = all(enumeration.allows(line, node) for line, have in zip(lines, vector, strict=True) if have)
        room = node.max_shipments != 0 and (node.max_units is None or sum(vector) <= node.max_units)
        if any(vector) and node.enabled and stocked and allowed and room:
            price = enumeration.prices.shipment(order, node, *service, lines, vector)
            cells[at, by, number] = INFEASIBLE if price is None else price
    return cells


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, 20))
def test_every_cell(first: int) -> None:
    finite = 0
    for seed in range(first, first + 20):
        snapshot, policy = tiny_instance(seed)
        problem, enumeration = build_problem(snapshot, policy), Enumeration(snapshot, policy)
        for group in shapes(problem, np.arange(problem.n_orders)):
            costs = shipment_costs(problem, group)
            for row in range(len(group.orders)):
                cells = expected_cells(enumeration, problem, group, row)
                least = cells.min(axis=1)
                assert np.array_equal(costs.cost[row], least), f"tiny_instance({seed})"
                assert np.array_equal(costs.by_service(row), cells), f"tiny_instance({seed})"
                can = least < INFEASIBLE
                assert np.array_equal(costs.service[row][can], cells.argmin(axis=1)[can])
                assert np.all(costs.service[row][~can] < 0)
                finite += int(can.sum())
    assert finite > 100


def test_shapes_hold_every_order_once() -> None:
    problem = build_problem(*small_instance(3))
    groups = shapes(problem, np.arange(problem.n_orders))
    assert sorted(np.concatenate([group.orders for group in groups]).tolist()) == list(range(problem.n_orders))
    for group in groups:
        assert np.array_equal(problem.line_quantity[group.lines], np.tile(group.quantities, (len(group.orders), 1)))
        assert np.array_equal(problem.line_order[group.lines], np.tile(group.orders[:, None], group.lines.shape[1]))
        assert len(group.vectors) == lattice_sizes(problem)[group.orders[0]]
        assert not group.vectors[0].any()
    small = shapes(problem, np.arange(problem.n_orders), max_cells=1)
    assert [len(group.orders) for group in small] == [1] * problem.n_orders


def test_some_nodes_in_another_order() -> None:
    problem = build_problem(*small_instance(4))
    nodes = np.arange(problem.n_nodes)[::-2]
    for group in shapes(problem, np.arange(problem.n_orders)):
        whole, part = shipment_costs(problem, group), shipment_costs(problem, group, nodes)
        assert np.array_equal(part.cost, whole.cost[:, nodes])
        assert np.array_equal(part.service, whole.service[:, nodes])
        places = np.arange(len(nodes))[::2]
        assert np.array_equal(part.by_service(0, places), whole.by_service(0)[nodes[places]])


def test_one_order_by_itself_keeps_its_lines_in_order() -> None:
    problem = build_problem(*small_instance(5))
    for order in range(problem.n_orders):
        group = shape_of(problem, order)
        assert group.lines[0].tolist() == list(range(problem.line_start[order], problem.line_start[order + 1]))


def test_what_is_left_of_the_stock_counts() -> None:
    problem = build_problem(*small_instance(6))
    for group in shapes(problem, np.arange(problem.n_orders)):
        costs = shipment_costs(problem, group, available=problem.available * 0)
        assert np.all(costs.cost == INFEASIBLE)
        assert np.all(costs.service == -1)


def test_too_much_for_any_service_is_told_from_too_little_stock() -> None:
    told = 0
    for seed in range(20):
        problem = build_problem(*small_instance(seed))
        for group in shapes(problem, np.arange(problem.n_orders)):
            costs = shipment_costs(problem, group)
            stock = problem.available_rows(problem.line_sku[group.lines.ravel()]).reshape(*group.lines.shape, -1)
            row, node, vector = np.nonzero(costs.service == TOO_MUCH)
            told += len(row)
            assert np.all(group.vectors[vector] <= stock[row, :, node])
            assert np.all(costs.cost[row, node, vector] == INFEASIBLE)
    assert told > 0
