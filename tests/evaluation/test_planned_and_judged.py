"""Plans of the planner itself: none is accused, each mutant is caught, in memory and through the plan folder."""

from functools import cache
from random import Random

import pytest
from good_plan import POLICY, Draft, good_plan, good_snapshot
from plan_mutations import OPERATORS
from simple_plan import copy_of, rules_broken

import quartermaster as qm
from quartermaster.policy import RULES, BackorderPolicy, ObjectivePolicy, Policy, ServicePolicy, SolverPolicy

STRATEGIES = ("optimal", *RULES)
COSTS = {
    "objective": ObjectivePolicy(cost_per_unit_km="0.0001", extra_shipment="0.40"),
    "service": ServicePolicy(late="price"),
    "backorder": BackorderPolicy(cost_per_order="1.5"),
}


@cache
def _snapshot():
    return qm.demo_snapshot(orders=60, nodes=8, seed=3)


@cache
def _plan(strategy):
    return qm.plan(_snapshot(), Policy(strategy=strategy, solver=SolverPolicy(time_limit_seconds=5), **COSTS))


@cache
def _draft(strategy):
    plan = _plan(strategy)
    return Draft(
        snapshot=_snapshot(),
        policy=plan.policy,
        allocations=plan.allocations.to_dict("records"),
        shipments=plan.shipments.to_dict("records"),
        backorders=plan.backorders.to_dict("records"),
        claimed=plan.objective,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_plan_is_judged_good_in_memory_and_from_its_folder(strategy, tmp_path):
    plan = _plan(strategy)
    assert len(plan.shipments) > 30
    plan.write(tmp_path)
    for given in (plan, tmp_path):
        evaluation = qm.evaluate(_snapshot(), given)
        assert evaluation.violations == ()
        assert evaluation.objective == plan.objective


@pytest.mark.parametrize("name", OPERATORS)
def test_every_mutant_of_a_plan_is_caught(name):
    caught = 0
    for strategy in STRATEGIES:
        mutant = copy_of(_draft(strategy))
        expected = OPERATORS[name](mutant, Random(f"{name} {strategy}"))
        if expected is not None:
            assert rules_broken(mutant) & expected, (strategy, expected)
            caught += 1
    assert caught > 0


def test_a_corrupted_folder_is_caught(tmp_path):
    good_plan().write(tmp_path)
    assert qm.evaluate(good_snapshot(), tmp_path).violations == ()
    path = tmp_path / "plan.json"
    path.write_text(path.read_text().replace('"total": "538.143814"', '"total": "538.143813"'))
    assert [violation.where for violation in qm.evaluate(good_snapshot(), tmp_path).violations] == ["objective total"]


def test_under_another_policy_a_plan_costs_something_else_and_is_not_accused_of_it(tmp_path):
    plan = good_plan()
    plan.write(tmp_path)
    dearer = Policy(objective=POLICY.objective, service=POLICY.service, backorder=BackorderPolicy(cost_per_unit=200))
    free = Policy(service=ServicePolicy(late="price", cost_per_late_day=0))
    for given in (plan, tmp_path):
        # O2: 200 * (1 + 2) for the lamp; O4 has its own cost, 24.691356; orders cost nothing here.
        assert qm.evaluate(good_snapshot(), given, dearer).objective.backorder_micro == 624_691_356
        assert qm.evaluate(good_snapshot(), given, dearer).violations == ()
        assert qm.evaluate(good_snapshot(), given, free).violations == ()
        assert qm.evaluate(good_snapshot(), given, free).objective.late_micro == 0
        # A constraint of the other policy counts all the same.
        strict = qm.evaluate(good_snapshot(), given, Policy())
        assert {violation.rule for violation in strict.violations} == {"promise_date"}


def test_the_same_costs_with_another_strategy_are_still_compared():
    plan = good_plan()
    policy = Policy(strategy="nearest", objective=POLICY.objective, service=POLICY.service, backorder=POLICY.backorder)
    assert qm.evaluate(good_snapshot(), plan, policy).violations == ()
    wrong = good_plan(shipments=plan.shipments.assign(late=plan.shipments["late"] + 1))
    assert {violation.rule for violation in qm.evaluate(good_snapshot(), wrong, policy).violations} == {"wrong_late"}
