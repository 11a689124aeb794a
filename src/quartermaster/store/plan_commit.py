"""Committing a plan: units of orders, stock, reservations and events, all in one transaction or none of it.

The plan must have been made from the stock picture of now (compare and swap on its version), or be checked anew on the
caller's word; either way each pair of node and SKU is guarded, since reservations may have come in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.available import availability
from quartermaster.store.chunks import in_chunks
from quartermaster.store.code_points import by_code_points
from quartermaster.store.database import Again, Transaction
from quartermaster.store.events import emit, emit_all
from quartermaster.store.expiry import sweep_for
from quartermaster.store.fail_points import fail_point
from quartermaster.store.leases import check_fence
from quartermaster.store.order_states import ALLOCATED, BACKORDERED, PLANNABLE, note_all
from quartermaster.store.plans import COMMITTED, FINISHED, SUPERSEDED, StoredPlan, stored_plan
from quartermaster.store.reserved_orders import orders_held, settle_reserved
from quartermaster.store.scopes import count, scope_state
from quartermaster.store.stock import take_all
from quartermaster.store.tables import (
    ALLOCATIONS,
    LEDGER,
    ORDER_LINES,
    ORDERS,
    PLANS,
    RESERVATION_LINES,
    RESERVATIONS,
)

MOST_TOLD = 100
"""Changes that a refusal names, at the most."""
_LINE = ORDER_LINES.c
_GIVE = (
    update(ORDER_LINES)
    .where(
        _LINE.scope_id == bindparam("scope"),
        _LINE.order_id == bindparam("of_order"),
        _LINE.line_id == bindparam("of_line"),
    )
    .values(open=0, backordered=bindparam("left"), allocated=_LINE.allocated + bindparam("given"))
)
_SETTLE = (
    update(ORDERS)
    .where(ORDERS.c.scope_id == bindparam("scope"), ORDERS.c.order_id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "reason", "updated_at")})
)
RESERVATION_IDS = UUID("0b0f3a55-8b7e-5c0e-9c43-5f0a5d5b7a11")
"""Namespace of the reservations of plans: a plan's are the same however often its commit is tried."""


@dataclass(frozen=True, slots=True, order=True)
class Allocation:
    """Units that a plan gives a line from a node.

    Parameters
    ----------
    order_id, line_id, sku, node_id
        Which line, of what, from where.
    quantity
        Units > 0.
    shipment_id
        The shipment they leave with.
    """

    order_id: str
    line_id: str
    sku: str
    node_id: str
    quantity: int
    shipment_id: str


@dataclass(frozen=True, slots=True)
class Backorder:
    """Units that a plan leaves waiting.

    Parameters
    ----------
    order_id, line_id
        Which line.
    quantity
        Units > 0.
    reason
        Why.
    """

    order_id: str
    line_id: str
    quantity: int
    reason: str


def commit_plan(
    transaction: Transaction,
    scope_id: str,
    plan_id: str,
    allocations: Sequence[Allocation],
    backorders: Sequence[Backorder],
    *,
    orders: Mapping[str, str] | None = None,
    fence: int | None = None,
    recheck: bool = False,
    most_age: int | None = None,
) -> StoredPlan:
    """Commit a plan that is finished; one that is committed already stays as it is.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    allocations, backorders
        What it gives, and what it leaves.
    orders
        SHA-256 of the documents that it was made from, by order: one that is another by now has changed, be its units
        the same. None = only units are looked at.
    fence
        Of the lease that the planner holds; None = somebody else commits it.
    recheck
        True takes a plan of an older stock picture, if all it gives is still there.
    most_age
        Microseconds after which a finished plan cannot be committed; None = never.

    Raises
    ------
    StoreError
        ``not_found``; ``plan_state``; ``plan_superseded``; ``plan_expired``; ``lease_lost``; ``snapshot_stale`` where
        the stock picture has changed, or units that the plan gives are gone; ``order_state`` where orders have changed,
        or units are reserved for them since.
    Again
        Where reservations whose time is over have units that the plan gives.
    """
    state = scope_state(transaction, scope_id, lock=True)
    plan = stored_plan(transaction, scope_id, plan_id)
    if plan.state == COMMITTED:
        return plan
    _check_state(transaction, plan, most_age)
    if fence is not None:
        check_fence(transaction, scope_id, fence)
    if plan.stock_version != state.stock_version and not recheck:
        detail = f"the plan was made from stock picture {plan.stock_version}, now it is {state.stock_version}"
        raise StoreError("snapshot_stale", detail, planned=plan.stock_version, now=state.stock_version)
    fail_point("plan may be committed")
    _give_units(transaction, scope_id, allocations, backorders, orders)
    _take_stock(transaction, scope_id, allocations)
    reservations = _write_reservations(transaction, scope_id, plan_id, allocations, state.commit_sequence)
    _write_allocations(transaction, scope_id, plan_id, allocations, reservations)
    _settle_orders(transaction, scope_id, plan_id, allocations, backorders)
    own = (PLANS.c.scope_id == scope_id, PLANS.c.is_current)
    transaction.run(update(PLANS).where(*own).values(is_current=False))
    older = (PLANS.c.scope_id == scope_id, PLANS.c.state == FINISHED, PLANS.c.plan_id != plan_id)
    transaction.run(update(PLANS).where(*older).values(state=SUPERSEDED))
    done = {"state": COMMITTED, "is_current": True, "committed_at": transaction.now}
    transaction.run(update(PLANS).where(PLANS.c.plan_id == plan_id).values(**done))
    payload = {"plan_id": plan_id, "allocations": len(allocations), "backorders": len(backorders)}
    emit(transaction, scope_id, "plan_committed", plan_id, payload)
    fail_point("plan committed")
    return stored_plan(transaction, scope_id, plan_id)


def _check_state(transaction: Transaction, plan: StoredPlan, most_age: int | None) -> None:
    if plan.state == SUPERSEDED:
        raise StoreError("plan_superseded", "another plan was committed after this one was made")
    if plan.state != FINISHED:
        raise StoreError("plan_state", f"the plan is {plan.state}", state=plan.state)
    if most_age is not None and transaction.now - (plan.finished_at or 0) > most_age:
        raise StoreError("plan_expired", "the plan is too old to be committed", finished_at=plan.finished_at)


def _give_units(
    transaction: Transaction,
    scope_id: str,
    allocations: Sequence[Allocation],
    backorders: Sequence[Backorder],
    orders: Mapping[str, str] | None,
) -> None:
    """Move units of order lines: waiting ones become allocated, the others of a planned line backordered."""
    given: Counter[tuple[str, str]] = Counter()
    skus: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in allocations:
        given[one.order_id, one.line_id] += one.quantity
        skus[one.order_id, one.line_id].add(one.sku)
    left: Counter[tuple[str, str]] = Counter()
    for waits in backorders:
        left[waits.order_id, waits.line_id] += waits.quantity
    # orders before their lines, as whoever changes one does: a line stays as it is under the lock of its order
    planned = sorted({order_id for order_id, _ in given.keys() | left.keys()})
    standing = _standing(transaction, scope_id, planned, orders)
    waiting = _waiting(transaction, scope_id, planned)
    changed, rows = [], []
    for order_id, line_id in sorted(given.keys() | left.keys()):
        units = {"given": given[order_id, line_id], "left": left[order_id, line_id]}
        sku, open_units = waiting.get((order_id, line_id), (None, None))
        if open_units != sum(units.values()) or not skus[order_id, line_id] <= {sku}:
            changed.append({"order_id": order_id, "line_id": line_id})
        rows.append({"scope": scope_id, "of_order": order_id, "of_line": line_id, **units})
    changed += [{"order_id": order_id} for order_id in planned if order_id not in standing]
    if changed:
        raise StoreError("order_state", "orders have changed since the plan was made", changed=changed[:MOST_TOLD])
    if rows:
        transaction.run(_GIVE, rows)
    fail_point("units given")


def _waiting(
    transaction: Transaction, scope_id: str, order_ids: Sequence[str]
) -> dict[tuple[str, str], tuple[str, int]]:
    """Return the SKU and the units that wait of each line of some orders."""
    line = ORDER_LINES.c
    query = select(line.order_id, line.line_id, line.sku, (line.open + line.backordered).label("waits"))
    query = query.where(line.scope_id == scope_id)
    return {
        (row.order_id, row.line_id): (row.sku, row.waits)
        for chunk in in_chunks(order_ids)
        for row in transaction.all(query.where(line.order_id.in_(chunk)))
    }


def _standing(
    transaction: Transaction, scope_id: str, planned: Sequence[str], orders: Mapping[str, str] | None
) -> set[str]:
    """Lock the orders of a plan; return those that may be planned, are as they were and have no units reserved."""
    query = select(ORDERS.c.order_id, ORDERS.c.sha256).where(
        ORDERS.c.scope_id == scope_id, ORDERS.c.state.in_(PLANNABLE)
    )
    query = query.order_by(*by_code_points(transaction, ORDERS.c.order_id)).with_for_update(key_share=True)
    rows = [row for chunk in in_chunks(planned) for row in transaction.all(query.where(ORDERS.c.order_id.in_(chunk)))]
    reserved = orders_held(transaction, scope_id, planned)
    reserved |= {one.order_id for one in settle_reserved(transaction, scope_id, planned)}
    same = {row.order_id for row in rows if orders is None or orders.get(row.order_id) == row.sha256}
    return same - reserved


def _take_stock(transaction: Transaction, scope_id: str, allocations: Sequence[Allocation]) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    for one in allocations:
        wanted[one.node_id, one.sku] += one.quantity
    lacking = take_all(transaction, scope_id, wanted)
    if lacking:
        transaction.look_at_clock()
        there = availability(transaction, scope_id, lacking)
        short = [pair for pair in lacking if there.get(pair, 0) < wanted[pair]]
        if not short:
            raise Again(partial(sweep_for, scope_id=scope_id, pairs=lacking))
        gone = [
            {"node_id": node_id, "sku": sku, "planned": wanted[node_id, sku], "available": there.get((node_id, sku), 0)}
            for node_id, sku in short[:MOST_TOLD]
        ]
        raise StoreError("snapshot_stale", "units that the plan gives are not there any more", lacking=gone)
    fail_point("stock of plan taken")


def _write_reservations(
    transaction: Transaction, scope_id: str, plan_id: str, allocations: Sequence[Allocation], sequence: int
) -> dict[str, str]:
    """Write one committed reservation for each order, and its ledger entries; return them by order."""
    lines: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in allocations:
        lines[one.order_id][one.node_id, one.sku] += one.quantity
    names = {order_id: str(uuid5(RESERVATION_IDS, f"{plan_id}:{order_id}")) for order_id in sorted(lines)}
    now = transaction.now
    reservations, rows, entries = [], [], []
    for number, (order_id, name) in enumerate(names.items(), start=sequence + 1):
        common = {"reservation_id": name, "scope_id": scope_id}
        times = {"created_at": now, "expires_at": now, "resolved_at": now}
        reservations.append({**common, "state": "committed", "order_id": order_id, **times, "commit_sequence": number})
        for at, ((node_id, sku), units) in enumerate(sorted(lines[order_id].items())):
            pair = {"node_id": node_id, "sku": sku}
            rows.append({**common, **pair, "number": at, "quantity": units})
            entries.append({**common, **pair, "event": "held", "quantity": units, "at": now})
            entries.append({**common, **pair, "event": "committed", "quantity": 0, "at": now})
    _insert(transaction, ((RESERVATIONS, reservations), (RESERVATION_LINES, rows), (LEDGER, entries)))
    count(transaction, scope_id, commit_sequence=sequence + len(names))
    fail_point("reservations of plan written")
    return names


def _write_allocations(
    transaction: Transaction,
    scope_id: str,
    plan_id: str,
    allocations: Sequence[Allocation],
    reservations: dict[str, str],
) -> None:
    rows = [
        {
            "plan_id": plan_id,
            "number": number,
            "scope_id": scope_id,
            "order_id": one.order_id,
            "line_id": one.line_id,
            "sku": one.sku,
            "node_id": one.node_id,
            "quantity": one.quantity,
            "shipment_id": one.shipment_id,
            "reservation_id": reservations[one.order_id],
        }
        for number, one in enumerate(sorted(allocations))
    ]
    _insert(transaction, ((ALLOCATIONS, rows),))
    fail_point("allocations written")


def _settle_orders(
    transaction: Transaction,
    scope_id: str,
    plan_id: str,
    allocations: Sequence[Allocation],
    backorders: Sequence[Backorder],
) -> None:
    """Set the state of planned orders, and write what happened to each."""
    waiting: dict[str, list[Backorder]] = defaultdict(list)
    for one in backorders:
        waiting[one.order_id].append(one)
    served = {one.order_id for one in allocations}
    planned = sorted(served | waiting.keys())
    line = ORDER_LINES.c
    lacking = select(line.order_id).where(line.scope_id == scope_id, line.open + line.backordered > 0).distinct()
    unserved = {
        row.order_id for chunk in in_chunks(planned) for row in transaction.all(lacking.where(line.order_id.in_(chunk)))
    }
    rows, history, allocated, backordered = [], [], [], []
    for order_id in planned:
        reasons = sorted({one.reason for one in waiting[order_id]})
        state = BACKORDERED if order_id in unserved else ALLOCATED
        values = {"new_state": state, "new_reason": ", ".join(reasons), "new_updated_at": transaction.now}
        rows.append({"scope": scope_id, "which": order_id, **values})
        units = sum(one.quantity for one in waiting[order_id])
        detail = {"plan_id": plan_id, "backordered": units, "reasons": reasons}
        history.append((order_id, state, detail))
        if order_id in served:
            allocated.append((order_id, {"order_id": order_id, "plan_id": plan_id}))
        if reasons:
            backordered.append((order_id, {"order_id": order_id, **detail}))
    if planned:
        transaction.run(_SETTLE, rows)
        note_all(transaction, scope_id, history)
    emit_all(transaction, scope_id, "allocation", allocated)
    emit_all(transaction, scope_id, "backorder", backordered)
    fail_point("orders settled")


def _insert(transaction: Transaction, written: Iterable[tuple[Any, list[dict[str, Any]]]]) -> None:
    for table, rows in written:
        if rows:
            transaction.run(insert(table), rows)
