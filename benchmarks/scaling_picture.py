"""The picture of the README: seconds and memory against orders."""

from __future__ import annotations

from typing import Any

from quartermaster.bench.outcome import outcome_of
from quartermaster.bench.results import Run

INK, QUIET, GRID = "#1f2933", "#52606d", "#e4e7eb"
COLOURS = {"seconds": "#1f6feb", "memory": "#b4540a"}
PANEL = {"width": 300, "height": 210}


def draw(runs: list[Run]) -> bytes:
    """Draw two panels with logarithmic axes; return a PNG.

    Parameters
    ----------
    runs
        Of ``scaling.json``; sizes without a plan are left out, and those whose limit ended the search are hollow.
    """
    import altair
    import vl_convert

    points = [point for run in runs if (point := _point(run)) is not None]
    if not points:
        raise ValueError("no size has a plan: there is nothing to draw")
    gap, nodes = float(runs[0]["relative_gap"]), runs[0]["nodes"]
    panels = altair.hconcat(
        _panel(altair, points, "seconds", "seconds of planning"),
        _panel(altair, points, "memory", "peak memory, GB"),
        spacing=36,
    ).properties(
        title=altair.Title(
            f"Orders planned together, {nodes} nodes, one plan each",
            subtitle=(
                f"A plan ends when it is proven within {100 * gap:g} %; hollow: at the limit of "
                f"{runs[0]['time_limit_seconds']} s. Below the seconds: the gap."
            ),
            anchor="start",
            fontSize=15,
            color=INK,
            subtitleColor=QUIET,
            subtitleFontSize=11.5,
            offset=14,
        ),
        padding=16,
        background="white",
    )
    styled = panels.configure_view(stroke=None).configure_axis(
        labelColor=QUIET, titleColor=INK, gridColor=GRID, domainColor=GRID, tickColor=GRID, titleFontWeight="normal"
    )
    png: bytes = vl_convert.vegalite_to_png(styled.to_json(), scale=2)
    return png


def _point(run: Run) -> dict[str, Any] | None:
    outcome = outcome_of(run)
    if outcome is None:
        return None
    gap = outcome.gap if outcome.certified_gap is None else outcome.certified_gap
    return {
        "orders": run["orders"],
        "seconds": outcome.wall_seconds,
        "memory": outcome.memory_mb / 1000,
        "seconds_label": f"{outcome.wall_seconds:,.0f} s" + ("" if gap is None else f"\n{100 * gap:.2f} %"),
        "memory_label": f"{outcome.memory_mb / 1000:.1f} GB",
        "ended": "limit" if outcome.gap is None or outcome.gap > float(run["relative_gap"]) else "gap",
    }


def _panel(altair: Any, points: list[dict[str, Any]], field: str, title: str) -> Any:
    sizes = [point["orders"] for point in points]
    shown = altair.Axis(
        values=sizes, labelExpr="datum.value >= 1000 ? datum.value / 1000 + 'k' : datum.value", grid=False
    )
    x = altair.X("orders:Q", title="orders", axis=shown).scale(type="log", domain=[min(sizes) / 3, max(sizes) * 1.5])
    values = [point[field] for point in points]
    ticks = [step for power in range(-3, 6) for step in (10**power, 3 * 10**power)]
    low, high = min(min(values) / 1.6, max(values) / 6), max(values) * 2.6
    y = altair.Y(
        f"{field}:Q", title=title, axis=altair.Axis(values=[tick for tick in ticks if low <= tick <= high], format="~g")
    ).scale(type="log", domain=[low, high])
    base = altair.Chart(altair.Data(values=points)).properties(**PANEL)
    line = base.mark_line(color=COLOURS[field], strokeWidth=2).encode(x=x, y=y)
    fill = altair.condition("datum.ended == 'limit'", altair.value("white"), altair.value(COLOURS[field]))
    dots = base.mark_point(size=60, stroke=COLOURS[field], strokeWidth=2, filled=True, opacity=1).encode(
        x=x, y=y, fill=fill
    )
    # above and to the left of its point: the line comes from below there
    lines = max(str(point[f"{field}_label"]).count("\n") for point in points)
    words = base.mark_text(
        align="right", dx=-7, dy=-9 - 13 * lines, fontSize=11, color=QUIET, lineBreak="\n", lineHeight=13
    )
    return altair.layer(line, dots, words.encode(x=x, y=y, text=f"{field}_label:N"))
