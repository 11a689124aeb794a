"""Every kind of corrupted plan is caught, by exactly the rules that it breaks."""

from dataclasses import replace
from decimal import Decimal

import pytest
from corruptions import CORRUPTIONS
from false_claims import FALSE_CLAIMS
from good_plan import TOTAL_MICRO, Draft, bare_draft, full_draft

from quartermaster.evaluation import RULES, evaluate_tables


def _rules_broken(draft: Draft) -> set[str]:
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **draft.frames(), claimed=draft.claimed)
    return {violation.rule for violation in evaluation.violations}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_plan_breaks_its_rules_and_no_other(name):
    mutate, rules = CORRUPTIONS[name]
    draft = bare_draft()
    assert _rules_broken(draft) == set()
    mutate(draft)
    assert _rules_broken(draft) == rules


@pytest.mark.parametrize("name", FALSE_CLAIMS)
def test_a_false_claim_is_named_and_nothing_else(name):
    mutate, rules = FALSE_CLAIMS[name]
    draft = full_draft()
    assert _rules_broken(draft) == set()
    mutate(draft)
    assert _rules_broken(draft) == rules


def test_a_claimed_total_that_is_not_the_sum_of_its_terms_is_caught():
    draft = full_draft()
    given = {**draft.frames(), "claimed": draft.claimed}
    right = evaluate_tables(draft.snapshot, draft.policy, **given, claimed_total_micro=TOTAL_MICRO)
    wrong = evaluate_tables(draft.snapshot, draft.policy, **given, claimed_total_micro=TOTAL_MICRO + 1)
    assert right.violations == ()
    assert [(violation.rule, violation.where) for violation in wrong.violations] == [
        ("wrong_objective", "objective total")
    ]


def test_every_rule_has_a_corrupted_plan_that_breaks_it():
    caught = set().union(*(rules for _, rules in (*CORRUPTIONS.values(), *FALSE_CLAIMS.values())))
    assert caught == set(RULES)


def test_a_violation_says_where_and_how_much():
    draft = bare_draft()
    mutate, _ = CORRUPTIONS["one_unit_more_than_available"]
    mutate(draft)
    (violation,) = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations
    assert str(violation) == "node N2 sku lamp: 2 units leave, 1 are available [stock]"


def test_a_radius_that_is_just_met_is_no_violation():
    draft = bare_draft()
    radius = replace(draft.policy.service, max_distance_km=Decimal("20015.115"))
    draft.policy = replace(draft.policy, service=radius)
    assert _rules_broken(draft) == set()


def _unknown_service(draft: Draft) -> None:
    draft.shipment("S3")["service"] = "rocket"


def _service_elsewhere(draft: Draft) -> None:
    draft.change("services", ("post", "air"), nodes=("N1", "N3"))


def _another_level(draft: Draft) -> None:
    draft.change("orders", ("O2",), service_level="std")  # S3 goes by air, S2 by ground, which is of that level


@pytest.mark.parametrize("mutate", [_unknown_service, _service_elsewhere, _another_level])
def test_a_shipment_that_is_not_offered_counts_nothing(mutate):
    draft = bare_draft()
    before = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective
    mutate(draft)
    after = evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).objective
    assert before.transport_micro - after.transport_micro == 20_000_000
    assert before.handling_micro - after.handling_micro == 1_300_000
    assert before.distance_micro - after.distance_micro == 500_378
    assert after.backorder_micro == before.backorder_micro
