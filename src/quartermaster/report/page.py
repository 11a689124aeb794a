"""The report: one HTML page that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.report.headline import headline, title
from quartermaster.report.price_section import price_section
from quartermaster.report.run_section import run_section
from quartermaster.report.sections import (
    backorder_section,
    cost_section,
    map_section,
    node_section,
    service_section,
)
from quartermaster.report.svg import load_altair


def report_html(snapshot: Snapshot, plan: Plan, others: Sequence[Plan] = ()) -> str:
    """Write a plan as one self-contained page: no script, no address, every picture inside it.

    Parameters
    ----------
    snapshot
        What was planned; checked when it is not yet.
    plan
        The plan to show.
    others
        Plans of the same snapshot to stand beside it, such as those of the named rules; may hold `plan` itself.

    Returns
    -------
    str
        HTML, UTF-8.

    Raises
    ------
    InputError
        If the extra ``report`` is not installed.
    """
    from quartermaster.io import ready  # reading pulls in much that a bare import should not

    load_altair()
    snapshot = ready(snapshot)
    beside = [other for other in others if other is not plan]
    body = "".join(
        [
            headline(snapshot, plan, beside),
            map_section(snapshot, plan),
            cost_section(snapshot, plan, beside),
            service_section(snapshot, plan, beside),
            node_section(snapshot, plan),
            backorder_section(snapshot, plan),
            price_section(snapshot, plan),
            run_section(snapshot, plan),
        ]
    )
    style = files("quartermaster.report").joinpath("data", "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title(snapshot, plan))}</title><style>\n{style}</style></head>\n<body><main>{body}"
        "<footer>Outlines of the states: US Census Bureau, by way of us-atlas. Costs are exact to a millionth; "
        "this page rounds them.</footer></main></body></html>\n"
    )
