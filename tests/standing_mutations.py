"""Mutation operators of allocations that stand: the plan stays, and takes one too many of what they leave.

As in `plan_mutations`: an operator returns the rules of which at least one must be broken, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from good_plan import Draft

from quartermaster.domain.outlook import Fixed

STANDING: dict[str, Callable[[Draft, Random], set[str] | None]] = {}


def _operator(mutation: Callable[[Draft, Random], set[str] | None]) -> Callable[[Draft, Random], set[str] | None]:
    STANDING[mutation.__name__] = mutation
    return mutation


def _stands(draft: Draft, node_id: str, sku: str, quantity: int, shipment_id: str = "new") -> None:
    row = Fixed(order_id="elsewhere", line_id="1", sku=sku, node_id=node_id, quantity=quantity, shipment_id=shipment_id)
    draft.snapshot = replace(draft.snapshot, fixed=[*draft.snapshot.fixed, row])


def _free(draft: Draft, node_id: str) -> None:
    """Lift the capacity of a node, so that nothing but stock can be short."""
    draft.change("nodes", (node_id,), max_units=None, max_shipments=None)


@_operator
def last_units_stand(draft: Draft, random: Random) -> set[str] | None:
    """What the plan left of a SKU, and one unit more, stands: oversold by that unit."""
    row = random.choice(draft.allocations)
    key = (row["node_id"], row["sku"])
    stock = next(held for held in draft.snapshot.inventory if (held.node_id, held.sku) == key)
    taken = sum(other["quantity"] for other in draft.allocations if (other["node_id"], other["sku"]) == key)
    standing = sum(fixed.quantity for fixed in draft.snapshot.fixed if (fixed.node_id, fixed.sku) == key)
    left = stock.on_hand - stock.safety_stock - stock.reserved - standing - taken
    _free(draft, key[0])
    _stands(draft, *key, left + 1)
    return {"stock"}


@_operator
def all_units_stand_and_more(draft: Draft, random: Random) -> set[str] | None:
    """Far more stands than there is."""
    row = random.choice(draft.allocations)
    _free(draft, row["node_id"])
    _stands(draft, row["node_id"], row["sku"], 10**6)
    return {"stock"}


@_operator
def last_units_of_capacity_stand(draft: Draft, random: Random) -> set[str] | None:
    """A node has room for the plan and two units more; three of a SKU that the plan leaves alone stand."""
    row = random.choice(draft.allocations)
    node_id = row["node_id"]
    used = {other["sku"] for other in draft.allocations if other["node_id"] == node_id}
    others = [sku for sku in draft.snapshot.products["sku"].tolist() if sku not in used]
    if not others:
        return None
    units = sum(other["quantity"] for other in draft.allocations if other["node_id"] == node_id)
    standing = sum(fixed.quantity for fixed in draft.snapshot.fixed if fixed.node_id == node_id)
    draft.change("nodes", (node_id,), max_units=units + standing + 2, max_shipments=None)
    _stands(draft, node_id, random.choice(others), 3)
    return {"node_max_units"}


@_operator
def last_shipment_stands(draft: Draft, random: Random) -> set[str] | None:
    """A node has room for the plan and one shipment more; two stand, of one order."""
    node_id = random.choice(draft.shipments)["node_id"]
    used = {other["sku"] for other in draft.allocations if other["node_id"] == node_id}
    others = [sku for sku in draft.snapshot.products["sku"].tolist() if sku not in used]
    if not others:
        return None
    count = sum(row["node_id"] == node_id for row in draft.shipments)
    standing = {(fixed.order_id, fixed.shipment_id) for fixed in draft.snapshot.fixed if fixed.node_id == node_id}
    draft.change("nodes", (node_id,), max_shipments=count + len(standing) + 1, max_units=None)
    for shipment_id in ("new", "newer"):
        _stands(draft, node_id, others[0], 1, shipment_id)
    return {"node_max_shipments"}
