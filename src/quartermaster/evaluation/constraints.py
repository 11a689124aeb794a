"""The constraints that join shipments: stock, capacities, completeness, numbers of shipments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from quartermaster.domain.orders import Order
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import AllocationRow
from quartermaster.evaluation.records import Records
from quartermaster.evaluation.violations import Findings
from quartermaster.policy import Policy

Shipped = Counter[tuple[str, str]]
"""Units allocated of each (order_id, line_id)."""


def check_line_nodes(row: AllocationRow, node_id: str, records: Records, findings: Findings) -> None:
    """Pins, allowed nodes and excluded nodes of one allocation.

    Parameters
    ----------
    row
        The allocation.
    node_id
        Node it really leaves from.
    records
        The snapshot.
    findings
        Violations are added to it.
    """
    line = records.lines[row.order_id, row.line_id]
    if line.pinned_node and node_id != line.pinned_node:
        findings.add("pinned_node", row.where, f"leaves {node_id}, pinned to {line.pinned_node}")
    if line.allowed_nodes and node_id not in line.allowed_nodes:
        findings.add("allowed_nodes", row.where, f"leaves {node_id}, allowed are {'; '.join(line.allowed_nodes)}")
    if node_id in line.excluded_nodes:
        findings.add("excluded_nodes", row.where, f"leaves {node_id}, which is excluded")


def units_taken(loads: Iterable[Load]) -> Counter[tuple[str, str]]:
    """Add up what shipments take, by (node_id, sku).

    Parameters
    ----------
    loads
        Shipments with their units.
    """
    taken: Counter[tuple[str, str]] = Counter()
    for load in loads:
        for sku, units in load.units_of.items():
            taken[load.shipment.node_id, sku] += units
    return taken


def check_stock(taken: Mapping[tuple[str, str], int], stock: Mapping[tuple[str, str], int], findings: Findings) -> None:
    """Units of each SKU that leave a node are at most what is available there.

    Parameters
    ----------
    taken
        Units that leave, by (node_id, sku).
    stock
        Units available of these at least, after allocations that stand; one that is not listed is not stocked.
    findings
        Violations are added to it.
    """
    for (node_id, sku), units in taken.items():
        available = stock.get((node_id, sku), 0)
        if units > available:
            findings.add("stock", f"node {node_id} sku {sku}", f"{units} units leave, {available} are available")


def check_nodes(loads: Sequence[Load], records: Records, findings: Findings) -> None:
    """Shipments and units of each node are at most the capacity left; a disabled node ships nothing.

    What allocations that stand take is not left. Where they alone take more than there is, 0 is: a node from which the
    plan ships nothing breaks no rule.

    Parameters
    ----------
    loads
        Every shipment with its units.
    records
        The snapshot.
    findings
        Violations are added to it.
    """
    shipments = Counter(load.shipment.node_id for load in loads)
    units: Counter[str] = Counter()
    for load in loads:
        units[load.shipment.node_id] += load.units
    for node_id, count in shipments.items():
        node, where = records.nodes[node_id], f"node {node_id}"
        if not node.enabled:
            findings.add("node_disabled", where, f"{count} shipments leave, but the node is disabled")
        for kind, taken, most, standing in (
            ("shipments", count, node.max_shipments, records.standing_shipments[node_id]),
            ("units", units[node_id], node.max_units, records.standing_units[node_id]),
        ):
            if most is not None and taken > max(0, most - standing):
                before = f", of which {standing} are taken by allocations that stand" if standing else ""
                findings.add(f"node_max_{kind}", where, f"{taken} {kind} leave, capacity is {most}{before}")


def check_orders(loads: Sequence[Load], shipped: Shipped, records: Records, policy: Policy, findings: Findings) -> None:
    """Completeness of lines and orders, over-allocation, and shipments per order.

    Parameters
    ----------
    loads
        Every shipment with its units.
    shipped
        Units allocated of each line.
    records
        The snapshot.
    policy
        Its `max_shipments` counts where an order has none.
    findings
        Violations are added to it.
    """
    shipments = Counter(load.shipment.order_id for load in loads)
    for order_id, order in records.orders.items():
        short = served = False
        for line in records.lines_of.get(order_id, ()):
            units = shipped[order_id, line.line_id]
            if units > line.quantity:
                where = f"order {order_id} line {line.line_id}"
                findings.add("over_allocated", where, f"{units} units allocated, {line.quantity} were ordered")
            if line.line_complete and 0 < units < line.quantity:
                where = f"order {order_id} line {line.line_id}"
                findings.add("line_complete", where, f"{units} of {line.quantity} units allocated")
            short = short or units < line.quantity
            served = served or units > 0
        if order.ship_complete and short and served:
            findings.add("ship_complete", f"order {order_id}", "some units are allocated and some are not")
        most = max_shipments(order, policy)
        if most and shipments[order_id] > most:
            findings.add("max_shipments", f"order {order_id}", f"{shipments[order_id]} shipments, at most {most}")


def max_shipments(order: Order, policy: Policy) -> int:
    """Return how many shipments an order may have; 0 = unlimited.

    Parameters
    ----------
    order
        Its own figure wins.
    policy
        Its figure counts where the order has none.
    """
    return policy.service.max_shipments if order.max_shipments is None else order.max_shipments
