"""The README's benchmark tables, generated from the results files.

::

    python -m benchmarks.table            # rewrites the blocks between the markers of README.md
    python -m benchmarks.table --check    # exit code 1 when a block is not what the results say
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import ma_table, weeks_table
from benchmarks.measure import ROOT
from benchmarks.suite_rows import deadlines, optima, plain_models, special_cases
from quartermaster.bench.outcome import plan_of

README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"


def block() -> str:
    """Write the whole block: the suite, the plain models, special cases, limits, speed, and where it was measured."""
    runs = _load("suite")["runs"]
    special = special_cases(_load("special_cases").get("instances", []))
    in_time = deadlines(_load("deadlines")["runs"])
    parts = [optima(runs) if runs else "", plain_models(runs), special, in_time, _speed(), _where()]
    return "\n\n".join(part for part in parts if part)


def published_experiment() -> str:
    """Write the tables of the published experiment."""
    held = [_load(f"ma_network_{name}") for name in ("small", "large")]
    return ma_table.block([result for result in held if result["runs"]])


def real_weeks() -> str:
    """Write the tables of the replayed weeks."""
    return weeks_table.block(_load("real_weeks"))


BLOCKS: dict[str, Callable[[], str]] = {
    "benchmarks": block,
    "published-experiment": published_experiment,
    "real-weeks": real_weeks,
}
"""What stands between the markers of each name."""


def rewritten(text: str) -> str:
    """Put each block between its markers.

    Parameters
    ----------
    text
        The README.

    Raises
    ------
    ValueError
        If the markers of a block are not there.
    """
    for name, written in BLOCKS.items():
        before, begin, rest = text.partition(f"<!-- {name}:begin -->")
        _, end, after = rest.partition(f"<!-- {name}:end -->")
        if not end:
            raise ValueError(f"the markers of {name} are missing")
        text = f"{before}{begin}\n{written()}\n{end}{after}"
    return text


def _load(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}


def _speed() -> str:
    lines = []
    for run in _load("rating")["runs"]:
        seconds = run["seconds"]["book cpu"] + run["seconds"]["lanes and prices cpu"]
        lines.append(
            f"- Rating {run['orders']:,} orders × {run['nodes']} nodes × {run['services']} services, all line subsets: "
            f"{run['prices']:,} prices in {seconds:.1f} s of processor time."
        )
    lines += [
        f"- Reading and checking {run['orders']:,} orders, {run['order_lines']:,} lines and {run['inventory']:,} "
        f"inventory rows from {run['format'].upper()}: {run['seconds']['read cpu']:.1f} s of processor time, "
        f"{run['peak_memory_mb']:,.0f} MB."
        for run in _load("reading")["runs"]
    ]
    groups: dict[str, list[float]] = {}
    for run in _load("suite")["runs"]:
        cheapest = plan_of(run, "cheapest")
        if cheapest is not None and cheapest["finished"] and run["orders"] >= 10_000:
            groups.setdefault(f"{run['orders']:,} orders × {run['nodes']} nodes", []).append(cheapest["cpu_seconds"])
    lines += [
        f"- The rule `cheapest` on {name}: {mean(seconds):.1f} s of processor time." for name, seconds in groups.items()
    ]
    return "\n".join(lines)


def _where() -> str:
    held = [_load(name) for name in ("suite", "rating", "reading")]
    held = [result for result in held if result["runs"]]
    if not held:
        return ""
    machine, versions = held[0]["machine"], held[0]["versions"]
    commits = sorted({run.get("commit", result["commit"]) for result in held for run in result["runs"]})
    return (
        f"Measured {max(result['date'] for result in held)} at {', '.join(f'`{commit}`' for commit in commits)} on "
        f"{machine['cores']} cores ({machine['processor']}), Python {versions['python']}, OR-Tools "
        f"{versions['ortools']}; seeds, limits and every figure are in `benchmarks/results/`."
    )


def main(arguments: list[str] | None = None) -> int:
    """Rewrite or check the README; return the exit code.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--readme", type=Path, default=README)
    given = parser.parse_args(arguments)
    text = given.readme.read_text(encoding="utf-8")
    new = rewritten(text)
    if given.check:
        return int(new != text)
    given.readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
