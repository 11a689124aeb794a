"""The evaluation: every cost recomputed and every constraint checked, for any plan, without a solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from quartermaster.domain.money import MICRO, round_half_up, to_micro
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.plan import Objective
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation.claims import check_backorders, check_objective, check_shipment_claims
from quartermaster.evaluation.constraints import (
    Shipped,
    check_line_nodes,
    check_nodes,
    check_orders,
    check_stock,
    units_taken,
)
from quartermaster.evaluation.expected_dates import check_expected_dates
from quartermaster.evaluation.loads import Load, load_shipments
from quartermaster.evaluation.plan_rows import allocation_rows, backorder_rows, shipment_rows
from quartermaster.evaluation.pricing import PricedShipment, Pricing
from quartermaster.evaluation.records import Records, available_units, records_of
from quartermaster.evaluation.violations import Evaluation, Findings
from quartermaster.policy import Policy

if TYPE_CHECKING:
    import pandas as pd


def evaluate_tables(
    snapshot: Snapshot,
    policy: Policy,
    allocations: pd.DataFrame,
    shipments: pd.DataFrame,
    backorders: pd.DataFrame | None = None,
    claimed: Objective | None = None,
    *,
    claimed_total_micro: int | None = None,
) -> Evaluation:
    """Recompute what a plan costs and name every rule it breaks. Never raises on a bad plan: violations are data.

    Parameters
    ----------
    snapshot
        Checked (see `quartermaster.io`).
    policy
        The policy to judge by.
    allocations
        `order_id, line_id, quantity, shipment_id`; `sku` and `node_id` are compared where given.
    shipments
        `shipment_id, order_id, node_id, carrier, service`; every derived column is compared where given.
    backorders
        `order_id, line_id, quantity`, and `sku`, `reason` and the expected dates where given; None = derived from the
        allocations.
    claimed
        Cost that the plan claims; None = none.
    claimed_total_micro
        Total that the plan claims, where it is told apart from the terms; None = none.
    """
    findings = Findings()
    records = records_of(snapshot)
    loads, placed = load_shipments(
        shipment_rows(shipments, findings), allocation_rows(allocations, findings), records, findings
    )
    node_of = {load.shipment.shipment_id: load.shipment.node_id for load in loads}
    shipped: Shipped = Counter()
    for row in placed:
        check_line_nodes(row, node_of[row.shipment_id], records, findings)
        shipped[row.order_id, row.line_id] += row.quantity
    taken = units_taken(loads)
    check_stock(taken, available_units(snapshot, taken.keys()), findings)
    check_nodes(loads, records, findings)
    check_orders(loads, shipped, records, policy, findings)

    pricing = Pricing(records, policy)
    prices: list[PricedShipment] = []
    for load in loads:
        priced = pricing.price(load, findings)
        if priced is not None:
            check_shipment_claims(load, priced, findings)
            prices.append(priced)
    objective = Objective(
        transport_micro=sum(priced.transport for priced in prices),
        handling_micro=sum(priced.handling for priced in prices),
        distance_micro=sum(priced.distance for priced in prices),
        late_micro=sum(priced.late for priced in prices),
        extra_shipment_micro=extra_shipments_micro(loads, policy),
        opening_micro=openings_micro(loads, records),
        backorder_micro=sum(
            backorder_micro(order, records.lines_of.get(order_id, ()), shipped, policy)
            for order_id, order in records.orders.items()
        ),
    )
    if backorders is not None:
        rows = backorder_rows(backorders, findings)
        check_backorders(rows, shipped, records, findings)
        check_expected_dates(rows, taken, snapshot, records, pricing, findings)
    check_objective(claimed, claimed_total_micro, objective, findings)
    return Evaluation(objective, findings.all())


def extra_shipments_micro(loads: Sequence[Load], policy: Policy) -> int:
    """Return what orders pay for each shipment after their first.

    Parameters
    ----------
    loads
        Every shipment.
    policy
        Its `extra_shipment` counts, rounded once.
    """
    coefficient = round_half_up(Fraction(policy.objective.extra_shipment) * MICRO)
    shipments = Counter(load.shipment.order_id for load in loads)
    return coefficient * sum(count - 1 for count in shipments.values())


def openings_micro(loads: Sequence[Load], records: Records) -> int:
    """Return the opening cost of every node that ships anything, once each.

    Parameters
    ----------
    loads
        Every shipment.
    records
        The snapshot.
    """
    used = {load.shipment.node_id for load in loads}
    return sum(to_micro(records.nodes[node_id].opening_cost) for node_id in used)


def backorder_micro(order: Order, lines: Sequence[OrderLine], shipped: Shipped, policy: Policy) -> int:
    """Return what one order pays for the units that do not ship, and once for being short.

    Parameters
    ----------
    order
        The order; `1 + priority` weighs both costs.
    lines
        Its lines; a line's own `backorder_cost` wins over the policy's.
    shipped
        Units allocated of each line.
    policy
        Its backorder section counts. Each coefficient is rounded once: of one unit, and of one order.
    """
    weight = 1 + order.priority
    cost = 0
    short = False
    for line in lines:
        units = max(0, line.quantity - shipped[line.order_id, line.line_id])
        per_unit = policy.backorder.cost_per_unit if line.backorder_cost is None else line.backorder_cost
        if units:
            cost += round_half_up(Fraction(per_unit) * weight * MICRO) * units
            short = True
    if short:
        cost += round_half_up(Fraction(policy.backorder.cost_per_order) * weight * MICRO)
    return cost
