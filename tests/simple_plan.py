"""A simple good plan for any snapshot: order by order, node by node at random, whatever fits.

It shares nothing with the planner: constraints are kept here in the plainest way, and what a shipment costs is asked of
the specification, one shipment at a time. Made to be corrupted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from good_plan import Draft

from quartermaster.domain.money import from_micro
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.plan import SHIPMENT_COLUMNS, Reason
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.evaluation.constraints import max_shipments
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import ShipmentRow
from quartermaster.evaluation.pricing import PricedShipment, Pricing
from quartermaster.evaluation.records import Records, available_units, records_of
from quartermaster.evaluation.violations import Findings
from quartermaster.policy import Policy

Units = dict[str, int]
"""Units by line_id."""


def simple_plan(snapshot: Snapshot, policy: Policy, seed: int) -> Draft:
    """Plan a checked snapshot at random, and claim everything there is to claim."""
    maker = _Maker(records_of(snapshot), available_units(snapshot), policy, Random(seed))
    for order in maker.records.orders.values():
        maker.serve(order)
    backorders = [
        {"order_id": line.order_id, "line_id": line.line_id, "sku": line.sku, "quantity": short, "reason": reason}
        for key, line in maker.records.lines.items()
        if (short := line.quantity - maker.shipped[key])
        for reason in [str(Reason.TOO_COSTLY)]
    ]
    draft = Draft(
        snapshot=snapshot, policy=policy, allocations=maker.allocations, shipments=maker.shipments,
        backorders=backorders, claimed=None,
    )  # fmt: skip
    draft.claimed = evaluate_tables(snapshot, policy, **draft.frames()).objective
    return draft


class _Maker:
    def __init__(self, records: Records, available: dict[tuple[str, str], int], policy: Policy, random: Random) -> None:
        self.records = records
        self.policy = policy
        self.random = random
        self.pricing = Pricing(records, policy)
        self.left = Counter(available)
        self.node_shipments = Counter(records.standing_shipments)
        self.node_units = Counter(records.standing_units)
        self.shipped: Counter[tuple[str, str]] = Counter()
        self.allocations: list[dict[str, Any]] = []
        self.shipments: list[dict[str, Any]] = []

    def serve(self, order: Order) -> None:
        """Try one, then two nodes; keep the first way that breaks no rule."""
        nodes = list(self.records.nodes)
        self.random.shuffle(nodes)
        lines = self.records.lines_of[order.order_id]
        ways = [[node] for node in nodes] + [[a, b] for a in nodes for b in nodes if a != b]
        for way in ways if self.random.random() < 0.5 else reversed(ways):
            parts = self._parts(lines, way)
            most = max_shipments(order, self.policy)
            if parts and (not most or len(parts) <= most) and self._is_complete(order, lines, parts):
                priced = {node_id: self._price(order, node_id, units) for node_id, units in parts.items()}
                if all(priced.values()):
                    for node_id, (service, price) in ((node, found) for node, found in priced.items() if found):
                        self._take(order, node_id, parts[node_id], service, price)
                    return

    def _parts(self, lines: list[OrderLine], way: list[str]) -> dict[str, Units]:
        parts: dict[str, Units] = {}
        served: Counter[str] = Counter()
        for node_id in way:
            node, left, units = self.records.nodes[node_id], Counter(self.left), {}
            room = 10**9 if node.max_units is None else node.max_units - self.node_units[node_id]
            full = node.max_shipments is not None and self.node_shipments[node_id] >= node.max_shipments
            for line in lines if node.enabled and not full else []:
                allowed = line.pinned_node in ("", node_id) and node_id not in line.excluded_nodes
                allowed = allowed and (not line.allowed_nodes or node_id in line.allowed_nodes)
                quantity = min(line.quantity - served[line.line_id], left[node_id, line.sku], room)
                if allowed and quantity > 0:
                    units[line.line_id] = quantity
                    served[line.line_id] += quantity
                    left[node_id, line.sku] -= quantity
                    room -= quantity
            if units:
                parts[node_id] = units
        return parts

    def _is_complete(self, order: Order, lines: list[OrderLine], parts: dict[str, Units]) -> bool:
        served: Counter[str] = Counter()
        for units in parts.values():
            served.update(units)
        whole = all(served[line.line_id] == line.quantity for line in lines)
        lines_whole = all(not line.line_complete or served[line.line_id] in (0, line.quantity) for line in lines)
        return lines_whole and (whole or not order.ship_complete)

    def _price(self, order: Order, node_id: str, units: Units) -> tuple[tuple[str, str], PricedShipment] | None:
        services = list(self.records.services)
        self.random.shuffle(services)
        content: Counter[str] = Counter()
        for line_id, quantity in units.items():
            content[self.records.lines[order.order_id, line_id].sku] += quantity
        for service in services:
            findings = Findings()
            load = Load(ShipmentRow("", order.order_id, node_id, *service, claims={}), content)
            priced = self.pricing.price(load, findings)
            if priced is not None and not findings.all():
                return service, priced
        return None

    def _take(self, order: Order, node_id: str, units: Units, service: tuple[str, str], priced: PricedShipment) -> None:
        shipment_id = f"S-{order.order_id}-{node_id}"
        self.node_shipments[node_id] += 1
        for line_id, quantity in units.items():
            line = self.records.lines[order.order_id, line_id]
            self.left[node_id, line.sku] -= quantity
            self.node_units[node_id] += quantity
            self.shipped[order.order_id, line_id] += quantity
            self.allocations.append(
                {"order_id": order.order_id, "line_id": line_id, "sku": line.sku, "node_id": node_id,
                 "quantity": quantity, "shipment_id": shipment_id}
            )  # fmt: skip
        derived = {name: getattr(priced, name) for name in SHIPMENT_COLUMNS[5:]}
        for name in SHIPMENT_COLUMNS[-4:]:
            derived[name] = from_micro(derived[name])
        for name in ("ship_date", "delivery_date"):
            derived[name] = derived[name].isoformat()
        ids = dict(zip(SHIPMENT_COLUMNS, (shipment_id, order.order_id, node_id, *service), strict=False))
        self.shipments.append({**ids, **derived})


def copy_of(draft: Draft) -> Draft:
    """Copy a plan, so that a change leaves the original alone."""
    return Draft(
        snapshot=draft.snapshot,
        policy=draft.policy,
        allocations=[dict(row) for row in draft.allocations],
        shipments=[dict(row) for row in draft.shipments],
        backorders=None if draft.backorders is None else [dict(row) for row in draft.backorders],
        claimed=None if draft.claimed is None else replace(draft.claimed),
    )


def rules_broken(draft: Draft) -> set[str]:
    """Evaluate a plan; return the names of the rules it breaks."""
    evaluation = evaluate_tables(draft.snapshot, draft.policy, **draft.frames(), claimed=draft.claimed)
    return {violation.rule for violation in evaluation.violations}
