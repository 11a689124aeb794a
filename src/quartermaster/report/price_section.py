"""The section on prices: what one more unit of the scarcest resources would be worth."""

from __future__ import annotations

from quartermaster.domain.plan import Plan
from quartermaster.domain.scarcity import ScarceResource, scarcest
from quartermaster.domain.snapshot import Snapshot
from quartermaster.report.bars import price_chart
from quartermaster.report.markup import section
from quartermaster.report.svg import inline_svg
from quartermaster.report.text import count, money, plural

MOST_PRICES = 12
"""Resources shown with their price."""
TITLE = "Prices of scarce stock"


def price_section(snapshot: Snapshot, plan: Plan) -> str:
    """Write the dearest resources; nothing for a plan without prices.

    Parameters
    ----------
    snapshot, plan
        The plan and what it was made for.
    """
    if plan.certificate is None:
        return ""
    priced = plan.certificate.n_prices
    if not priced:
        return section(TITLE, "Nothing is scarce in this plan: no resource has a price.", "")
    held = scarcest(snapshot, plan.certificate, plan.allocations, plan.shipments, MOST_PRICES)
    note = (
        f"An estimate of what one more unit would save, from the prices that prove the bound. "
        f"{plural(priced, 'resource')} {'has' if priced == 1 else 'have'} one"
    )
    note += f"; the dearest {len(held)} are shown, prices.csv has all." if priced > len(held) else "."
    bars = [(_name(resource), float(resource.price), _text(resource, snapshot.currency)) for resource in held]
    chart = inline_svg(price_chart(bars), "prices", "Prices of the scarcest resources")
    return section(TITLE, note, f'<figure class="bars">{chart}</figure>')


def _name(resource: ScarceResource) -> str:
    if resource.resource == "stock":
        return f"{resource.sku} at {resource.node_id}"
    return f"{resource.resource} of {resource.node_id}"


def _text(resource: ScarceResource, currency: str) -> str:
    text = f"{money(resource.price, currency, 2)}: {count(resource.taken)} of {count(resource.available)} taken"
    return text if resource.ordered is None else f"{text}, {count(resource.ordered)} ordered in all"
