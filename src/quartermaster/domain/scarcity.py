"""The scarcest resources of a plan: what one more unit there would be worth, how much there is and who wants it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from quartermaster.domain.certificate import Certificate
from quartermaster.domain.money import from_micro
from quartermaster.domain.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class ScarceResource:
    """A resource that has a price.

    Parameters
    ----------
    resource
        ``stock``, ``shipments`` (of a node) or ``units`` (of a node).
    node_id, sku
        Where, and of what; the SKU is empty unless it is stock.
    price_micro
        Estimate of what one more unit of it would save, in micro: the dual of the linear relaxation, no promise about
        the plan.
    available, taken
        Units that allocations which stand leave, and units of them that the plan takes.
    ordered, backordered
        Units of the SKU that all orders together ask for, and those that wait in the plan; None unless it is stock.
    """

    resource: str
    node_id: str
    sku: str
    price_micro: int
    available: int
    taken: int
    ordered: int | None = None
    backordered: int | None = None

    @property
    def price(self) -> Decimal:
        """The price, in currency units."""
        return from_micro(self.price_micro)


def scarcest(
    snapshot: Snapshot,
    certificate: Certificate,
    allocations: pd.DataFrame,
    shipments: pd.DataFrame,
    top: int | None = None,
) -> list[ScarceResource]:
    """List the resources that have a price, dearest first; equals by kind, node and SKU.

    Parameters
    ----------
    snapshot
        The checked snapshot.
    certificate
        Prices that fit it.
    allocations, shipments
        Tables of the plan; of the first `order_id, line_id, quantity, shipment_id`, of the second `shipment_id,
        node_id` are read.
    top
        How many; None = all of them.
    """
    stock = certificate.stock
    priced = [
        *(("stock", *row) for row in zip(stock.node_id, stock.sku, stock.price_micro, strict=True)),
        *(
            (kind, node_id, "", price)
            for kind, prices in (("shipments", certificate.shipments), ("units", certificate.units))
            for node_id, price in zip(prices.node_id, prices.price_micro, strict=True)
        ),
    ]
    priced.sort(key=lambda row: (-row[3], row[:3]))
    priced = priced[:top]
    available = _available(snapshot, {row[:3] for row in priced})
    lines, nodes = snapshot.order_lines, dict(zip(shipments["shipment_id"], shipments["node_id"], strict=True))
    ids = zip(lines["order_id"].tolist(), lines["line_id"].tolist(), strict=True)
    sku_of = dict(zip(ids, lines["sku"].tolist(), strict=True))
    ordered: Counter[str] = Counter()
    for sku, quantity in zip(lines["sku"].tolist(), lines["quantity"].tolist(), strict=True):
        ordered[sku] += quantity
    taken: Counter[tuple[str, str, str]] = Counter()
    shipped: Counter[str] = Counter()
    columns = (allocations[name] for name in ("order_id", "line_id", "quantity", "shipment_id"))
    for order_id, line_id, quantity, shipment_id in zip(*columns, strict=True):
        node_id, sku = nodes.get(shipment_id, ""), sku_of.get((order_id, line_id), "")
        taken["stock", node_id, sku] += int(quantity)
        taken["units", node_id, ""] += int(quantity)
        shipped[sku] += int(quantity)
    for node_id in nodes.values():
        taken["shipments", node_id, ""] += 1
    return [
        ScarceResource(
            resource=kind,
            node_id=node_id,
            sku=sku,
            price_micro=price,
            available=available.get((kind, node_id, sku), 0),
            taken=taken[kind, node_id, sku],
            ordered=ordered[sku] if kind == "stock" else None,
            backordered=max(0, ordered[sku] - shipped[sku]) if kind == "stock" else None,
        )
        for kind, node_id, sku, price in priced
    ]


def _available(snapshot: Snapshot, wanted: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    """Look up how much allocations that stand leave of some resources."""
    found: dict[tuple[str, str, str], int] = {}
    rows = (snapshot.inventory[name].tolist() for name in ("node_id", "sku", "on_hand", "safety_stock", "reserved"))
    for node_id, sku, on_hand, safety_stock, reserved in zip(*rows, strict=True):
        if ("stock", node_id, sku) in wanted:
            found["stock", node_id, sku] = max(0, on_hand - safety_stock - reserved)
    for kind in ("shipments", "units"):
        limits = snapshot.nodes[f"max_{kind}"].tolist()
        for node_id, most in zip(snapshot.nodes["node_id"].tolist(), limits, strict=True):
            if (kind, node_id, "") in wanted:
                found[kind, node_id, ""] = most
    for resource, units in _standing(snapshot).items():
        if resource in found:
            found[resource] = max(0, found[resource] - units)
    return found


def _standing(snapshot: Snapshot) -> Counter[tuple[str, str, str]]:
    """Add up what allocations that stand take of each resource."""
    standing: Counter[tuple[str, str, str]] = Counter()
    shipments = set()
    for row in snapshot.fixed:
        standing["stock", row.node_id, row.sku] += row.quantity
        standing["units", row.node_id, ""] += row.quantity
        shipments.add((row.node_id, row.order_id, row.shipment_id))
    standing.update(("shipments", node_id, "") for node_id, _, _ in shipments)
    return standing
