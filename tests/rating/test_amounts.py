from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartermaster.errors import RatingError
from quartermaster.rating import amounts
from quartermaster.rating.amounts import scaled, times

INT64 = 2**63 - 1


def half_up(value):
    """Independent of the package: floor(value + 1/2)."""
    return (value + Fraction(1, 2)).__floor__()


@pytest.mark.parametrize(
    ("value", "factor", "expected"),
    [(1, "1/2", 1), (3, "1/2", 2), (-1, "1/2", 0), (-3, "1/2", -1), (7, "1/3", 2), (5, "1/3", 2), (10, "0", 0)],
)
def test_halves_go_up(value, factor, expected):
    assert scaled(np.array([value]), Fraction(factor)).tolist() == [expected]


values = st.lists(st.one_of(st.integers(-INT64, INT64), st.integers(-(10**9), 10**9)), max_size=6)
factors = st.one_of(
    st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**12),
    st.builds(Fraction, st.integers(0, 10**21), st.sampled_from([1, 2, 10**6, 10**9, 10**12])),
)


@given(values=values, factor=factors)
@settings(max_examples=600, deadline=None)
def test_equals_exact_arithmetic_or_refuses(values, factor):
    expected = [half_up(value * factor) for value in values]
    if all(abs(product) <= INT64 for product in expected):
        assert scaled(np.array(values, dtype=np.int64), factor).tolist() == expected
    else:
        with pytest.raises(RatingError, match="64 bits"):
            scaled(np.array(values, dtype=np.int64), factor)


def test_keeps_the_shape_on_every_path():
    grid = np.arange(6, dtype=np.int64).reshape(2, 3)
    for factor in (Fraction(0), Fraction(2), Fraction(1, 3), Fraction(10**17, 3)):
        assert scaled(grid, factor).tolist() == [[half_up(int(value) * factor) for value in row] for row in grid]


@pytest.mark.parametrize(
    "factor",
    [
        Fraction(1_234_567_890_123, 10**9),  # a rate of 12 decimals per kilometre, in micro per metre
        Fraction(999_999_999, 10**9),
        Fraction(-1_000_000_001, 10**9),
        Fraction(7, 2**30 - 1),
    ],
)
def test_rates_of_twelve_decimals_take_no_slow_path(factor, monkeypatch):
    monkeypatch.setattr(amounts, "_scaled_exactly", None)
    values = np.array([0, 1, 499_999_999, 500_000_000, 10**9 + 1, 20_015_115 * 10**6, -(10**12) - 3])
    if abs(factor) > 2:
        values = values[:5]
    assert scaled(values, factor).tolist() == [half_up(int(value) * factor) for value in values]


def test_products_never_wrap():
    assert times(np.array([2**31]), np.array([2**30])).tolist() == [2**61]
    with pytest.raises(RatingError, match="64 bits"):
        times(np.array([2**31, 1]), np.array([2**31, 1]))
