"""The listed shipments: the same however they are found, and kinds of lanes that stand for all their lanes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from instances import small_instance

from quartermaster.planning import shipment_cells as module
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.shapes import shapes
from quartermaster.planning.shipment_cells import ShipmentCells, cells_of_order, shipment_cells
from quartermaster.rating import book

SEEDS = range(5)


def problems() -> list[PlanningProblem]:
    return [build_problem(*small_instance(seed)) for seed in SEEDS]


def listed(cells: ShipmentCells) -> list[np.ndarray]:
    pairs = cells.pairs
    return [pairs.row[cells.pair], pairs.place[cells.pair], cells.vector, cells.cost, cells.service]


def test_vectors_looked_up_in_the_lattice_are_those_that_a_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = 0
    for problem in problems():
        for group in shapes(problem, np.arange(problem.n_orders)):
            looked_up = listed(shipment_cells(problem, group))
            with monkeypatch.context() as patched:
                patched.setattr(module, "MAX_PAIRS", 0)
                patched.setattr(module, "SEARCH_AT_ONCE", 50)
                searched = listed(shipment_cells(problem, group))
            assert all(np.array_equal(one, other) for one, other in zip(looked_up, searched, strict=True))
            found += len(looked_up[0])
    assert found > 300


def test_one_order_of_a_group_is_what_pricing_it_alone_gives() -> None:
    shared = 0
    for problem in problems():
        for group in shapes(problem, np.arange(problem.n_orders)):
            together = shipment_cells(problem, group)
            shared += len(group.orders) > 1
            for row in range(len(group.orders)):
                alone = replace(group, orders=group.orders[[row]], lines=group.lines[[row]])
                taken, priced = cells_of_order(together, row), shipment_cells(problem, alone)
                assert all(np.array_equal(*both) for both in zip(listed(taken), listed(priced), strict=True))
                places = np.arange(problem.n_nodes)
                first = np.zeros_like(places)
                assert np.array_equal(*(module.service_costs(cells, first, places) for cells in (taken, priced)))
    assert shared > 3


def test_services_asked_for_together_and_in_turn_cost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for problem in problems():
        for group in shapes(problem, np.arange(problem.n_orders)):
            together = listed(shipment_cells(problem, group))
            with monkeypatch.context() as patched:
                patched.setattr(module, "SMALL", 0)
                in_turn = listed(shipment_cells(problem, group))
            assert all(np.array_equal(one, other) for one, other in zip(together, in_turn, strict=True))


@pytest.mark.parametrize("span", [book.SPAN, 2])
def test_lanes_of_one_kind_and_order_are_alike(monkeypatch: pytest.MonkeyPatch, span: int) -> None:
    monkeypatch.setattr(book, "SPAN", span)
    shared = 0
    for problem in problems():
        order, node = (axis.ravel() for axis in np.indices((problem.n_orders, problem.n_nodes)))
        distance_m, kind = problem.book.lane_kinds(order, node)
        lanes = problem.book.lanes(order, node)
        assert np.array_equal(distance_m, lanes.distance_m)
        assert sorted(set(kind.tolist())) == list(range(int(kind.max()) + 1))
        what = np.concatenate([lanes.zone, lanes.delivery_day, lanes.late_days], axis=1)
        by_kind: dict[tuple[int, int], list[int]] = {}
        for own, number, row in zip(order.tolist(), kind.tolist(), what.tolist(), strict=True):
            shared += (own, number) in by_kind
            assert by_kind.setdefault((own, number), row) == row
    assert shared > 100


def test_pairs_are_allowed_as_the_table_of_all_nodes_says() -> None:
    refused = 0
    for problem in problems():
        line, node = (axis.ravel() for axis in np.indices((problem.n_lines, problem.n_nodes)))
        table = problem.allowed(np.arange(problem.n_lines))
        assert np.array_equal(problem.allowed_at(line, node), table.ravel())
        refused += int((~table).sum())
    assert refused > 3


def test_shapes_are_those_of_a_plain_grouping() -> None:
    """Same quantities in rising order, and the same lines sharing a SKU."""
    for problem in problems():
        plain: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
        for order in range(problem.n_orders):
            lines = sorted(
                range(problem.line_start[order], problem.line_start[order + 1]),
                key=lambda line: int(problem.line_quantity[line]),
            )
            skus = problem.line_sku[lines].tolist()
            quantities = tuple(problem.line_quantity[lines].tolist())
            plain.setdefault((quantities, tuple(map(skus.index, skus))), []).append(order)
        groups = shapes(problem, np.arange(problem.n_orders)[::-1], max_cells=10**9)
        assert [group.orders.tolist() for group in groups] == list(plain.values())
