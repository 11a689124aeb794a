"""Known values: the plan made by hand, each figure worked out in the comments of `good_plan`."""

from dataclasses import asdict

import pytest
from good_plan import OBJECTIVE, TOTAL_MICRO, bare_draft, full_draft

from quartermaster.domain.plan import Objective
from quartermaster.evaluation import evaluate_tables


def test_the_good_plan_breaks_no_rule_with_every_column_and_cost_claimed():
    draft = full_draft()
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **draft.frames(), claimed=draft.claimed)
    assert evaluation.violations == ()
    assert evaluation.feasible


@pytest.mark.parametrize("term", list(asdict(OBJECTIVE)))
def test_each_term_is_the_sum_worked_out_by_hand(term):
    draft = bare_draft()
    objective = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective
    assert getattr(objective, term) == getattr(OBJECTIVE, term)


def test_the_total_is_the_sum_of_the_terms():
    draft = bare_draft()
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective.total_micro == TOTAL_MICRO


def test_a_plan_of_nothing_costs_its_backorders_and_breaks_no_rule():
    draft = bare_draft()
    draft.allocations, draft.shipments = [], []
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **draft.frames())
    assert evaluation.violations == ()
    # O1 5 * 100 + 2.50; O2 (4 * 100 + 2.50) * 3; O3 3 * 100 + 2.50; O4 29.691356; O5 100 + 2.50.
    assert evaluation.objective == Objective(
        backorder_micro=502_500_000 + 1_207_500_000 + 302_500_000 + 29_691_356 + 102_500_000
    )
