"""The same snapshot in several processes, rows shuffled, hash seed, time zone and language at random: the same bytes.

``QUARTERMASTER_PROCESSES`` says how many (3 by default); the long run takes 10.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from instances import small_instance

import quartermaster as qm
from quartermaster.io import write_snapshot
from quartermaster.policy import OPTIMAL

N_PROCESSES = int(os.environ.get("QUARTERMASTER_PROCESSES", "3"))
SCRIPT = Path(__file__).parents[1] / "planned_bytes.py"
SURROUNDINGS = (
    {"TZ": "UTC", "LANG": "C"},
    {"TZ": "Pacific/Auckland", "LANG": "C.UTF-8"},
    {"TZ": "America/St_Johns", "LC_ALL": "POSIX"},
)


def planned(source: Path, out: Path, number: int, strategy: str) -> str:
    surroundings = SURROUNDINGS[number % len(SURROUNDINGS)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(source), str(number), strategy, str(out)],
        env={**os.environ, **surroundings, "PYTHONHASHSEED": str(number * 7919 % 4_294_967_295)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("strategy", [OPTIMAL, "cheapest"])
def test_same_bytes(strategy: str, tmp_path: Path) -> None:
    write_snapshot(small_instance(140)[0], tmp_path / "small")
    outcomes = {planned(tmp_path / "small", tmp_path / f"out {at}", at, strategy) for at in range(N_PROCESSES)}
    assert len(outcomes) == 1
    # the optimum has a certificate and prices besides
    assert outcomes.pop().count("\n") == (6 if strategy == OPTIMAL else 4)


def test_same_bytes_of_the_demo(tmp_path: Path) -> None:
    write_snapshot(qm.demo_snapshot(orders=150, nodes=12, skus=100, scarce=0.2, seed=3), tmp_path / "demo")
    outcomes = {planned(tmp_path / "demo", tmp_path / f"out {at}", at, OPTIMAL) for at in range(N_PROCESSES)}
    assert len(outcomes) == 1
