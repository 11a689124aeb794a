"""Numbers of the policy: exact as written, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quartermaster.errors import PolicyError
from quartermaster.policy import BackorderPolicy, Policy


def cost_per_unit(value: object) -> Decimal:
    return Policy(backorder=BackorderPolicy(cost_per_unit=value)).backorder.cost_per_unit


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("1e-12", "0.000000000001"),
        ("12.50000000000000", "12.5"),
        ("123456789.000000000001", "123456789.000000000001"),
        ("1E3", "1000"),
        (".5", "0.5"),
        (0.1, "0.1"),
        (-0.0, "0"),
        ("0e-999999999", "0"),
    ],
)
def test_taken_exactly(written: object, exact: str) -> None:
    assert cost_per_unit(written) == Decimal(exact)


@pytest.mark.parametrize(
    "written",
    [
        "1e-13",
        "1e-1000000000",
        "1e-999999999",
        "123456789.00000000000000000000000001",
        "1_0",
        " 5 ",
        "１２",
        "NaN",
        "0." + "0" * 5_000,
        "",
        True,
    ],
)
def test_not_a_number_of_the_contract(written: object) -> None:
    with pytest.raises(PolicyError) as refused:
        cost_per_unit(written)
    assert [problem.code for problem in refused.value.problems] == ["type"]


@pytest.mark.parametrize("written", ["1e999999999", "1000000001", "-1", "-1e999999999"])
def test_out_of_range(written: object) -> None:
    with pytest.raises(PolicyError) as refused:
        cost_per_unit(written)
    assert [problem.code for problem in refused.value.problems] == ["weight_range"]
