"""The same arguments give the same day, everywhere; another seed gives another."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from quartermaster.demo import Size, demo_snapshot, draw_snapshot
from quartermaster.demo.published import places
from quartermaster.errors import InputError
from quartermaster.io import snapshot_sha256

_SMALL = {"orders": 60, "nodes": 12, "skus": 40}


def test_same_arguments_give_the_same_content_and_another_seed_does_not() -> None:
    first, again = demo_snapshot(**_SMALL, seed=7), demo_snapshot(**_SMALL, seed=7)
    assert snapshot_sha256(first) == snapshot_sha256(again)
    assert snapshot_sha256(first) != snapshot_sha256(demo_snapshot(**_SMALL, seed=8))


def test_a_fresh_process_with_another_hash_seed_draws_the_same_day() -> None:
    code = (
        "from quartermaster.demo import demo_snapshot; from quartermaster.io import snapshot_sha256; "
        f"print(snapshot_sha256(demo_snapshot(**{_SMALL!r}, seed=3)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == snapshot_sha256(demo_snapshot(**_SMALL, seed=3))


def test_parts_do_not_disturb_each_other() -> None:
    few, many = draw_snapshot(Size(50, 12, 40, 0.2, 1)), draw_snapshot(Size(500, 12, 40, 0.2, 1))
    assert (few.products["weight_g"] == many.products["weight_g"]).all()
    assert (few.nodes["cutoff"] == many.nodes["cutoff"]).all()


def test_a_larger_network_contains_a_smaller_one_up_to_every_place() -> None:
    kinds = [Size(1, nodes, 1, 0, 0).kinds() for nodes in range(1, 201)]
    for smaller, larger in pairwise(kinds):
        assert all(larger[kind] >= smaller[kind] for kind in smaller)
    assert [sum(counts.values()) for counts in kinds] == list(range(1, 201))
    assert kinds[-1] == {kind: len(places(kind)) for kind in kinds[-1]}


@pytest.mark.parametrize("size", [(1, 1, 1, 1.0, 0), (3, 2, 5, 0.0, 1), (40, 200, 7, 0.5, 2)])
def test_unusual_sizes_are_valid_snapshots(size: tuple[int, int, int, float, int]) -> None:
    snapshot = demo_snapshot(*size)
    assert (len(snapshot.orders), len(snapshot.nodes), len(snapshot.products)) == size[:3]
    assert not snapshot.warnings
    assert not np.isnan(snapshot.nodes["lat"]).any()


def test_every_argument_out_of_range_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        demo_snapshot(orders=0, nodes=201, skus=-1, scarce=1.5, seed=-1)
    assert [problem.column for problem in caught.value.problems] == ["orders", "nodes", "skus", "scarce", "seed"]
    with pytest.raises(InputError) as caught:
        demo_snapshot(orders=True, nodes=2.0, scarce="0.2")  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == ["type", "type", "type"]
