"""Altair charts to inline SVG, without a network: Vega runs inside vl-convert."""

from __future__ import annotations

import io
import re
from typing import Any

from quartermaster.errors import InputError, Problem

INK, MUTED, GRID = "#1b2230", "#5c6675", "#e3e6ea"
"""Text, secondary text and grid lines."""
FONT = "Inter, 'Segoe UI', system-ui, -apple-system, Roboto, 'Helvetica Neue', Arial, sans-serif"
_CONFIG = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "labelFontSize": 12.5,
        "titleColor": MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domain": False,
        "ticks": False,
        "labelPadding": 8,
    },
    "legend": {"labelColor": INK, "labelFontSize": 12.5, "titleColor": MUTED, "titleFontSize": 12},
    "text": {"color": INK, "fontSize": 12.5},
}


def load_altair() -> Any:
    """Import altair, and make sure that its SVG writer is there.

    Raises
    ------
    InputError
        If the extra ``report`` is not installed.
    """
    try:
        import altair
        import vl_convert  # noqa: F401
    except ImportError as error:
        detail = 'the report needs the extra "report": pip install "quartermaster[report]"'
        raise InputError([Problem("report_missing", detail, value=str(error.name)[:64])]) from error
    return altair


def inline_svg(chart: Any, name: str, label: str) -> str:
    """Draw a chart as an SVG element to be written into a page.

    Parameters
    ----------
    chart
        An altair chart.
    name
        Unique on the page; ids inside the SVG begin with it.
    label
        What a screen reader says; must be HTML-escaped already.
    """
    written = io.StringIO()
    chart.configure(**_CONFIG).save(written, format="svg")
    text = written.getvalue()
    # In HTML the namespaces are implied; without them the page holds no address at all.
    text = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", text, count=2)
    text = re.sub(
        r'<svg([^>]*?)\swidth="[^"]*"\sheight="[^"]*"', rf'<svg\1 role="img" aria-label="{label}"', text, count=1
    )
    # The writer counts its ids through the life of a process: numbered anew, equal charts are equal text.
    for number, found in enumerate(dict.fromkeys(re.findall(r'\sid="([^"]+)"', text)), start=1):
        own = f"{name}-{number}"
        text = text.replace(f'id="{found}"', f'id="{own}"')
        text = text.replace(f"url(#{found})", f"url(#{own})").replace(f'"#{found}"', f'"#{own}"')
    return text
