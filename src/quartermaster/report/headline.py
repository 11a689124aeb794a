"""The top of the page: what the plan costs, how good it provably is, what it saves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from quartermaster.domain.plan import Plan, Status
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL, RULES
from quartermaster.report.markup import tile
from quartermaster.report.text import count, gap_percent, instant, money, percent, plural, strategy_name


def title(snapshot: Snapshot, plan: Plan) -> str:
    """Say in one line what the page shows.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    how = "planned together" if plan.strategy == OPTIMAL else f"planned by the rule “{strategy_name(plan.strategy)}”"
    return f"{plural(len(snapshot.orders), 'order')} {how} for {money(plan.objective.total, snapshot.currency)}"


def headline(snapshot: Snapshot, plan: Plan, others: Sequence[Plan]) -> str:
    """Write the headline, the large figures and the saving over each other plan.

    Parameters
    ----------
    snapshot, plan, others
        The plan, what it was made for, and the plans beside it.
    """
    when = f"Plan of {instant(snapshot.as_of)}"
    return (
        f'<header><p class="eyebrow"><b>Quartermaster</b> · {escape(when)}</p>'
        f"<h1>{escape(title(snapshot, plan))}</h1>"
        f'<p class="lead">{escape(" ".join(_sentences(snapshot, plan, others)))}</p>'
        f'<div class="tiles">{_tiles(snapshot, plan)}</div>{_savings(snapshot, plan, others)}</header>'
    )


def saving(plan: Plan, other: Plan) -> tuple[Decimal, Decimal | None]:
    """Compute what a plan saves over another: amount, and fraction of the other's cost (None where that is 0).

    Parameters
    ----------
    plan, other
        Two plans of one snapshot.
    """
    amount = other.objective.total - plan.objective.total
    return amount, amount / other.objective.total if other.objective.total_micro > 0 else None


def _sentences(snapshot: Snapshot, plan: Plan, others: Sequence[Plan]) -> list[str]:
    currency, sentences = snapshot.currency, []
    if others:
        best = min(others, key=lambda other: other.objective.total_micro)
        worst = max(others, key=lambda other: other.objective.total_micro)
        amount, share = saving(plan, best)
        kind = "rule" if all(other.strategy in RULES for other in others) else "other plan"
        name = f"the best {kind}, “{strategy_name(best.strategy)}”"
        if amount > 0:
            text = f"That is {money(amount, currency)} ({percent(share)}) less than {name}"
            worst_share = saving(plan, worst)[1]
            if worst is not best and worst_share is not None:
                text += f", and {percent(worst_share)} less than the worst, “{strategy_name(worst.strategy)}”"
            sentences.append(text + ".")
            sentences += _where_saved(plan, best, currency)
        elif amount == 0:
            sentences.append(f"It costs the same as {name}.")
        else:
            sentences.append(f"That is {money(-amount, currency)} more than {name}.")
    if plan.bound is not None and plan.gap is not None:
        if plan.gap <= 0:
            sentences.append("It is proven that no plan of this day costs less.")
        else:
            sentences.append(
                f"It is proven that no plan of this day can cost less than {money(plan.bound, currency)}: "
                f"at most {gap_percent(plan.gap)} is left to gain."
            )
    elif plan.strategy != OPTIMAL:
        sentences.append(
            "A rule goes order by order and knows no bound: how much better a plan could be, it cannot say."
        )
    else:
        sentences.append("The plan is checked, but no bound was found in the time allowed.")
    return sentences


def _where_saved(plan: Plan, other: Plan, currency: str) -> list[str]:
    """Say how much of a saving lies in serving and how much in waiting: the price of waiting is a choice."""
    waiting = other.objective.terms()["backorder"] - plan.objective.terms()["backorder"]
    serving = saving(plan, other)[0] - waiting
    if not waiting:
        return []
    less, more = "{} less is spent on serving", "{} more is spent on serving"
    told = (less if serving >= 0 else more).format(money(abs(serving), currency))
    fewer = "less" if waiting > 0 else "more"
    return [f"{told}, {money(abs(waiting), currency)} {fewer} is charged for orders that wait."]


def _tiles(snapshot: Snapshot, plan: Plan) -> str:
    kpis, currency = plan.kpis, snapshot.currency
    proof = {Status.OPTIMAL: "proven optimal", Status.FEASIBLE: "checked, with a bound"}.get(
        plan.status, "checked, without a bound"
    )
    backorders = plan.objective.terms()["backorder"]
    return "".join(
        [
            tile(
                "Total cost", money(plan.objective.total, currency), f"{money(backorders, currency)} of it backorders"
            ),
            tile("Proven gap", gap_percent(plan.gap), proof),
            tile("Units filled", percent(kpis.get("fill_rate")), f"of {count(kpis.get('units'))} units ordered"),
            tile("Orders split", percent(kpis.get("split_rate")), f"{count(kpis.get('shipments'))} shipments in all"),
            tile("On time", percent(kpis.get("on_time_rate")), "of shipments with a promise"),
            tile("Cost per order", money(kpis.get("cost_per_order"), currency), "served, without backorders"),
        ]
    )


def _savings(snapshot: Snapshot, plan: Plan, others: Sequence[Plan]) -> str:
    if not others:
        return ""
    written = []
    for other in sorted(others, key=lambda other: other.objective.total_micro):
        amount, share = saving(plan, other)
        worse = amount < 0
        figure = percent(abs(share) if share is not None else None)
        compared, sign, mark = ("more", "+", ' class="worse"') if worse else ("less", "−", "")
        said = f"{money(abs(amount), snapshot.currency)} {compared} than {strategy_name(other.strategy)}"
        if not amount:
            sign, said = "±", f"the same as {strategy_name(other.strategy)}"
        written.append(f"<li{mark}><b>{escape(sign + figure)}</b>{escape(said)}</li>")
    return f'<ul class="savings">{"".join(written)}</ul>'
