"""The README's table of the replayed weeks, generated from their results file.

::

    python -m benchmarks.weeks_table            # rewrites the block between its markers in README.md
    python -m benchmarks.weeks_table --check    # exit code 1 when the block is not what the results say
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.table import README, RESULTS, rewritten

BEGIN, END = "<!-- real-weeks:begin -->", "<!-- real-weeks:end -->"
RULE = "cheapest"
"""What the others are set beside."""
WEEK_KNOWN = "week known"
"""Name of the row that is no policy: each week planned when it is over."""
HEADINGS = (
    "policy",
    "cost of serving",
    "backorders",
    "fill",
    "split",
    "late",
    f"over `{RULE}`, all",
    f"over `{RULE}`, serving",
    "regret",
    "beyond week known",
)
Run = dict[str, Any]


def block(content: Run) -> str:
    """Write the whole block: one table for each cover, then what it is of.

    Parameters
    ----------
    content
        Of the results file.
    """
    runs = content["runs"]
    covers = list(dict.fromkeys(run["cover"] for run in runs))
    tables = [_table([run for run in runs if run["cover"] == cover]) for cover in covers]
    return "\n\n".join([*tables, _about(content)])


def _table(runs: list[Run]) -> str:
    orders, seeds = mean(run["orders"] for run in runs), len(runs)
    many = f"{seeds} seed{'s' * (seeds > 1)}"
    gap = max(float(run["clairvoyant"]["gap"]) for run in runs)
    names = [row["policy"] for row in runs[0]["policies"]]
    lines = [
        f"Stock for {runs[0]['cover']:g} times the sales expected of a week; {orders:,.0f} orders, {many}; "
        f"certified gap of the bound at most {gap:.2%}:",
        "",
        f"| {' | '.join(HEADINGS)} |",
        "| --- |" + " ---: |" * (len(HEADINGS) - 1),
    ]
    names.sort(key=lambda name: mean(_figures(run, name)["total"] for run in runs))
    return "\n".join([*lines, *(_row(name, [_figures(run, name) for run in runs]) for name in names)])


def _figures(run: Run, name: str) -> dict[str, float]:
    rows = {row["policy"]: row for row in run["policies"]}
    total, lost = (float(rows[name][term]) for term in ("total", "backorder"))
    rule, rule_lost = (float(rows[RULE][term]) for term in ("total", "backorder"))
    return {
        "total": total,
        "serving": total - lost,
        "backorder": lost,
        "fill": float(rows[name]["fill_rate"]),
        "split": rows[name]["split_orders"] / run["orders"],
        "late": rows[name]["late_shipments"] / rows[name]["shipments"],
        "saved": 1 - total / rule,
        "saved_serving": 1 - (total - lost) / (rule - rule_lost),
        "regret": total / float(run["clairvoyant"]["bound"]) - 1,
        "beyond": total / float(rows[WEEK_KNOWN]["total"]) - 1,
    }


def _row(name: str, figures: list[dict[str, float]]) -> str:
    def share(of: str) -> str:
        held = [each[of] for each in figures]
        spread = f" ± {stdev(held) * 100:.2f}" if len(held) > 1 else ""
        return f"{mean(held) * 100:.2f}{spread} %"

    def plain(of: str) -> str:
        return f"{mean(each[of] for each in figures) * 100:.1f} %"

    def money(of: str) -> str:
        return f"{mean(each[of] for each in figures):,.0f}"

    real = name != WEEK_KNOWN
    cells = [
        f"`{name}`" if real else name,
        money("serving"),
        money("backorder"),
        plain("fill"),
        plain("split"),
        plain("late") if real else "–",
        share("saved") if name != RULE else "–",
        share("saved_serving") if name != RULE else "–",
        share("regret"),
        share("beyond") if real else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _about(content: Run) -> str:
    size, runs = content["size"], content["runs"]
    per_day = mean(run["orders"] / run["windows"] for run in runs)
    seeds = ", ".join(dict.fromkeys(str(run["seed"]) for run in runs))
    measured = f" Measured {content['date']} at `{content['commit']}`." if "date" in content else ""
    return (
        f"{size['weeks']} weeks, {per_day:.0f} orders a day, {size['products']} products, {size['nodes']} nodes; USD, "
        f"mean of seed {seeds}, ± standard deviation. Over `{RULE}`: the share saved of its cost with and "
        "without backorders; a minus is a loss. Regret: beyond the clairvoyant bound, which knows all weeks, may use "
        "stock before it arrives, and owes no promise. Beyond week known: over a plan of each week's orders together, "
        f"which uses stock only when it is there and owes no promise either.{measured}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Rewrite or check the README; return the exit code.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weeks_table", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--readme", type=Path, default=README)
    given = parser.parse_args(arguments)
    text = given.readme.read_text(encoding="utf-8")
    content = json.loads((RESULTS / "real_weeks.json").read_text(encoding="utf-8"))
    new = rewritten(text, block(content), BEGIN, END)
    if given.check:
        return int(BEGIN not in text or new != text)
    given.readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
