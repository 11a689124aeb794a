"""The sections of the page below the headline."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.report.bars import TERMS, backorder_chart, cost_chart, node_chart
from quartermaster.report.map_chart import IDLE, KIND_COLOURS, KIND_NAMES, ORDER, SHORT, MapParts, map_chart, outside
from quartermaster.report.markup import Row, section, table
from quartermaster.report.network import NodeLoad, flows, node_loads, regions
from quartermaster.report.svg import inline_svg
from quartermaster.report.text import count, money, percent, plural, strategy_name

MOST_NODES = 14
"""Nodes shown with their capacity."""
_MOST_SKUS = 8
REASONS = {
    "not_allowed": "no node is allowed to serve the line",
    "no_stock": "no stock at any allowed node",
    "no_service": "no service goes there",
    "late_everywhere": "every service would miss the promise",
    "max_shipments": "the order's shipments are used up",
    "ship_complete": "the order or line ships complete or not at all",
    "no_capacity": "the nodes with stock are full",
    "stock_taken": "other orders took the stock",
    "too_costly": "serving would cost more than waiting",
}
"""Each reason of backorders.csv in words."""


def map_section(snapshot: Snapshot, plan: Plan) -> str:
    """Write the map with its key, or one sentence where no place is known.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    loads = node_loads(snapshot, plan)
    parts = MapParts(loads, flows(snapshot, plan), regions(snapshot, plan))
    used = sum(load.units > 0 for load in loads)
    title = "Where it ships from"
    chart = map_chart(parts)
    if chart is None:
        return section(title, "Neither nodes nor orders have a known place, so there is no map.", "")
    note = (
        f"{used} of {plural(len(loads), 'node')} {'ships' if used == 1 else 'ship'}. A circle's area is the units a "
        "node ships, a line's width the units it sends to a region."
    )
    left_out = outside(parts)
    if left_out:
        note += f" {plural(left_out, 'order')} outside the map left out."
    if any(load.lat != load.lat for load in loads):
        note += " Nodes without a place are left out."
    label = escape(f"Map of {plural(len(loads), 'node')} and what they ship", quote=True)
    return section(title, note, f"<figure>{inline_svg(chart, 'map', label)}</figure>{_map_key(parts)}")


def cost_section(snapshot: Snapshot, plan: Plan, others: Sequence[Plan]) -> str:
    """Write the cost of every plan by term, drawn and as figures.

    Parameters
    ----------
    snapshot, plan, others
        The plan, what it was made for, and the plans beside it.
    """
    plans = [plan, *sorted(others, key=lambda other: other.objective.total_micro)]
    chart = inline_svg(cost_chart(plans, snapshot.currency), "cost", "Cost by term of each plan")
    shown = [term for term in TERMS if any(held.objective.terms_micro()[term] for held in plans)]
    rows = [
        Row(
            [
                strategy_name(held.strategy),
                *(money(held.objective.terms()[term], snapshot.currency, 2) for term in shown),
                money(held.objective.total, snapshot.currency, 2),
            ],
            ours=held is plan and bool(others),
        )
        for held in plans
    ]
    note = "Each plan serves the same orders from the same stock under the same rules." if others else ""
    figures = table(["Plan", *(TERMS[term][0] for term in shown), "Total"], rows)
    return section("What it costs", note, f'<figure class="bars">{chart}</figure>{figures}')


def service_section(snapshot: Snapshot, plan: Plan, others: Sequence[Plan]) -> str:
    """Write what customers see of every plan.

    Parameters
    ----------
    snapshot, plan, others
        The plan, what it was made for, and the plans beside it.
    """
    plans = [plan, *sorted(others, key=lambda other: other.objective.total_micro)]
    rows = []
    for held in plans:
        kpis, distance = held.kpis, held.kpis.get("mean_distance_km")
        rows.append(
            Row(
                [
                    strategy_name(held.strategy),
                    percent(kpis.get("fill_rate")),
                    percent(kpis.get("split_rate")),
                    percent(kpis.get("on_time_rate")),
                    count(int(held.backorders["quantity"].sum())),
                    count(len(held.shipments)),
                    f"{distance:,.0f} km" if distance is not None else "–",
                    money(kpis.get("cost_per_order"), snapshot.currency),
                ],
                ours=held is plan and bool(others),
            )
        )
    headings = ["Plan", "Units filled", "Orders split", "On time", "Units backordered", "Shipments", "Mean distance"]
    note = "Split: served orders with more than one shipment. On time: of the shipments that have a promise."
    return section("What customers see", note, table([*headings, "Cost per order"], rows))


def node_section(snapshot: Snapshot, plan: Plan) -> str:
    """Write the busiest nodes against their capacity.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    loads = busiest(node_loads(snapshot, plan))
    if not loads:
        return section("The busiest nodes", "No node ships anything in this plan.", "")
    full = sum(load.share >= 1 and load.units > 0 for load in node_loads(snapshot, plan))
    note = "Of its two capacities, shipments and units, the one that is nearer to full."
    if full:
        note += f" {plural(full, 'node')} full (orange): more room there may lower the cost."
    chart = inline_svg(node_chart(loads), "nodes", "Busiest nodes and the share of their capacity that is used")
    return section("The busiest nodes", note, f'<figure class="bars">{chart}</figure>')


def busiest(loads: Sequence[NodeLoad], most: int = MOST_NODES) -> list[NodeLoad]:
    """Pick the nodes to show: fullest first, among equals the one that ships most.

    Parameters
    ----------
    loads
        Every node.
    most
        How many to pick.
    """
    shipping = [load for load in loads if load.units]
    return sorted(shipping, key=lambda load: (-load.share, -load.units, load.node_id))[:most]


def backorder_section(snapshot: Snapshot, plan: Plan) -> str:
    """Write what waits, why, and how much of it has an expected date.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    table_held = plan.backorders
    units = int(table_held["quantity"].sum())
    if not units:
        return section("What waits", "Nothing: every unit ordered ships in this plan.", "")
    by_reason = table_held.groupby("reason")["quantity"].sum()
    pairs = sorted(((REASONS.get(str(name), str(name)), int(total)) for name, total in by_reason.items()), key=_largest)
    chart = inline_svg(backorder_chart(pairs), "backorders", "Backordered units by reason")
    dated = table_held["quantity"].where(table_held["expected_delivery_date"] != "", 0)
    grouped = table_held.assign(dated=dated).groupby("sku")
    by_sku = grouped.agg(
        units=("quantity", "sum"), orders=("order_id", "nunique"), dated=("dated", "sum")
    ).reset_index()
    by_sku = by_sku.sort_values(["units", "sku"], ascending=[False, True]).head(_MOST_SKUS)
    headings = ["SKU", "Units", "Orders"]
    if dated.any():
        headings.append("With a date")
    rows = [
        Row([str(sku), *(count(int(number)) for number in numbers)][: len(headings)])
        for sku, *numbers in by_sku.itertuples(index=False)
    ]
    orders = int(table_held["order_id"].nunique())
    note = (
        f"{plural(units, 'unit')} of {plural(orders, 'order')} wait, at a cost of "
        f"{money(plan.objective.terms()['backorder'], snapshot.currency)} in the objective."
    )
    if dated.any():
        last = max(table_held["expected_delivery_date"])
        note += f" Inbound supply gives {count(int(dated.sum()))} of them a date, {last} at the latest."
    body = f'<figure class="bars">{chart}</figure><h3>SKUs that wait most</h3>'
    return section("What waits, and why", note, body + table(headings, rows, narrow=True))


def _largest(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _map_key(parts: MapParts) -> str:
    kinds = [kind for kind in KIND_COLOURS if any(load.kind == kind for load in parts.loads)]
    entries = [("dot", KIND_COLOURS[kind], KIND_NAMES[kind]) for kind in kinds]
    entries.append(("dot", ORDER, "Orders"))
    if any(region.short for region in parts.regions):
        entries.append(("dot ring", SHORT, "Orders with a backorder"))
    if any(not load.units for load in parts.loads):
        entries.append(("dot ring", IDLE, "Node that ships nothing"))
    written = "".join(
        f'<li><span class="{kind}" style="background:{colour};border-color:{colour}"></span>{escape(name)}</li>'
        for kind, colour, name in entries
    )
    return f'<ul class="key">{written}</ul>'
