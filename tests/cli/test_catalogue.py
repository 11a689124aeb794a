"""Every bad file of the catalogue through the command line: its exit code, all its problems, and no traceback."""

from __future__ import annotations

import json

import pytest
from catalogue import CASES, laid_out

OPTIONS = {"negative_stock_as_zero": ("--negative-stock", "as-zero"), "strict": ("--strict",)}
LISTED = 100


def asked(case, expected):
    """Options of the case on the command line; None where it has none for it (caps, quarantine)."""
    given = expected.get("options", {})
    if "limits" in expected or not set(given) <= set(OPTIONS):
        return None
    return [word for name, wanted in given.items() if wanted for word in OPTIONS[name]]


def place(problem):
    return tuple(str(problem.get(name) or "") for name in ("code", "file", "row", "column", "pointer"))


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case, command, tmp_path):
    path, expected = laid_out(case, tmp_path / "case")
    options = asked(case, expected)
    if options is None:
        assert "limits" in expected or "quarantine" in expected["options"]
        return
    if expected.get("policy"):
        options += ["--policy", path / "policy.toml"]
    done = command("validate", path, "--errors=json", *options)
    assert done.out == "" if expected.get("problems") else done.out
    if not expected.get("problems"):
        assert done.code == 0
        return
    assert done.code == 2
    problem = json.loads(done.err)
    assert problem["errors_total"] == len(expected["problems"])
    found = sorted(place(error) for error in problem["errors"])
    assert found == sorted(place(entry) for entry in expected["problems"])[:LISTED]
