"""Loads: what travels in each shipment, and whether the tables of the plan fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quartermaster.evaluation.plan_rows import AllocationRow, ShipmentRow
from quartermaster.evaluation.records import Records
from quartermaster.evaluation.violations import Findings


@dataclass(frozen=True, slots=True)
class Load:
    """One shipment of a known order from a known node, and its units by SKU."""

    shipment: ShipmentRow
    units_of: dict[str, int] = field(default_factory=dict)

    @property
    def units(self) -> int:
        """Units in the shipment."""
        return sum(self.units_of.values())


def load_shipments(
    shipments: Sequence[ShipmentRow], allocations: Sequence[AllocationRow], records: Records, findings: Findings
) -> tuple[list[Load], list[AllocationRow]]:
    """Put the units of the allocations into their shipments.

    Parameters
    ----------
    shipments, allocations
        Rows of the plan.
    records
        The snapshot.
    findings
        Ids that are unknown, doubled or contradict each other are added to it.

    Returns
    -------
    loads
        Every known shipment that has units, in the order of `shipments`.
    placed
        The allocations that are in one of them, in the order of `allocations`.
    """
    loads = _known_shipments(shipments, records, findings)
    # The ids of every row, so that an allocation of a shipment that is wrong itself is not reported twice.
    named = {shipment.shipment_id for shipment in shipments}
    placed: list[AllocationRow] = []
    seen: set[tuple[str, str, str]] = set()
    for row in allocations:
        key = (row.order_id, row.line_id, row.shipment_id)
        if key in seen:
            findings.add("duplicate_allocation", row.where, "stands on two rows")
        seen.add(key)
        known = _known_line(row, records, findings)
        if row.shipment_id not in named:
            findings.add("unknown_shipment", row.where, "the shipment is not in shipments")
        if not known or row.shipment_id not in loads:
            continue
        load = loads[row.shipment_id]
        if row.order_id != load.shipment.order_id:
            findings.add("foreign_order", row.where, f"the shipment is of order {load.shipment.order_id}")
        if row.node_id and row.node_id != load.shipment.node_id:
            findings.add("allocation_node", row.where, f"node {row.node_id}, shipped from {load.shipment.node_id}")
        sku = records.lines[row.order_id, row.line_id].sku
        load.units_of[sku] = load.units_of.get(sku, 0) + row.quantity
        placed.append(row)
    for load in loads.values():
        if not load.units_of:
            findings.add("shipment_empty", load.shipment.where, "no allocation is in it")
    return [load for load in loads.values() if load.units_of], placed


def _known_line(row: AllocationRow, records: Records, findings: Findings) -> bool:
    """Whether the order line is in the snapshot; its SKU, where given, must be the one ordered."""
    line = records.lines.get((row.order_id, row.line_id))
    if line is None:
        rule = "unknown_line" if row.order_id in records.orders else "unknown_order"
        findings.add(rule, row.where, "not in the snapshot")
        return False
    if row.sku and row.sku != line.sku:
        findings.add("unknown_sku", row.where, f"SKU {row.sku}, ordered was {line.sku}")
    return True


def _known_shipments(shipments: Sequence[ShipmentRow], records: Records, findings: Findings) -> dict[str, Load]:
    loads: dict[str, Load] = {}
    seen: set[str] = set()
    served: set[tuple[str, str, str, str]] = set()
    for shipment in shipments:
        if shipment.shipment_id in seen:
            findings.add("duplicate_shipment", shipment.where, "stands on two rows")
            continue
        seen.add(shipment.shipment_id)
        key = (shipment.order_id, shipment.node_id, shipment.carrier, shipment.service)
        if key in served:
            findings.add("shipment_not_one", shipment.where, "another shipment has the same order, node and service")
        served.add(key)
        if shipment.order_id not in records.orders:
            findings.add("unknown_order", shipment.where, f"order {shipment.order_id} is not in the snapshot")
        if shipment.node_id not in records.nodes:
            findings.add("unknown_node", shipment.where, f"node {shipment.node_id} is not in the snapshot")
        if shipment.order_id in records.orders and shipment.node_id in records.nodes:
            loads[shipment.shipment_id] = Load(shipment)
    return loads
