"""``quartermaster bench`` as an installed package runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_smallest_family_from_the_command_line(command):
    done = command("bench", "--families", "tiny", "--seeds", "2", "--rules", "cheapest", "--out", "mine.json")
    assert done.code == 0
    for words in ("tiny seed 2", "over cheapest", "mine.json"):
        assert words in done.out
    assert "tiny seed 2" in done.err  # how far it is, for whoever waits
    written = json.loads(Path("mine.json").read_text())
    assert written["machine"]["cores"] >= 1
    assert [run["seed"] for run in written["runs"]] == [2]
    assert [plan["strategy"] for plan in written["runs"][0]["plans"]] == ["optimal", "cheapest"]
    assert written["runs"][0]["plans"][0]["status"] == "optimal"
    kept = command("bench", "--families", "tiny", "--seeds", "2", "--keep", "--out", "mine.json", "--json")
    assert kept.code == 0
    assert json.loads(kept.out)["runs"] == written["runs"]


def test_large_families_need_parquet(command, monkeypatch):
    monkeypatch.setattr("quartermaster.cli.commands.bench.find_spec", lambda _: None)
    done = command("bench", "--families", "L")
    assert done.code == 2
    assert "quartermaster[parquet]" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--families", "XXL"), "XXL"),
        (("--seeds", "one"), "'one'"),
        (("--seeds", ""), "list of whole"),
        (("--rules", "dearest"), "dearest"),
        (("--suite", "all"), "smoke"),
        (("--data", "nowhere"), "--data"),
        (("--out", "no/folder/mine.json"), "no/folder"),
        (("--out", "."), "written"),
    ],
)
def test_a_wrong_choice_is_told_before_anything_is_measured(command, arguments, words):
    done = command("bench", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert list(Path().iterdir()) == []
