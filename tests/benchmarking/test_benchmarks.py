"""The scripts of ``benchmarks`` run, and the README says what their results say."""

from __future__ import annotations

import json
import subprocess
import sys
from math import prod
from pathlib import Path

import pytest

from benchmarks.table import BLOCKS
from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import FAMILIES
from quartermaster.bench.plain import column_count
from quartermaster.io import ready
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import build_problem
from quartermaster.planning.sourcing import NOTHING
from quartermaster.policy import Policy, ServicePolicy

ROOT = Path(__file__).parents[2]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_readme_table_is_the_one_of_the_results() -> None:
    done = run("table", "--check")
    assert done.returncode == 0, "run `python -m benchmarks.table`"


@pytest.mark.parametrize("name", BLOCKS)
def test_a_changed_figure_in_the_readme_is_seen(tmp_path: Path, name: str) -> None:
    changed = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- {name}:begin -->" in text
    changed.write_text(text.replace(f"<!-- {name}:begin -->", f"<!-- {name}:begin -->\n| 1 |"), encoding="utf-8")
    assert run("table", "--check", "--readme", str(changed)).returncode == 1
    assert run("table", "--readme", str(changed)).returncode == 0
    assert run("table", "--check", "--readme", str(changed)).returncode == 0


def test_scaling_measures_each_size_and_draws(tmp_path: Path) -> None:
    out, picture = tmp_path / "scaling.json", tmp_path / "scaling.png"
    options = ("--orders", "20", "--nodes", "4", "--limit", "10", "--out", str(out), "--picture", str(picture))
    done = run("scaling", *options)
    assert done.returncode == 0, done.stderr[-3000:]
    runs = json.loads(out.read_text())["runs"]
    assert [held["orders"] for held in runs] == [20]
    assert all(held["plans"] and not held["errors"] for held in runs)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(picture.read_bytes()) > 10_000  # not a blank sheet


def test_the_columns_of_a_plain_model_are_counted_without_listing_them() -> None:
    """By hand, pair by pair; and near what is listed where no lane is forbidden (that has joint shipments, too)."""
    snapshot = ready(family_snapshot(FAMILIES["tiny"], 4))
    stock = {
        (node, sku): units
        for node, sku, units in zip(*(snapshot.inventory[name] for name in ("node_id", "sku", "on_hand")), strict=True)
    }
    lines: dict[str, list[tuple[str, int]]] = {}
    for order, sku, units in zip(
        *(snapshot.order_lines[name] for name in ("order_id", "sku", "quantity")), strict=True
    ):
        lines.setdefault(order, []).append((sku, units))
    by_hand = sum(
        prod(1 + min(units, stock.get((node, sku), 0)) for sku, units in wanted) - 1
        for wanted in lines.values()
        for node in snapshot.nodes["node_id"]
    )
    problem = build_problem(snapshot, Policy(service=ServicePolicy(late="price")))
    assert column_count(problem) == by_hand
    assert list_candidates(problem, NOTHING).arrays.n_columns == pytest.approx(by_hand, rel=0.05)
