"""Beginnings of postal codes: whatever begins a code of a pattern, and nothing else."""

from itertools import product

import pytest
from cpu_seconds import least_cpu_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from quartermaster.io.iso import ANY_POSTAL, POSTAL_PATTERNS
from quartermaster.io.postal_prefixes import begins_postal_code

ALPHABET = "0A -"
"""One sign of each class of any pattern: digits, letters and the two separators."""
LONGEST = 7
"""Signs of the longest code of the countries that are tried in full."""


def every_code(country: str) -> set[str]:
    """List every postal code of a country over the alphabet, by trying all texts."""
    texts = ("".join(signs) for length in range(LONGEST + 1) for signs in product(ALPHABET, repeat=length))
    return {text for text in texts if POSTAL_PATTERNS[country].fullmatch(text)}


@pytest.mark.parametrize("country", ["DE", "AT", "CN", "CZ", "CA", "NL"])
def test_equals_trying_every_code(country):
    codes = every_code(country)
    assert codes
    beginnings = {code[:length] for code in codes for length in range(len(code) + 1)}
    for length in range(6):
        for signs in product(ALPHABET, repeat=length):
            text = "".join(signs)
            assert begins_postal_code(text, country) == (text in beginnings), text


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(POSTAL_PATTERNS)).flatmap(
        lambda country: st.tuples(st.just(country), st.from_regex(POSTAL_PATTERNS[country], fullmatch=True))
    )
)
def test_every_beginning_of_a_code_begins_one(drawn):
    country, code = drawn
    assert all(begins_postal_code(code[:length], country) for length in range(len(code) + 1))
    assert not begins_postal_code(code + "#", country)


@pytest.mark.parametrize(
    ("country", "yes", "no"),
    [
        ("US", ["", "0", "02139", "02139-", "02139-1234"], ["A", "021391", "2139 ", "02139-12345", "-"]),
        ("GB", ["S", "SW", "SW1", "SW1A", "SW1A ", "SW1A 1AA", "M1"], ["sw", "SWA", "1", "SW1A 1AAA"]),
        ("CA", ["K", "K1A", "K1A ", "K1A 0B1", "K1A0"], ["KK", "1", "K1A  "]),
        ("JP", ["100", "100-", "1000001"], ["100--", "100-00011"]),
        ("IE", ["D", "D02 AF30", "1"], ["#", " ", "-1", "A" * 17]),  # no pattern of its own: anything plausible
    ],
)
def test_by_hand(country, yes, no):
    assert [text for text in yes if not begins_postal_code(text, country)] == []
    assert [text for text in no if begins_postal_code(text, country)] == []


def test_a_long_text_takes_no_more_than_its_length():
    assert ANY_POSTAL.fullmatch("A" * 16)

    def seconds(length):
        def ask():
            for country in ("US", "GB", "IE"):
                assert not begins_postal_code("0A" * length, country)
                assert not begins_postal_code("A" * length + "#", country)

        return least_cpu_seconds(lambda: [ask() for _ in range(20)])

    assert seconds(64_000) < 64 * seconds(4_000)  # sixteen times where it is read once, 256 where again and again
