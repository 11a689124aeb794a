"""Sampled cells: alike on every instance, and a fault of either side is seen."""

from __future__ import annotations

import numpy as np
import pytest
from instances import small_instance, tiny_instance

import quartermaster as qm
from quartermaster.evaluation.records import records_of
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.rating.book import RateBook
from quartermaster.verification.cells import draw_cells


@pytest.mark.parametrize("seed", range(6))
def test_rating_and_evaluation_agree_cell_by_cell(seed):
    snapshot, policy = small_instance(seed)
    cells = draw_cells(build_problem(snapshot, policy), records_of(snapshot), 100, seed)
    assert len(cells) == 100
    assert all(cell.agrees for cell in cells)
    assert all((cell.evaluated_micro is None) == bool(cell.rules) for cell in cells)


def test_cells_are_of_every_kind():
    offered, rules = 0, set()
    for seed in range(6):
        snapshot, policy = small_instance(seed)
        for cell in draw_cells(build_problem(snapshot, policy), records_of(snapshot), 60, 1):
            offered += cell.evaluated_micro is not None
            rules |= set(cell.rules)
    assert offered > 50
    assert {"stock", "promise_date", "no_zone", "node_disabled"} <= rules


def test_the_draw_is_named_by_its_seed():
    snapshot, policy = small_instance(1)
    problem, records = build_problem(snapshot, policy), records_of(snapshot)
    assert draw_cells(problem, records, 30, 5) == draw_cells(problem, records, 30, 5)
    assert draw_cells(problem, records, 30, 5) != draw_cells(problem, records, 30, 6)


def test_a_price_that_is_off_by_a_millionth_is_seen(monkeypatch):
    snapshot, policy = small_instance(2)
    genuine = RateBook.handling
    monkeypatch.setattr(RateBook, "handling", lambda book, node, units: genuine(book, node, units) + 1)
    cells = draw_cells(build_problem(snapshot, policy), records_of(snapshot), 60, 0)
    offered = [cell for cell in cells if cell.evaluated_micro is not None]
    assert offered
    assert not any(cell.agrees for cell in offered)
    assert all(cell.rated_micro == cell.evaluated_micro + 1 for cell in offered)


def test_a_lane_that_only_one_side_offers_is_seen(monkeypatch):
    monkeypatch.setattr(PlanningProblem, "allowed_at", lambda problem, line, node: np.ones(len(line), dtype=bool))
    wrong = []
    for seed in range(6):
        snapshot, policy = small_instance(seed)
        cells = draw_cells(build_problem(snapshot, policy), records_of(snapshot), 60, 0)
        wrong += [cell for cell in cells if not cell.agrees]
    assert wrong
    assert all(cell.evaluated_micro is None and cell.rated_micro is not None for cell in wrong)


def test_verify_reports_cells_that_differ(monkeypatch):
    snapshot, policy = tiny_instance(4)
    plan = qm.plan(snapshot, policy)
    assert qm.verify(snapshot, plan, cells=50).ok
    genuine = RateBook.late_cost
    monkeypatch.setattr(RateBook, "late_cost", lambda book, days: genuine(book, days) + 1)
    found = qm.verify(snapshot, plan, cells=50)
    assert not found.ok
    assert len(found.mismatches) == found.cells_offered > 0
    assert any("differ" in fault for fault in found.faults)
