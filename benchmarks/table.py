"""The README's benchmark table, generated from the results files.

::

    python -m benchmarks.table            # rewrites the block between the markers of README.md
    python -m benchmarks.table --check    # exit code 1 when the block is not what the results say
"""

from __future__ import annotations

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.measure import ROOT

README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
RULES = ("cheapest", "nearest", "priority", "highest_stock", "fewest_shipments")

Run = dict[str, Any]


def block() -> str:
    """Write the whole block: quality by family, the real day, speed, and where it was measured."""
    parts = [_quality(), _speed(), _where()]
    return "\n\n".join(part for part in parts if part)


def rewritten(text: str, new: str) -> str:
    """Put a block between the markers of a text; a text without markers comes back unchanged.

    Parameters
    ----------
    text
        The README.
    new
        The block.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{new}\n{end}{after}" if begin and end else text


def _load(name: str) -> dict[str, Any]:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": []}


def _quality() -> str:
    """One row per family: mean over the seeds."""
    groups: dict[str, list[Run]] = {}
    for run in _load("families")["runs"]:
        groups.setdefault(f"{run['family']}: {run['orders']:,} × {run['nodes']}", []).append(run)
    for run in _load("real_day")["runs"]:
        groups.setdefault(f"real day: {run['orders']:,} × {run['nodes']}", []).append(run)
    if not groups:
        return ""
    head = [
        "orders × nodes",
        "seeds",
        "gap",
        "limit s",
        "wall s",
        "CPU s",
        *(f"over `{rule}`" for rule in RULES),
        "peak MB",
    ]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name, runs in groups.items():
        best = [run["plans"][0] for run in runs]
        savings = [_percent(mean(_saving(run, rule) for run in runs)) for rule in RULES]
        rows.append(
            [
                name,
                str(len(runs)),
                _percent(max(float(plan["gap"]) for plan in best), 3) if all(plan["gap"] for plan in best) else "none",
                str(max(run["time_limit_seconds"] for run in runs)),
                f"{mean(plan['wall_seconds'] for plan in best):.1f}",
                f"{mean(plan['cpu_seconds'] for plan in best):.1f}",
                *savings,
                f"{max(run['peak_memory_mb'] for run in runs):,.0f}",
            ]
        )
    note = (
        "Gap: the worst over the seeds, (total − bound) / total. Seconds: the whole planning run of the optimum, with "
        "the rules it starts from; the mean. Other work ran on the machine meanwhile, so wall clock is above processor "
        "time. Over a rule: the share of the rule's total (backorders included) that the optimum saves, the mean; "
        "a minus would be a loss."
    )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n\n" + note


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
    for run in _load("families")["runs"]:
        if run["orders"] >= 10_000:
            cheapest = next(plan for plan in run["plans"] if plan["strategy"] == "cheapest")
            groups.setdefault(f"{run['orders']:,} orders × {run['nodes']} nodes", []).append(cheapest["cpu_seconds"])
    lines += [
        f"- The rule `cheapest` on {name}: {mean(seconds):.1f} s of processor time." for name, seconds in groups.items()
    ]
    return "\n".join(lines)


def _where() -> str:
    held = [_load(name) for name in ("families", "real_day", "rating", "reading")]
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


def _saving(run: Run, rule: str) -> float:
    totals = {plan["strategy"]: Decimal(plan["total"]) for plan in run["plans"]}
    return float(1 - totals["optimal"] / totals[rule])


def _percent(share: float, places: int = 1) -> str:
    return f"{100 * share:.{places}f} %"


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
    new = rewritten(text, block())
    if given.check:
        return int(BEGIN not in text or new != text)
    given.readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
