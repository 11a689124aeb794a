"""The tables of the published experiment, from its results."""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

BOUND, PLAN = "clairvoyant bound", "clairvoyant plan"
"""What nobody can pay less than, and the plan of one who knows the whole stream."""


def table(instances: list[dict[str, Any]]) -> str:
    """Write the policies' cost over the clairvoyant's, mean and spread, as Markdown."""
    lines = [
        "| policy | cost / clairvoyant bound | spread | cost / clairvoyant plan | units lost | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for name in instances[0]["runs"]:
        runs = [(one["runs"][name], one["runs"]) for one in instances]
        over = [own["cost"] / every[BOUND]["cost"] for own, every in runs]
        plan = mean(own["cost"] / every[PLAN]["cost"] for own, every in runs)
        spread = f"{stdev(over):.4f}, {min(over):.4f} to {max(over):.4f}" if len(over) > 1 else "–"
        lost = "–" if name == BOUND else f"{mean(own['lost_units'] for own, _ in runs):.0f}"
        seconds = mean(own["seconds"] for own, _ in runs)
        lines.append(f"| {name} | {mean(over):.4f} | {spread} | {plan:.4f} | {lost} | {seconds:.1f} |")
    return "\n".join(lines)


def block(results: list[dict[str, Any]]) -> str:
    """Write the tables of some results files, each with its sizes and where it was measured.

    Parameters
    ----------
    results
        Contents of `ma_network_small.json` and `ma_network_large.json`, as far as there are any.
    """
    parts = []
    for held in results:
        runs, machine = held["runs"], held["machine"]
        seeds = f"seeds {runs[0]['seed']} to {runs[-1]['seed']}" if len(runs) > 1 else f"seed {runs[0]['seed']}"
        commits = ", ".join(f"`{commit}`" for commit in sorted({one.get("commit", held["commit"]) for one in runs}))
        parts.append(
            f"{held['network'].capitalize()} network, {mean(one['orders'] for one in runs):,.0f} orders, {seeds}:\n\n"
            f"{table(runs)}\n\n"
            f"Measured {held['date']} at {commits} on {machine['cores']} cores ({machine['processor']})."
        )
    return "\n\n".join(parts)
