"""The benchmarks run, and the README says what their results say."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quartermaster.policy import OPTIMAL, RULES

ROOT = Path(__file__).parents[2]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tiny() -> dict[str, Any]:
    done = run("quality", "tiny", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def test_a_tiny_family_gives_every_figure(tiny: dict[str, Any]) -> None:
    assert [plan["strategy"] for plan in tiny["plans"]] == [OPTIMAL, *RULES]
    assert tiny["orders"] == 30
    assert tiny["peak_memory_mb"] > 10
    for plan in tiny["plans"]:
        assert sum(map(Decimal, plan["terms"].values())) == Decimal(plan["total"])
        assert plan["seconds"]


def test_the_optimum_of_a_tiny_family_is_proven_and_never_dearer(tiny: dict[str, Any]) -> None:
    best = tiny["plans"][0]
    assert best["status"] == "optimal"
    assert all(Decimal(best["total"]) <= Decimal(plan["total"]) for plan in tiny["plans"])


def test_the_same_seed_gives_the_same_instance() -> None:
    script = (
        "from benchmarks.families import *; from quartermaster.io import ready, snapshot_sha256; "
        "print(*(snapshot_sha256(ready(family_snapshot(FAMILIES['S'], seed))) for seed in (1, 1, 2)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    first, again, other = done.stdout.split()
    assert first == again != other


def test_the_readme_table_is_the_one_of_the_results() -> None:
    done = run("table", "--check")
    assert done.returncode == 0, "run `python -m benchmarks.table`"


def test_a_changed_figure_in_the_readme_is_seen(tmp_path: Path) -> None:
    changed = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    changed.write_text(text.replace("<!-- benchmarks:begin -->", "<!-- benchmarks:begin -->\n| 1 |"), encoding="utf-8")
    assert run("table", "--check", "--readme", str(changed)).returncode == 1
    assert run("table", "--readme", str(changed)).returncode == 0
    assert run("table", "--check", "--readme", str(changed)).returncode == 0
