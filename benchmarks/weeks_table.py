"""The tables of the replayed weeks, from their results (`benchmarks.table` puts them into the README)."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

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
    gap = max(float(run["clairvoyant"]["gap"]) for run in runs)
    names = [row["policy"] for row in runs[0]["policies"]]
    lines = [
        f"Stock for {runs[0]['cover']:g} times the sales expected of a week; {orders:,.0f} orders, "
        f"{seeds} seed{'s' * (seeds > 1)}; certified gap of the bound at most {gap:.2%}:",
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
