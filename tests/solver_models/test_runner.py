"""Every answer is looked at: what cannot be true is taken out and said, what is only rounding is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from solver_models.backend import Answer, LinearModel, Solver
from solver_models.runner import SHORTEST, InProcess, Recorded, SolveJob, examined, limit_within, overrun

MODEL = LinearModel(
    cost=np.array([3.0, 5.0]),
    lower=np.zeros(2),
    upper=np.array([4.0, 4.0]),
    integer=np.ones(2, dtype=bool),
    matrix=sparse.csr_array([[1.0, 1.0]]),
    row_lower=np.array([2.0]),
    row_upper=np.array([np.inf]),
)
"""At least two units, at 3 or 5 each: 6."""
JOB = SolveJob(MODEL, Solver.HIGHS, 10.0)
RELAXED = replace(JOB, model=replace(MODEL, integer=np.zeros(2, dtype=bool)), solver=Solver.GLOP)
TRUE = Answer(np.array([2.0, 0.0]), 6.0, finished=True, objective=6.0)


def test_the_truth_passes():
    seen = examined(JOB, TRUE)
    assert seen.values.tolist() == [2.0, 0.0]
    assert (seen.bound, seen.objective, seen.finished, seen.contradiction, seen.rounded) == (6.0, 6.0, True, "", False)


@pytest.mark.parametrize(
    ("changes", "values", "bound", "said"),
    [
        ({"infeasible": True, "values": None}, None, 6.0, "there is one"),
        ({"values": np.array([2.0])}, None, -np.inf, "1 values for 2"),
        ({"values": np.array([2.0, np.nan])}, None, -np.inf, "not all of its values"),
        ({"values": np.array([1.0, 0.0]), "objective": 3.0}, None, -np.inf, "breaks the model"),
        ({"values": np.array([5.0, 0.0]), "objective": 15.0}, None, -np.inf, "breaks the model"),
        ({"values": np.array([1.6, 0.0]), "objective": 4.8}, [2, 0], 6.0, "costs 4.8"),
        ({"objective": 5.0}, [2, 0], 6.0, "costs 5"),
        ({"bound": 6.01}, [2, 0], -np.inf, "bound 6.01 is above"),
        ({"bound": np.nan}, [2, 0], -np.inf, "bound is nan"),
        ({"bound": np.inf}, [2, 0], -np.inf, "bound is inf"),
    ],
)
def test_what_cannot_be_true_is_taken_out(changes, values, bound, said):
    seen = examined(JOB, replace(TRUE, **changes))
    assert (None if seen.values is None else seen.values.tolist()) == values
    assert seen.bound == bound
    assert said in seen.contradiction
    assert not seen.finished
    assert not seen.infeasible


@pytest.mark.parametrize(
    ("changes", "rounded"),
    [
        ({"values": np.array([2 - 1e-9, 1e-9]), "objective": 6 + 2e-9, "bound": 6 + 3e-9}, False),
        ({"values": np.array([1.99999, 1e-5]), "objective": None}, True),
    ],
)
def test_rounding_is_no_contradiction(changes, rounded):
    seen = examined(JOB, replace(TRUE, **changes))
    assert seen.values.tolist() == [2.0, 0.0]
    assert seen.bound == 6.0
    assert seen.contradiction == ""
    assert seen.rounded == rounded


@pytest.mark.parametrize(
    ("duals", "said"), [([1.0, 1.0], "2 duals for 1"), ([np.nan], "not all of its duals"), ([[1.0]], "1 duals for 1")]
)
def test_duals_that_are_none(duals, said):
    seen = examined(RELAXED, replace(TRUE, row_duals=np.array(duals)))
    assert seen.row_duals is None
    assert said in seen.contradiction


@pytest.mark.parametrize("answer", [None, "optimal", replace(TRUE, bound=None), replace(TRUE, values="all")])
def test_what_is_no_answer_is_a_failure(answer):
    seen = InProcess(lambda *given, **limits: answer).run([JOB])[0]
    assert seen.values is None
    assert seen.bound == -np.inf
    assert "cannot be read" in seen.failure


def test_what_a_failing_solver_claims_besides_does_not_count():
    seen = examined(JOB, replace(TRUE, failure="CHECK failed"))
    assert (seen.values, seen.bound, seen.finished, seen.failure) == (None, -np.inf, False, "CHECK failed")


def test_faults_are_recorded_in_words():
    answers = iter([TRUE, replace(TRUE, bound=7.0), replace(TRUE, failure="lost"), replace(TRUE, objective=None)])
    recorded = Recorded(InProcess(lambda *given, **limits: next(answers)))
    assert len(recorded.run([JOB] * 4)) == 4
    assert recorded.contradictions == ["highs: its bound 7 is above the cost 6 of its own solution"]
    assert recorded.failures == ["highs: lost"]


@pytest.mark.parametrize("rows", [1, 300])
@pytest.mark.parametrize("seconds", [-1.0, 0.1, 3.0, 200.0])
def test_a_limit_leaves_room_for_what_a_solver_overruns_it(rows, seconds):
    model = replace(MODEL, matrix=sparse.csr_array(np.ones((rows, 1_000))))
    limit = limit_within(model, seconds)
    assert limit == SHORTEST or limit + overrun(model) <= seconds
    assert SHORTEST <= limit <= max(SHORTEST, 0.9 * seconds)
    assert limit_within(MODEL, seconds) >= limit


def test_a_larger_model_may_overrun_its_limit_by_more():
    larger = replace(MODEL, matrix=sparse.csr_array(np.ones((300, 1_000))))
    assert overrun(larger) > 1.0 > overrun(MODEL)
