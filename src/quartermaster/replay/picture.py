"""The picture of a replay: what each policy has cost beyond the clairvoyant bound, as time passes."""

from __future__ import annotations

import re
from typing import Any

from quartermaster.domain.money import MICRO
from quartermaster.replay.figures import PolicyReplay
from quartermaster.replay.run import Replay
from quartermaster.report.svg import GRID, INK, MUTED, load_altair

MOST_POINTS = 400
"""Points of a line; of more windows, evenly spaced ones and the last are drawn."""
COLOURS = ("#1f6feb", "#b4540a", "#2da44e", "#8250df", "#cf222e", "#0d8a8a", "#9a6700", "#bf3989", "#57606a", "#1b2230")


def draw(replay: Replay) -> tuple[bytes, bytes]:
    """Draw cumulative regret over time by policy, of the first seed; cumulative cost where there is no bound.

    Parameters
    ----------
    replay
        What was found.

    Returns
    -------
    svg, png
        The same picture.

    Raises
    ------
    InputError
        If the extra ``report`` is not installed.
    """
    altair = load_altair()
    import vl_convert

    shown = [held for held in replay.policies if held.seed == 0]
    points = [point for held in shown for point in _points(replay, held)]
    names = list(dict.fromkeys(held.policy for held in shown))
    currency = replay.stream.snapshot.currency
    beyond = "" if replay.bound is None else " beyond the clairvoyant bound"
    chart = (
        altair.Chart(altair.Data(values=points))
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            x=altair.X("when:T", title=None, axis=altair.Axis(grid=False)).scale(type="utc"),
            y=altair.Y("regret:Q", title=f"cost of the orders so far{beyond}, {currency}"),
            color=altair.Color("policy:N", sort=names, title=None).scale(
                domain=names, range=[COLOURS[at % len(COLOURS)] for at in range(len(names))]
            ),
        )
        .properties(
            width=640,
            height=320,
            padding=16,
            background="white",
            title=altair.Title("Policies through the stream", anchor="start", color=INK, fontSize=15, offset=12),
        )
        .configure_view(stroke=None)
        .configure_axis(
            titleFontWeight="normal",
            labelColor=MUTED,
            titleColor=MUTED,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
        )
        .configure_legend(labelColor=INK)
    )
    written = chart.to_json()
    return _numbered(vl_convert.vegalite_to_svg(written)).encode(), vl_convert.vegalite_to_png(written, scale=2)


def _points(replay: Replay, held: PolicyReplay) -> list[dict[str, Any]]:
    """Return points of one line, thinned where there are many windows."""
    stream, bound = replay.stream, replay.bound
    step = -(-len(held.windows) // MOST_POINTS)
    points = [{"policy": held.policy, "when": stream.begin.isoformat(), "regret": 0.0}]
    spent = 0
    for number, came in enumerate(held.came_micro):
        spent += came - (0 if bound is None else int(bound.window_micro[number]))
        if number % step == 0 or number == len(held.came_micro) - 1:
            when = stream.closes(number).isoformat()
            points.append({"policy": held.policy, "when": when, "regret": spent / MICRO})
    return points


def _numbered(svg: str) -> str:
    """Number ids anew: the writer counts them through the life of a process."""
    for number, found in enumerate(dict.fromkeys(re.findall(r'\sid="([^"]+)"', svg)), start=1):
        svg = svg.replace(f'id="{found}"', f'id="q{number}"').replace(f"url(#{found})", f"url(#q{number})")
        svg = svg.replace(f'"#{found}"', f'"#q{number}"')
    return svg
