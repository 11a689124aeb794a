"""``quartermaster replay`` from a shell's point of view."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quartermaster.demo import demo_snapshot
from quartermaster.io import write_snapshot


@pytest.fixture(scope="module")
def weeks(tmp_path_factory):
    """Forty orders over four days; never written to."""
    day = demo_snapshot(orders=40, nodes=5, skus=30, seed=2)
    end = np.datetime64(day.as_of.replace(tzinfo=None), "us")
    hours = (np.arange(len(day.orders)) * 5 % 96 + 1).astype("timedelta64[h]").astype("timedelta64[us]")
    folder = tmp_path_factory.mktemp("replay") / "weeks"
    write_snapshot(replace(day, orders=day.orders.with_columns(ordered_at=end - hours)), folder)
    return folder


def rows_of(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))


OPTIONS = ("--window", "1d", "--policies", "optimal,cheapest", "--time-limit", "20")


def test_it_writes_tables_and_shows_regret(command, weeks):
    done = command("replay", weeks, *OPTIONS)
    assert (done.code, done.err) == (0, "")
    for words in ("optimal", "cheapest", "regret", "Clairvoyant bound", "Replay: replay"):
        assert words in done.out
    assert {path.name for path in Path("replay").iterdir()} == {
        "windows.csv", "totals.csv", "replay.json", "run.json", "replay.svg", "replay.png",
    }  # fmt: skip
    document = json.loads(Path("replay/replay.json").read_text())
    rows = rows_of("replay/totals.csv")
    assert [row["policy"] for row in document["policies"]] == [row["policy"] for row in rows] == ["optimal", "cheapest"]
    for row in rows:
        assert float(row["total"]) / float(document["clairvoyant"]["bound"]) - 1 == pytest.approx(float(row["regret"]))
    windows = rows_of("replay/windows.csv")
    assert len(windows) == 2 * document["windows"]
    ends = {row["policy"]: row["total_so_far"] for row in windows}
    assert ends == {row["policy"]: row["total"] for row in rows}
    assert ends == {row["policy"]: row["came_so_far"] for row in windows}


def test_json_and_nothing_else(command, weeks):
    done = command("replay", weeks, *OPTIONS, "--no-bound", "--json")
    document = json.loads(done.out)
    assert (done.code, done.err, document["clairvoyant"]) == (0, "", None)
    assert {row["regret"] for row in document["policies"]} == {""}
    assert not Path("replay").exists()


def test_problems_are_told_as_everywhere(command, weeks, tmp_path):
    assert command("replay", weeks, "--window", "soon").code == 2
    done = command("replay", weeks, "--policies", "best,worst", "--errors=json")
    assert (done.code, json.loads(done.err)["errors_total"]) == (2, 2)
    assert command("replay", weeks, "--begin", "yesterday").code == 2
    assert command("replay", weeks, "--hold-cost", "-1").code == 2
    assert command("replay", tmp_path / "nowhere").code == 2
    (tmp_path / "replay").write_text("not a folder")
    assert command("replay", weeks, *OPTIONS, "--no-bound", "--out", tmp_path / "replay").code == 2
