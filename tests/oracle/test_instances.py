"""The random instances: repeatable, and every feature of the contract drawn and binding."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from brute_force import Enumeration, cheapest_cost
from instance_features import EDITS
from instances import small_instance, tiny_instance

from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.policy import Policy

SEEDS = range(500)
"""The seeds of the long run of `test_optimum`; a feature counts as exercised when it binds among them."""
ENOUGH = 2


@cache
def _case(seed: int) -> tuple[Snapshot, Policy]:
    return tiny_instance(seed)


@cache
def _known(seed: int) -> int:
    return cheapest_cost(*_case(seed))


@pytest.mark.parametrize("feature", EDITS)
def test_is_drawn_and_binds(feature: str) -> None:
    binding = 0
    for seed in SEEDS:
        case = _case(seed)
        edited = EDITS[feature](*case)
        if (edited[0] is not case[0] or edited[1] != case[1]) and cheapest_cost(*edited) != _known(seed):
            binding += 1
            if binding == ENOUGH:
                return
    pytest.fail(f"{feature} binds in {binding} of {len(SEEDS)} instances")


def test_most_instances_are_contested() -> None:
    """At least a third of the instances cost more together than order by order on their own."""
    contested = 0
    for seed in range(90):
        enumeration = Enumeration(*_case(seed))
        alone = sum(min(option.cost for option in enumeration.options(order)) for order in enumeration.orders)
        contested += enumeration.cheapest() > alone
    assert contested >= 30


@pytest.mark.parametrize("draw", [tiny_instance, small_instance])
def test_is_repeatable(draw: Callable[[int], tuple[Snapshot, Policy]]) -> None:
    first, second, other = draw(7), draw(7), draw(8)
    assert _content(first[0]) == _content(second[0]) != _content(other[0])
    assert first[1] == second[1]
    assert first[0].checked


def _content(snapshot: Snapshot) -> list[str]:
    return [repr(row) for name in ROW_TYPES for row in snapshot.table(name)]
