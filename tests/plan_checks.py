"""What must hold for every plan, from the optimum or a rule, recomputed from its tables in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from brute_force import units_left

from quartermaster.domain.money import round_half_up
from quartermaster.domain.orders import OrderLine
from quartermaster.domain.plan import (
    ALLOCATION_COLUMNS,
    BACKORDER_COLUMNS,
    SHIPMENT_COLUMNS,
    Plan,
    Reason,
    Status,
)
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.policy import OPTIMAL, Policy


def check_plan(snapshot: Snapshot, policy: Policy, plan: Plan) -> None:
    """Assert every invariant of one plan.

    Parameters
    ----------
    snapshot, policy, plan
        The plan and what it was made from.
    """
    check_tables(plan)
    check_conservation(snapshot, plan)
    check_stock(snapshot, plan)
    check_cost(snapshot, policy, plan)
    check_status(policy, plan)
    check_reasons(snapshot, policy, plan)
    check_kpis(snapshot, plan)


def check_tables(plan: Plan) -> None:
    """Columns as promised, no empty rows, every allocation in a shipment and every shipment with an allocation."""
    assert tuple(plan.allocations.columns) == ALLOCATION_COLUMNS
    assert tuple(plan.shipments.columns) == SHIPMENT_COLUMNS
    assert tuple(plan.backorders.columns) == BACKORDER_COLUMNS
    assert (plan.allocations["quantity"] > 0).all()
    assert (plan.backorders["quantity"] > 0).all()
    assert set(plan.backorders["reason"]) <= {str(reason) for reason in Reason}
    assert plan.shipments["shipment_id"].is_unique
    assert set(plan.allocations["shipment_id"]) == set(plan.shipments["shipment_id"])
    lanes = plan.shipments[["order_id", "node_id", "carrier", "service"]]
    assert not lanes.duplicated().any()
    units = plan.allocations.groupby("shipment_id")["quantity"].sum()
    assert plan.shipments.set_index("shipment_id")["units"].to_dict() == units.to_dict()


def check_conservation(snapshot: Snapshot, plan: Plan) -> None:
    """Each ordered unit is allocated or backordered, once."""
    placed: Counter[tuple[str, str, str]] = Counter()
    for table in (plan.allocations, plan.backorders):
        for order_id, line_id, sku, units in zip(
            table["order_id"], table["line_id"], table["sku"], table["quantity"], strict=True
        ):
            placed[order_id, line_id, sku] += int(units)
    assert placed == {(line.order_id, line.line_id, line.sku): line.quantity for line in snapshot.order_lines}
    assert not plan.backorders[["order_id", "line_id"]].duplicated().any()


def check_stock(snapshot: Snapshot, plan: Plan) -> None:
    """No node ships what it does not have."""
    left = units_left(snapshot)
    for (node_id, sku), units in plan.allocations.groupby(["node_id", "sku"])["quantity"].sum().items():
        assert units <= left.get((node_id, sku), 0), (node_id, sku)


def check_cost(snapshot: Snapshot, policy: Policy, plan: Plan) -> None:
    """The executable specification finds the same cost, term by term, and no violation."""
    evaluation = evaluate_tables(
        snapshot, policy, plan.allocations, plan.shipments, plan.backorders, claimed=plan.objective
    )
    assert evaluation.violations == ()
    assert evaluation.objective == plan.objective


def check_status(policy: Policy, plan: Plan) -> None:
    """The status follows from the gap; named rules claim neither."""
    if policy.strategy != OPTIMAL:
        assert plan.bound_micro is None
        assert plan.gap is None
        assert plan.status is Status.HEURISTIC
        return
    if plan.bound_micro is None:
        assert plan.status is Status.HEURISTIC
        return
    assert plan.bound_micro <= plan.objective.total_micro
    assert plan.gap is not None
    proven = plan.gap <= policy.solver.relative_gap
    assert plan.status is (Status.OPTIMAL if proven else Status.FEASIBLE)


def check_reasons(snapshot: Snapshot, policy: Policy, plan: Plan) -> None:
    """Two reasons follow from the snapshot alone: no node may serve the line, or none that may has any stock."""
    stock = units_left(snapshot)
    lines = {(line.order_id, line.line_id): line for line in snapshot.order_lines}
    for order_id, line_id, reason in plan.backorders[["order_id", "line_id", "reason"]].itertuples(index=False):
        line = lines[order_id, line_id]
        nodes = [
            node.node_id
            for node in snapshot.nodes
            if node.enabled
            and line.pinned_node in ("", node.node_id)
            and (not line.allowed_nodes or node.node_id in line.allowed_nodes)
            and node.node_id not in line.excluded_nodes
        ]
        units = sum(stock.get((node_id, line.sku), 0) for node_id in nodes)
        within = not policy.service.max_distance_km  # a radius forbids nodes too
        if not nodes:
            assert reason == Reason.NOT_ALLOWED
        elif units == 0 and within:
            assert reason == Reason.NO_STOCK
        elif units >= line.quantity and within:
            assert reason not in (Reason.NOT_ALLOWED, Reason.NO_STOCK) or _shares_sku(line, lines.values())


def _shares_sku(line: OrderLine, lines: Iterable[OrderLine]) -> bool:
    return sum(other.order_id == line.order_id and other.sku == line.sku for other in lines) > 1


def check_kpis(snapshot: Snapshot, plan: Plan) -> None:
    """The key figures, computed the slow way."""
    ordered = int(snapshot.order_lines["quantity"].sum())
    allocated = int(plan.allocations["quantity"].sum())
    shipments = Counter(plan.shipments["order_id"])
    split = sum(count > 1 for count in shipments.values())
    promised = dict(zip(snapshot.orders["order_id"], snapshot.orders["promise_date"], strict=True))
    dated = [
        (delivered, str(promised[order_id]))
        for order_id, delivered in zip(plan.shipments["order_id"], plan.shipments["delivery_date"], strict=True)
        if str(promised[order_id]) != "NaT"
    ]
    expected = {
        "fill_rate": _rate(allocated, ordered),
        "split_rate": _rate(split, len(shipments)),
        "on_time_rate": _rate(sum(delivered <= promise for delivered, promise in dated), len(dated)),
        "cost_per_order": _rate(plan.objective.total_micro - plan.objective.backorder_micro, 10**6 * len(shipments)),
    }
    for name, figure in expected.items():
        if figure is not None:
            assert plan.kpis[name] == figure, name
    assert plan.kpis["orders"] == len(snapshot.orders)
    assert plan.kpis["units"] == ordered


def _rate(part: int, whole: int) -> Decimal | None:
    if not whole:
        return None
    return Decimal(round_half_up(Fraction(part * 10**6, whole))).scaleb(-6)
