"""What runs ask of the store beyond plans: where there is work, what commits used, orders that cannot be planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BindParameter, and_, bindparam, exists, func, or_, select, union_all, update

from quartermaster.store.database import Transaction
from quartermaster.store.events import emit
from quartermaster.store.fail_points import fail_point
from quartermaster.store.order_states import OPEN, PLANNABLE, REJECTED, note
from quartermaster.store.plans import QUEUED, RUNNING
from quartermaster.store.reserved_orders import held_for_orders
from quartermaster.store.tables import (
    ALLOCATIONS,
    LEASES,
    ORDER_LINES,
    ORDERS,
    PLANS,
    RESERVATION_LINES,
    RESERVATIONS,
    SCOPES,
)

UNDER_WAY: BindParameter[str] = bindparam("under_way", [QUEUED, RUNNING], expanding=True, literal_execute=True)
"""States of plans that are indexed apart; written out, since SQLite looks for the very words of the index."""


@dataclass(frozen=True, slots=True)
class Used:
    """Capacity of a node that plans and reservations use.

    Parameters
    ----------
    shipments, units
        How many.
    """

    shipments: int
    units: int


def every_scope(transaction: Transaction) -> list[str]:
    """Return every scope there is.

    Parameters
    ----------
    transaction
        The transaction.
    """
    return [row.scope_id for row in transaction.all(select(SCOPES.c.scope_id).order_by(SCOPES.c.scope_id))]


def scopes_to_run(transaction: Transaction) -> list[str]:
    """Return the scopes in which a plan is queued, or was left running by a planner that holds the lease no more.

    Parameters
    ----------
    transaction
        The transaction.
    """
    held = and_(LEASES.c.fence == PLANS.c.fence, LEASES.c.expires_at > transaction.now)
    lost = and_(PLANS.c.state == RUNNING, LEASES.c.scope_id.is_(None))
    query = (
        select(PLANS.c.scope_id)
        .outerjoin(LEASES, and_(LEASES.c.scope_id == PLANS.c.scope_id, held))
        .where(PLANS.c.state.in_(UNDER_WAY), or_(PLANS.c.state == QUEUED, lost))
        .distinct()
        .order_by(PLANS.c.scope_id)
    )
    return [row.scope_id for row in transaction.all(query)]


def orders_waiting(transaction: Transaction, scope_id: str) -> int:
    """Count the orders of a scope that may be planned: those that wait, and that no reservation is held for.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    free = ORDERS.c.order_id.not_in(held_for_orders(scope_id, transaction.now))
    query = select(func.count()).where(ORDERS.c.scope_id == scope_id, ORDERS.c.state.in_(PLANNABLE), free)
    return int(transaction.connection.execute(query).scalar_one())


def orders_since(transaction: Transaction, scope_id: str, since: int) -> int:
    """Count the open orders of a scope that came, or were changed, from an instant on.

    Parameters
    ----------
    transaction, scope_id
        Where.
    since
        Microseconds.
    """
    own = (ORDERS.c.scope_id == scope_id, ORDERS.c.state == OPEN, ORDERS.c.updated_at >= since)
    return int(transaction.connection.execute(select(func.count()).where(*own)).scalar_one())


def capacity_used(transaction: Transaction, scope_id: str, since: int) -> Mapping[str, Used]:
    """Return what is used of the capacity that a snapshot gives nodes, by node.

    What was committed after the instant of the snapshot uses it, whatever snapshot a plan was made from, as a full
    picture has deducted only what was committed before; so do reservations that are held. What a reservation that is
    of no plan has at one node is one shipment.

    Parameters
    ----------
    transaction, scope_id
        Where.
    since
        Instant of the snapshot, microseconds.
    """
    own, line, given = RESERVATIONS.c, RESERVATION_LINES.c, ALLOCATIONS.c
    # no reservation is committed at its expiry or after it, so that the index by expiry finds those committed since
    committed = and_(own.state == "committed", own.expires_at >= since, own.resolved_at > since)
    held = and_(own.state == "held", own.expires_at > transaction.now)
    planned = (
        select(given.node_id, func.sum(given.quantity).label("units"))
        .join(RESERVATIONS, own.reservation_id == given.reservation_id)
        .where(own.scope_id == scope_id, committed, given.plan_id.is_not(None))
        .group_by(given.node_id, given.reservation_id, given.shipment_id)
    )
    of_plan = exists().where(given.reservation_id == own.reservation_id, given.plan_id.is_not(None))
    reserved = (
        select(line.node_id, func.sum(line.quantity).label("units"))
        .join(RESERVATIONS, own.reservation_id == line.reservation_id)
        .where(own.scope_id == scope_id, or_(held, committed), ~of_plan)
        .group_by(line.node_id, line.reservation_id)
    )
    shipments = union_all(planned, reserved).subquery()
    query = select(
        shipments.c.node_id, func.count().label("shipments"), func.sum(shipments.c.units).label("units")
    ).group_by(shipments.c.node_id)
    return {row.node_id: Used(int(row.shipments), int(row.units)) for row in transaction.all(query)}


def shipments_had(transaction: Transaction, scope_id: str) -> Mapping[str, int]:
    """Return how many shipments each order that is planned again has had, by order.

    Of what a reservation gave it, what comes from one node is one shipment.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    given = ALLOCATIONS.c
    own = (given.scope_id == ORDERS.c.scope_id, given.order_id == ORDERS.c.order_id)
    shipments = select(given.reservation_id, given.shipment_id, given.node_id).where(*own).correlate(ORDERS).distinct()
    had = select(func.count()).select_from(shipments.subquery()).scalar_subquery()
    # order by order: what waits is little of what was ever given
    query = select(ORDERS.c.order_id, had.label("shipments")).where(
        ORDERS.c.scope_id == scope_id, ORDERS.c.state.in_(PLANNABLE)
    )
    return {row.order_id: int(row.shipments) for row in transaction.all(query) if row.shipments}


def reject_order(transaction: Transaction, scope_id: str, order_id: str, document: str, reason: str) -> bool:
    """Reject what waits of an order that cannot be planned; False where it is another order by now, or waits no more.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.
    document
        The order as it could not be planned: one that was changed since is left alone.
    reason
        Why, in words.
    """
    own = (ORDERS.c.scope_id == scope_id, ORDERS.c.order_id == order_id)
    values = {"state": REJECTED, "reason": reason, "updated_at": transaction.now}
    same = (*own, ORDERS.c.state.in_(PLANNABLE), ORDERS.c.document == document)
    if not transaction.run(update(ORDERS).where(*same).values(**values)):
        return False
    line = ORDER_LINES.c
    transaction.run(
        update(ORDER_LINES)
        .where(line.scope_id == scope_id, line.order_id == order_id)
        .values(rejected=line.rejected + line.open + line.backordered, open=0, backordered=0)
    )
    fail_point("order rejected")
    note(transaction, scope_id, order_id, REJECTED, {"reason": reason})
    emit(transaction, scope_id, "order_rejected", order_id, {"order_id": order_id, "reason": reason})
    return True
