"""Short limits: a checked plan every time, not dearer than a rule that finished. How long it took matters elsewhere."""

from __future__ import annotations

import json

import pytest

from benchmarks import deadlines
from benchmarks.deadlines import Run, main


def test_plans_within_short_limits_are_whole(tmp_path, capsys):
    out = tmp_path / "deadlines.json"
    short = ["--families", "S", "--instances", "2", "--limits", "0.05", "1"]
    assert main([*short, "--ignore-time", "--out", str(out)]) == 0
    runs = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert [(run["seed"], run["limit"]) for run in runs] == [(1, 0.05), (1, 1.0), (2, 0.05), (2, 1.0)]
    assert "4 checked plans, 0 dearer than cheapest, 0 broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wall", "total", "broken"),
    [(1.4, 100, False), (1.6, 100, True), (1.4, 101, True)],
)
def test_what_is_late_or_dearer_is_seen(wall, total, broken, monkeypatch, tmp_path):
    run = Run("S", 1, 1.0, wall, total, 100, rule_finished=True, gap=0.0, failures=0)
    monkeypatch.setattr(deadlines, "runs_of", lambda *given: [run])
    assert main(["--families", "S", "--instances", "1", "--out", str(tmp_path / "out.json")]) == int(broken)
