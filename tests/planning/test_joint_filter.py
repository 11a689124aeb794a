"""The bulk filter of joint shipments says no only where the exact search finds nothing."""

from __future__ import annotations

import numpy as np
import pytest
from instances import tiny_instance

from quartermaster.planning import joint as module
from quartermaster.planning.joint import JointShipments, joint_shipments
from quartermaster.planning.pair_tables import PairTables
from quartermaster.planning.problem import build_problem
from quartermaster.planning.shapes import shapes
from quartermaster.planning.shipment_cells import service_costs, shipment_cells
from quartermaster.planning.shipment_costs import shipment_costs
from solver_models.lattice import Lattice, lattice_of
from solver_models.sourcing import INFEASIBLE

ONE = np.zeros(1, dtype=np.int64)
SHAPES = [(2,), (3,), (5,), (1, 1), (2, 1), (2, 2), (1, 1, 1), (3, 2), (7, 2), (2, 1, 1, 1)]
TABLES = 40


def tables(rng: np.random.Generator, lattice: Lattice, services: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw costs by service, those of the single shipment, and what fits: concave, convex and senseless rate cards."""
    units = lattice.units[None, None, :]
    base, unit = rng.integers(0, 30, (2, TABLES, services, 1))
    power = rng.choice([0.6, 1.0, 1.6], (TABLES, 1, 1))
    cost = (base + unit * units**power + rng.integers(0, 12, (TABLES, services, lattice.size))).astype(np.int64)
    closed = rng.random((TABLES, services, lattice.size)) < rng.choice([0.0, 0.2, 0.6], (TABLES, 1, 1))
    weight_limit = units > rng.integers(1, 9, (TABLES, services, 1))
    cost[closed | weight_limit] = INFEASIBLE
    cost[:, :, 0] = INFEASIBLE
    single = cost.min(axis=1)
    fits = (single < INFEASIBLE) | (rng.random(single.shape) < rng.choice([0.3, 1.0], (TABLES, 1)))
    fits[:, 0] = False
    return cost, single, fits


@pytest.mark.parametrize("services", [2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_means_that_there_is_nothing(shape, services):
    """10 x 3 x 2 x 40 = 2 400 tables, up to 24 vectors."""
    lattice, rng = lattice_of(shape), np.random.default_rng([*shape, services])
    found, refused = 0, 0
    for extra in (0, int(rng.integers(1, 40))):
        cost, single, fits = tables(rng, lattice, services)
        said = module._several_beat_one(lattice, cost, single, fits, extra)
        for at in range(TABLES):
            exact = module._of_pairs(lattice, cost[[at]], single[[at]], fits[[at]], extra, ONE, ONE)
            assert said[at] or not exact
            found, refused = found + bool(exact), refused + (not said[at])
    assert found
    assert refused


def test_three_services_where_two_do_not_do():
    """Each carries one unit; three units need all three of them."""
    lattice = lattice_of((3,))
    cost = np.full((1, 3, 4), INFEASIBLE)
    cost[0, :, 1] = (5, 6, 7)
    fits = np.array([[False, True, False, True]])
    assert module._several_beat_one(lattice, cost, cost.min(axis=1), fits, 0).tolist() == [True]
    assert len(module._of_pairs(lattice, cost[:1], cost[:1].min(axis=1), fits[:1], 0, ONE, ONE)) == 1


@pytest.mark.parametrize("extra", [0, 3])
def test_two_by_the_same_service_are_not_two(extra):
    """One service, however cheap twice, is no pair of shipments; with another beside it it may be."""
    lattice = lattice_of((2,))
    cost = np.array([[[INFEASIBLE, 1, 20], [INFEASIBLE, INFEASIBLE, 30]]])
    fits = np.array([[False, True, True]])
    assert module._several_beat_one(lattice, cost, cost.min(axis=1), fits, extra).tolist() == [False]
    cost[0, 1, 1] = 18 - extra
    assert module._several_beat_one(lattice, cost, cost.min(axis=1), fits, extra).tolist() == [True]
    cost[0, 1, 1] = 19 - extra
    assert module._several_beat_one(lattice, cost, cost.min(axis=1), fits, extra).tolist() == [False]


def found_in(seed: int) -> list[JointShipments]:
    snapshot, policy = tiny_instance(seed)
    problem = build_problem(snapshot, policy)
    groups = shapes(problem, np.arange(problem.n_orders))
    return [
        one
        for group in groups
        for one in joint_shipments(
            PairTables(shipment_cells(problem, group)), lattice_of(tuple(group.quantities.tolist()))
        )
    ]


def test_without_the_filters_nothing_more_is_found(monkeypatch):
    """Both of them: the one by any two vectors, and the one by services."""
    seeds = (45, 54, 87, 127, 193, 225, 236, 243, *range(700, 708))
    filtered = [found_in(seed) for seed in seeds]
    assert sum(map(bool, filtered)) >= 3
    monkeypatch.setattr(module, "_could_gain", lambda lattice, tables, extra: np.arange(len(tables.cells.pairs.row)))
    monkeypatch.setattr(
        module, "_several_beat_one", lambda lattice, costs, single, fits, extra: np.ones(len(single), dtype=bool)
    )
    assert [found_in(seed) for seed in seeds] == filtered


def test_costs_by_service_of_any_list_of_pairs():
    """In any order, some twice, some that no stock can serve; and none."""
    listed, unserved = 0, 0
    for seed in range(700, 715):
        snapshot, policy = tiny_instance(seed)
        problem, rng = build_problem(snapshot, policy), np.random.default_rng(seed)
        for group in shapes(problem, np.arange(problem.n_orders)):
            costs = shipment_costs(problem, group)
            row = rng.integers(0, len(group.orders), 12)
            place = rng.integers(0, len(costs.nodes), 12)
            by_service = service_costs(costs.cells, row, place)
            assert by_service.shape == (12, problem.book.n_services, len(group.vectors))
            assert np.array_equal(by_service.min(axis=1), costs.cost[row, place])
            for at in range(12):
                alone = service_costs(costs.cells, row[at : at + 1], place[at : at + 1])
                assert np.array_equal(alone[0], by_service[at])
            listed += np.any(by_service < INFEASIBLE)
            unserved += np.any(np.all(by_service >= INFEASIBLE, axis=(1, 2)))
            nothing = np.empty(0, dtype=np.intp)
            assert service_costs(costs.cells, nothing, nothing).shape[0] == 0
    assert listed
    assert unserved
