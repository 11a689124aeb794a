"""Mutation operators on many random good plans: every mutant is caught, no good plan is accused."""

from functools import cache
from random import Random

import pytest
from instances import small_instance
from plan_mutations import OPERATORS
from simple_plan import copy_of, rules_broken, simple_plan
from standing_mutations import STANDING

SEEDS = range(20)


@cache
def _good(seed):
    snapshot, policy = small_instance(seed)
    return simple_plan(snapshot, policy, seed)


def test_there_are_at_least_thirty_operators():
    assert len(OPERATORS) >= 30


@pytest.mark.parametrize("seed", SEEDS)
def test_a_good_plan_is_not_accused(seed):
    assert len(_good(seed).shipments) > 0
    assert rules_broken(_good(seed)) == set()


@pytest.mark.parametrize("name", [*OPERATORS, *STANDING])
def test_every_mutant_is_caught(name):
    caught = 0
    for seed in SEEDS:
        mutant = copy_of(_good(seed))
        expected = {**OPERATORS, **STANDING}[name](mutant, Random(f"{name} {seed}"))
        if expected is not None:
            assert rules_broken(mutant) & expected, (seed, expected)
            caught += 1
    assert caught >= len(SEEDS) // 4
