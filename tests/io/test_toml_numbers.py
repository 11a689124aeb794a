"""Numbers in TOML files: as written, and however long, a problem and no failure of ours."""

from __future__ import annotations

from decimal import Decimal

import pytest

from quartermaster.errors import InputError, PolicyError
from quartermaster.io import read_policy, read_snapshot
from quartermaster.io.toml_text import parse_toml

ENDLESS = {"decimal": "9" * 5_000, "hexadecimal": "0x" + "f" * 5_000, "octal": "0o" + "7" * 6_000}
"""Whole numbers that Python does not write out."""


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_number_is_a_problem_of_its_file(tmp_path, name):
    (tmp_path / "policy.toml").write_text(f"[solver]\nseed = {ENDLESS[name]}\n", encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        read_policy(tmp_path / "policy.toml")
    assert [(problem.code, problem.file) for problem in refused.value.problems] == [("toml_syntax", "policy.toml")]
    (tmp_path / "snapshot.toml").write_text(f"version = [{{a = {ENDLESS[name]}}}]\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_snapshot(tmp_path)
    assert ("toml_syntax", "snapshot.toml") in {(problem.code, problem.file) for problem in refused.value.problems}


def test_an_exponent_of_twenty_digits_is_out_of_range(tmp_path):
    (tmp_path / "policy.toml").write_text(f"[backorder]\ncost_per_unit = 1e{'9' * 20}\n", encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        read_policy(tmp_path / "policy.toml")
    assert [problem.code for problem in refused.value.problems] == ["weight_range"]


def test_fractions_are_as_written():
    assert str(parse_toml("a = 1.50", "")["a"]) == "1.50"
    assert parse_toml("a = 1_000.5", "")["a"] == Decimal("1000.5")
    assert parse_toml(f"a = {'9' * 4_200}", "")["a"] == 10**4_200 - 1
