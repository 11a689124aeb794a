"""Plans as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from quartermaster.domain.money import money_text
from quartermaster.domain.plan import Plan

if TYPE_CHECKING:
    from quartermaster.domain.plan import Objective
    from quartermaster.domain.scarcity import ScarceResource
    from quartermaster.verification import Verification

SHOWN_FIGURES = (
    "orders", "units", "shipments", "split_orders", "nodes_used", "backordered_units", "late_shipments", "fill_rate",
    "split_rate", "on_time_rate", "cost_per_order", "mean_distance_km",
)  # fmt: skip
"""Key figures worth a line on a terminal; plan.json has them all."""
MISSING = "-"
"""What a cell shows where there is no figure."""


def money(amount: Decimal) -> str:
    """Write an amount with thousands separators and two decimals, for reading only.

    Parameters
    ----------
    amount
        In currency units.
    """
    return f"{amount:,.2f}"


def percent(share: Decimal | None, decimals: int = 1) -> str:
    """Write a share as per cent.

    Parameters
    ----------
    share
        Fraction; None = no figure.
    decimals
        Decimals to show.
    """
    return MISSING if share is None else f"{100 * share:.{decimals}f} %"


def seconds_of(plan: Plan) -> float:
    """Add up the wall seconds of all phases of a plan.

    Parameters
    ----------
    plan
        The plan.
    """
    return sum(plan.run.seconds.values())


def comparison_table(plans: Sequence[Plan], currency: str) -> Table:
    """Set plans side by side; the first is the one the others are measured against.

    Parameters
    ----------
    plans
        The plan of interest first, usually the optimum, then one per named rule.
    currency
        Currency of the amounts.
    """
    best = plans[0]
    table = Table(title=f"What the {best.strategy} plan saves over each rule", title_justify="left", title_style="bold")
    table.add_column("strategy")
    for heading in (f"total {currency}", "serving", "backorder", "saved", "saved %", "fill", "split", "on time", "s"):
        table.add_column(heading, justify="right")
    for plan in plans:
        total, backorder = plan.objective.total, plan.objective.terms()["backorder"]
        saved = total - best.objective.total
        table.add_row(
            plan.strategy,
            money(total),
            money(total - backorder),
            money(backorder),
            MISSING if plan is best else money(saved),
            MISSING if plan is best or not total else percent(saved / total),
            percent(plan.kpis.get("fill_rate")),
            percent(plan.kpis.get("split_rate")),
            percent(plan.kpis.get("on_time_rate")),
            f"{seconds_of(plan):.1f}",
            style="bold" if plan is best else None,
        )
    return table


def cost_table(objective: Objective, currency: str) -> Table:
    """List the cost of a plan by term.

    Parameters
    ----------
    objective
        Its cost.
    currency
        Currency of the amounts.
    """
    table = Table(title="Cost by term", title_justify="left", title_style="bold")
    table.add_column("term")
    table.add_column(currency, justify="right")
    for name, amount in objective.terms().items():
        table.add_row(name, money(amount))
    table.add_section()
    table.add_row("total", money(objective.total), style="bold")
    return table


def figures_table(plan: Plan) -> Table:
    """List the main key figures of a plan.

    Parameters
    ----------
    plan
        The plan.
    """
    table = Table(title="Key figures", title_justify="left", title_style="bold")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("status", str(plan.status))
    table.add_row("gap (proven, at most)", percent(plan.gap, 4))
    table.add_row("gap of what is served", percent(plan.gap_served, 4))
    if plan.stock_value is not None:
        table.add_row("stock value taken", f"{plan.stock_value:,.2f}")
        table.add_row("gap with stock value", percent(plan.decision_gap, 4))
    for name in SHOWN_FIGURES:
        if (value := plan.kpis.get(name)) is None:
            continue
        shown = percent(value) if name.endswith("_rate") else f"{value:,.2f}".removesuffix(".00")
        table.add_row(name.replace("_", " "), shown)
    return table


def backorder_table(plan: Plan) -> Table | None:
    """Count the backordered units by reason, and those with an expected date; None where nothing is backordered.

    Parameters
    ----------
    plan
        The plan.
    """
    if plan.backorders.empty:
        return None
    table = Table(title="Backorders by reason", title_justify="left", title_style="bold")
    table.add_column("reason")
    table.add_column("lines", justify="right")
    table.add_column("units", justify="right")
    dated = plan.backorders["quantity"].where(plan.backorders["expected_delivery_date"] != "", 0)
    any_dated = bool(dated.any())
    if any_dated:
        table.add_column("with a date", justify="right")
    grouped = plan.backorders.assign(dated=dated).groupby("reason", sort=True)
    figures = grouped.agg(lines=("quantity", "count"), units=("quantity", "sum"), dated=("dated", "sum"))
    for reason, row in zip(figures.index, figures.to_numpy().tolist(), strict=True):
        table.add_row(str(reason), *(f"{int(number):,}" for number in (row if any_dated else row[:2])))
    return table


def verification_table(verification: Verification, currency: str) -> Table:
    """List the figures of a verification.

    Parameters
    ----------
    verification
        What it found.
    currency
        Currency of the amounts.
    """
    table = Table(title="Verified without a solver", title_justify="left", title_style="bold")
    table.add_column("figure")
    table.add_column("value", justify="right")
    amounts = {
        f"total {currency}, recomputed": verification.evaluation.objective.total_micro,
        "certified bound, recomputed": None if verification.recomputed is None else verification.recomputed.bound_micro,
        "claimed in certificate.json": verification.claimed_in_certificate_micro,
        "claimed in plan.json": verification.claimed_in_plan_micro,
    }
    table.add_row("violations", f"{len(verification.evaluation.violations):,}")
    for name, micro in amounts.items():
        table.add_row(name, MISSING if micro is None else money_text(micro))
    table.add_row("certified gap", percent(verification.certified_gap, 4))
    if verification.recomputed is not None:
        table.add_row("orders bounded", f"{verification.recomputed.orders:,}")
        table.add_row("of them by a floor", f"{verification.recomputed.floored_orders:,}")
    table.add_row("rating cells compared", f"{verification.cells_compared:,}")
    table.add_row("of them offered", f"{verification.cells_offered:,}")
    table.add_row("cells that differ", f"{len(verification.mismatches):,}")
    return table


def scarcity_table(resources: Sequence[ScarceResource], currency: str) -> Table:
    """List scarce resources.

    Parameters
    ----------
    resources
        Dearest first.
    currency
        Currency of the prices.
    """
    table = Table(title="What one more unit would save (estimate)", title_justify="left", title_style="bold")
    table.add_column(f"price {currency}", justify="right")
    for heading in ("resource", "node", "SKU"):
        table.add_column(heading, overflow="fold")
    for heading in ("available", "taken", "ordered in all", "waiting"):
        table.add_column(heading, justify="right")
    for held in resources:
        counts = (held.available, held.taken, held.ordered, held.backordered)
        table.add_row(
            money(held.price),
            held.resource,
            Text(held.node_id),
            Text(held.sku),
            *(MISSING if number is None else f"{number:,}" for number in counts),
        )
    return table
