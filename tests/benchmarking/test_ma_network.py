"""The published experiment on a network of three nodes: what must hold whatever is drawn."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import ma_network
from benchmarks.ma_instances import Network, instance
from benchmarks.ma_table import BOUND, PLAN, block, table
from quartermaster.io import ready, snapshot_sha256

TINY = Network("", skus=6, kinds_of_size=2, orders=80)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    (folder / "ma2023_cities.csv").write_text(
        "name,lat,lon,population\nNew York,40.69,-73.92,300\nChicago,41.84,-87.69,200\nHouston,29.79,-95.39,100\n"
    )
    (folder / "ma2023_fulfillment_centers.csv").write_text(
        "name,lat,lon\nPHL,39.95,-75.16\nIND,39.98,-86.38\nDFW,32.90,-97.04\n"
    )
    return folder


@pytest.fixture(scope="module")
def done(data: Path) -> dict:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ma_network, "BATCHES", 6)
        return ma_network.run(TINY, data, 5.0, 1)


def test_nobody_pays_less_than_the_bound(done: dict) -> None:
    runs = done["runs"]
    assert runs[BOUND]["finished"]
    assert all(run["cost"] >= runs[BOUND]["cost"] for run in runs.values())
    assert all(run["cost"] >= 0.999 * runs[PLAN]["cost"] for name, run in runs.items() if name != BOUND)
    assert runs["cheapest"]["cost"] > runs[PLAN]["cost"]


def test_an_instance_is_the_same_each_time_and_every_node_sells_what_it_has(data: Path) -> None:
    one, again, other = (instance(TINY, data, seed) for seed in (1, 1, 2))
    named = [snapshot_sha256(ready(drawn.stream)) for drawn in (one, again, other)]
    assert named[0] == named[1] != named[2]
    assert one.rate.sum() == pytest.approx(again.rate.sum())
    assert 0 < one.rate.sum() < 1  # in some periods no order comes
    sizes = Counter(Counter(line.order_id for line in one.stream.order_lines).values())
    assert set(sizes) <= {1, 2, 3, 4, 5}
    assert len(one.stream.orders) == len(one.came_in) < TINY.orders


def test_the_table_says_cost_over_bound_and_its_spread(done: dict) -> None:
    runs = done["runs"]
    dearer = {**done, "seed": 2, "runs": {**runs, "cheapest": {**runs["cheapest"], "cost": 2 * runs[BOUND]["cost"]}}}
    rows = [line.split(" | ") for line in table([done, dearer]).splitlines()[2:]]
    ratio = runs["cheapest"]["cost"] / runs[BOUND]["cost"]
    row = next(row for row in rows if row[0] == "| cheapest")
    assert row[1] == f"{(ratio + 2) / 2:.4f}"
    assert row[2].endswith("to 2.0000")
    held = {
        "network": "tiny",
        "runs": [done],
        "date": "2026-01-02",
        "commit": "abc",
        "machine": {"cores": 2, "processor": "X"},
    }
    assert "seed 1" in block([held])
    assert "2026-01-02 at `abc` on 2 cores (X)" in block([held])
    assert block([]) == ""
