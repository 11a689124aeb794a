"""The same bytes on one process, on two, and on a cluster of two workers."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec

import numpy as np
import pytest

import quartermaster as qm
from quartermaster.replay import Knobs, write_replay

POLICIES = ("optimal", "cheapest", "hold", "replan")
VARYING = "run.json"
"""Seconds: the one file that differs."""


@pytest.fixture(scope="module")
def stream():
    """Thirty orders over three days."""
    day = qm.demo_snapshot(orders=30, nodes=4, skus=20, seed=3)
    end = np.datetime64(day.as_of.replace(tzinfo=None), "us")
    hours = np.arange(len(day.orders)) * 71 % 72
    ordered = end - hours.astype("timedelta64[h]").astype("timedelta64[us]")
    return replace(day, orders=day.orders.with_columns(ordered_at=ordered))


def written(stream, folder, workers):
    policy = qm.Policy(solver=qm.SolverPolicy(time_limit_seconds=60, work_limit=20))
    found = qm.replay_stream(
        stream, policy, window=timedelta(days=1), policies=POLICIES, knobs=Knobs(patience=1), seeds=2, workers=workers
    )
    assert found.deterministic
    write_replay(found, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != VARYING}


@pytest.fixture(scope="module")
def alone(stream, tmp_path_factory):
    return written(stream, tmp_path_factory.mktemp("replay") / "alone", 1)


def test_files(alone):
    assert set(alone) == {"windows.csv", "totals.csv", "replay.json", "replay.svg", "replay.png"}
    totals = alone["totals.csv"].decode().splitlines()
    assert [row.split(",")[:2] for row in totals[1:]] == [
        ["optimal", "0"], ["optimal", "1"], ["cheapest", "0"], ["hold", "0"], ["hold", "1"], ["replan", "0"],
        ["replan", "1"],
    ]  # fmt: skip
    assert len(alone["windows.csv"].splitlines()) == 1 + 7 * 3


def test_again(stream, alone, tmp_path):
    assert written(stream, tmp_path, 1) == alone


def test_two_processes(stream, alone, tmp_path):
    assert written(stream, tmp_path, 2) == alone


def test_a_cluster_of_two_workers(stream, alone, tmp_path):
    if find_spec("distributed") is None:
        assert os.environ.get("CI") != "true", "CI installs the extra cluster"
        pytest.skip("needs the extra cluster")
    assert written(stream, tmp_path, "dask://local") == alone


def test_without_the_extra_a_cluster_is_refused(stream, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(qm.InputError, match="quartermaster\\[cluster\\]"):
        qm.replay_stream(stream, policies=["cheapest"], workers="dask://local")
