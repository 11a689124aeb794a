"""The compact model's optimum against the list of all choices, by two unlike solvers."""

import numpy as np
import pytest
from compact_answers import compact_answer
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice

from solver_models.backend import Solver
from solver_models.model import build_compact
from solver_models.sourcing import cost_of

SIZES = [Size(), Size(orders=4, nodes=2, lines=3, units=1), Size(orders=2, nodes=4, lines=1, units=4)]


@pytest.mark.parametrize("seed", range(150))
def test_optimum_is_that_of_all_choices(seed):
    arrays = random_sourcing(seed, SIZES[seed % len(SIZES)])
    columns, value = compact_answer(arrays, Solver.HIGHS if seed % 3 else Solver.CP_SAT)
    best = best_choice(arrays).cost
    assert cost_of(arrays, columns) == best
    assert value == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("seed", range(30))
def test_orders_left_out_are_not_in_the_model(seed):
    arrays = random_sourcing(seed, Size(orders=4))
    inside = np.random.default_rng(seed).random(arrays.n_orders) < 0.5
    model = build_compact(arrays, inside, np.ones(arrays.n_resources, dtype=bool))
    assert model.columns.tolist() == np.flatnonzero(inside[arrays.column_order]).tolist()
    assert set(model.link_order.tolist()) <= set(np.flatnonzero(inside).tolist())
    assert np.all(arrays.opening[model.link_node] > 0)


def test_resources_that_cannot_bind_have_no_row():
    arrays = random_sourcing(8, Size(orders=4, nodes=3))
    everything = np.ones(arrays.n_orders, dtype=bool)
    binding = np.zeros(arrays.n_resources, dtype=bool)
    assert len(build_compact(arrays, everything, binding).resources) == 0
    touched = np.flatnonzero(np.diff(arrays.usage.tocsr().indptr))
    binding[touched[:2]] = True
    assert build_compact(arrays, everything, binding).resources.tolist() == touched[:2].tolist()


@pytest.mark.parametrize("seed", range(20))
def test_dropping_resources_that_cannot_bind_changes_nothing(seed):
    """`potential` is the most that one column per order and node can take together."""
    arrays = random_sourcing(seed)
    usage = arrays.usage.toarray()
    expected = np.zeros(arrays.n_resources, dtype=np.int64)
    for order in range(arrays.n_orders):
        for node in range(arrays.n_nodes):
            own = (arrays.column_order == order) & (arrays.column_node == node)
            if own.any():
                expected += usage[:, own].max(axis=1)
    assert arrays.potential().tolist() == expected.tolist()
