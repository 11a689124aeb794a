"""The bar charts: cost by term, load of the busiest nodes, backorders by reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quartermaster.domain.plan import Plan
from quartermaster.report.network import NodeLoad
from quartermaster.report.svg import INK, MUTED, load_altair
from quartermaster.report.text import count, money, plural, strategy_name

TERMS = {
    "transport": ("Transport", "#0072B2"),
    "handling": ("Handling", "#56B4E9"),
    "distance": ("Distance", "#009E73"),
    "late": ("Late delivery", "#E69F00"),
    "extra_shipment": ("Extra shipments", "#CC79A7"),
    "opening": ("Opening nodes", "#8A8F98"),
    "backorder": ("Backorders", "#D55E00"),
}
"""Name and colour of each cost term; the palette of Okabe and Ito, which colour-blind readers can tell apart."""
_WIDTH = 700
ROOM = 28
"""Pixels left of labels: a browser's letters may be wider than the writer thinks, and what sticks out is cut off."""
_LABEL_LIMIT = 190
_PRICE_LABEL_LIMIT = 250


def cost_chart(plans: Sequence[Plan], currency: str) -> Any:
    """Stack the cost of each plan by term, the first plan on top.

    Parameters
    ----------
    plans
        The plan and those beside it, at least one, in the order to show.
    currency
        ISO 4217 code.
    """
    alt = load_altair()
    names = [strategy_name(plan.strategy) for plan in plans]
    shown = [term for term in TERMS if any(plan.objective.terms_micro()[term] for plan in plans)] or ["transport"]
    stacked = [
        {"plan": name, "term": TERMS[term][0], "rank": rank, "cost": float(plan.objective.terms()[term])}
        for name, plan in zip(names, plans, strict=True)
        for rank, term in enumerate(shown)
    ]
    first = plans[0].objective.total
    totals: list[dict[str, Any]] = [
        {"plan": name, "cost": float(plan.objective.total), "text": _total(plan, first, currency, position)}
        for position, (name, plan) in enumerate(zip(names, plans, strict=True))
    ]
    most = max(total["cost"] for total in totals) or 1.0
    rows = alt.Y("plan:N", sort=names, title=None, axis=alt.Axis(labelLimit=_LABEL_LIMIT))
    along = alt.X(
        "cost:Q",
        title=f"cost, {currency}",
        axis=alt.Axis(tickCount=6, format=",.0f" if most >= 10 else ",.2f"),
        scale=alt.Scale(domain=[0, most * 1.26], nice=False),
    )
    scale = alt.Scale(domain=[TERMS[term][0] for term in shown], range=[TERMS[term][1] for term in shown])
    bars = (
        alt.Chart(alt.Data(values=stacked))
        .mark_bar(height=24)
        .encode(
            y=rows,
            x=along.stack("zero"),
            color=alt.Color(
                "term:N", scale=scale, legend=alt.Legend(orient="top", title=None, symbolType="square", offset=30)
            ),
            order=alt.Order("rank:Q"),
        )
    )
    texts = (
        alt.Chart(alt.Data(values=totals))
        .mark_text(align="left", dx=8, fontWeight=600)
        .encode(y=rows, x=along, text="text:N")
    )
    layers = [bars, texts, *_bound(alt, plans[0], currency)]
    return alt.layer(*layers).properties(width=_WIDTH - ROOM, height=alt.Step(38), padding={"left": ROOM})


def node_chart(loads: Sequence[NodeLoad]) -> Any:
    """Show how full the given nodes are, in their order.

    Parameters
    ----------
    loads
        The nodes to show, at least one.
    """
    alt = load_altair()
    rows = [
        {"node": load.node_id, "share": load.share, "room": 1.0, "text": _load_text(load), "full": load.share >= 1.0}
        for load in loads
        if load.limit is not None
    ] + [
        {"node": load.node_id, "share": 0.0, "room": 0.0, "text": _load_text(load), "full": False}
        for load in loads
        if load.limit is None
    ]
    data = alt.Data(values=rows)
    y = alt.Y("node:N", sort=[load.node_id for load in loads], title=None, axis=alt.Axis(labelLimit=_LABEL_LIMIT))
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])
    x = alt.X("share:Q", title="share of capacity used", axis=axis, scale=alt.Scale(domain=[0, 1.45]))
    colour = alt.condition("datum.full", alt.value("#D55E00"), alt.value("#0072B2"))
    room = alt.Chart(data).mark_bar(height=15, color="#e6eaf0", cornerRadius=2).encode(y=y, x=alt.X("room:Q"))
    used = alt.Chart(data).mark_bar(height=15, cornerRadius=2).encode(y=y, x=x, color=colour)
    text = alt.Chart(data).mark_text(align="left", dx=8, color=MUTED).encode(y=y, x=alt.X("room:Q"), text="text:N")
    return (room + used + text).properties(width=_WIDTH - ROOM, height=alt.Step(25), padding={"left": ROOM})


def backorder_chart(units_by_reason: Sequence[tuple[str, int]]) -> Any:
    """Show backordered units by reason.

    Parameters
    ----------
    units_by_reason
        Reason in words and units, in the order to show; at least one.
    """
    alt = load_altair()
    data = alt.Data(values=[{"reason": reason, "units": units} for reason, units in units_by_reason])
    most = max(units for _, units in units_by_reason)
    y = alt.Y("reason:N", sort=[reason for reason, _ in units_by_reason], title=None, axis=alt.Axis(labelLimit=300))
    x = alt.X(
        "units:Q",
        title="units backordered",
        axis=alt.Axis(tickMinStep=1, tickCount=5, format=",d"),
        scale=alt.Scale(domain=[0, most * 1.12], nice=False),
    )
    bars = alt.Chart(data).mark_bar(height=18, color="#D55E00", cornerRadius=2).encode(y=y, x=x)
    texts = (
        alt.Chart(data)
        .mark_text(align="left", dx=6, color=INK, fontWeight=600)
        .encode(y=y, x=x, text=alt.Text("units:Q", format=",d"))
    )
    return (bars + texts).properties(width=_WIDTH - 90 - ROOM, height=alt.Step(32), padding={"left": ROOM})


def price_chart(prices: Sequence[tuple[str, float, str]]) -> Any:
    """Show the prices of resources.

    Parameters
    ----------
    prices
        What is priced, its price, and the words beside the bar, in the order to show; at least one.
    """
    alt = load_altair()
    data = alt.Data(values=[{"name": name, "price": price, "text": text} for name, price, text in prices])
    most = max(price for _, price, _ in prices) or 1.0
    y = alt.Y("name:N", sort=[name for name, _, _ in prices], title=None, axis=alt.Axis(labelLimit=_PRICE_LABEL_LIMIT))
    x = alt.X("price:Q", axis=None, scale=alt.Scale(domain=[0, most * 1.9], nice=False))  # the words beside say it all
    bars = alt.Chart(data).mark_bar(height=15, color="#0072B2", cornerRadius=2).encode(y=y, x=x)
    texts = alt.Chart(data).mark_text(align="left", dx=8, color=MUTED).encode(y=y, x=x, text="text:N")
    # a browser may set ids a little wider than the drawing measured them
    return (bars + texts).properties(width=_WIDTH - 60, height=alt.Step(25), padding={"left": ROOM})


def _bound(alt: Any, plan: Plan, currency: str) -> list[Any]:
    """Draw the line that no plan can pass, where it is known."""
    if plan.bound is None:
        return []
    data = alt.Data(
        values=[{"bound": float(plan.bound), "text": f"no plan can cost less than {money(plan.bound, currency)}"}]
    )
    x = alt.X("bound:Q")
    line = alt.Chart(data).mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.4).encode(x=x)
    text = alt.Chart(data).mark_text(align="right", baseline="bottom", dx=-6, color=INK, fontStyle="italic")
    return [line, text.encode(x=x, y=alt.value(-5), text="text:N")]


def _total(plan: Plan, first: Any, currency: str, position: int) -> str:
    total = plan.objective.total
    text = money(total, currency)
    if position and first == total:
        text += "   the same"
    elif position and first > 0:
        text += f"   {'+' if total >= first else '−'}{abs(total / first - 1) * 100:.1f} %"
    return text


def _load_text(load: NodeLoad) -> str:
    if load.limit is None:
        return f"{plural(load.shipments, 'shipment')}, {plural(load.units, 'unit')}, no limit"
    return f"{count(load.used)} of {plural(load.limit, load.what.removesuffix('s'))}"
