"""Whether everything adds up: stock, reservations, ledger and orders, each against the others."""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import (
    ALLOCATIONS,
    LEDGER,
    ORDER_LINES,
    RESERVATION_LINES,
    RESERVATIONS,
    STOCK,
)


def audit(transaction: Transaction, scope_id: str) -> list[str]:
    """Return what does not add up in a scope, in words; nothing, where all does.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    return [
        *_reserved(transaction, scope_id),
        *_replayed(transaction, scope_id),
        *_entries(transaction, scope_id),
        *_conserved(transaction, scope_id),
        *_allocated(transaction, scope_id),
        *_backed(transaction, scope_id),
    ]


def _reserved(transaction: Transaction, scope_id: str) -> list[str]:
    """Units reserved of each pair against the reservations that count."""
    lines, own = RESERVATION_LINES, RESERVATIONS
    counts = or_(own.c.state == "held", and_(own.c.state == "committed", ~lines.c.deducted))
    sums = {
        (row.node_id, row.sku): int(row.units)
        for row in transaction.all(
            select(lines.c.node_id, lines.c.sku, func.sum(lines.c.quantity).label("units"))
            .join(own, own.c.reservation_id == lines.c.reservation_id)
            .where(own.c.scope_id == scope_id, counts)
            .group_by(lines.c.node_id, lines.c.sku)
        )
    }
    wrong = []
    for row in transaction.all(select(STOCK).where(STOCK.c.scope_id == scope_id)):
        place, units = f"{row.node_id}/{row.sku}", sums.pop((row.node_id, row.sku), 0)
        if row.reserved != units:
            wrong.append(f"{place}: {row.reserved} reserved, reservations hold {units}")
        if row.supply != max(0, row.on_hand - row.safety_stock - row.feed_reserved):
            wrong.append(f"{place}: supply {row.supply} is not what the feed says")
        if row.shortfall != max(0, row.reserved - row.supply):
            wrong.append(f"{place}: shortfall {row.shortfall}, {row.reserved} reserved of {row.supply}")
    return wrong + [f"{node_id}/{sku}: reserved, not stocked" for node_id, sku in sums]


def _replayed(transaction: Transaction, scope_id: str) -> list[str]:
    """Units reserved of each pair against the ledger from its first entry."""
    sums = {
        (row.node_id, row.sku): int(row.units)
        for row in transaction.all(
            select(LEDGER.c.node_id, LEDGER.c.sku, func.sum(LEDGER.c.quantity).label("units"))
            .where(LEDGER.c.scope_id == scope_id)
            .group_by(LEDGER.c.node_id, LEDGER.c.sku)
        )
    }
    return [
        f"{row.node_id}/{row.sku}: {row.reserved} reserved, the ledger says {sums.get((row.node_id, row.sku), 0)}"
        for row in transaction.all(select(STOCK).where(STOCK.c.scope_id == scope_id))
        if row.reserved != sums.get((row.node_id, row.sku), 0)
    ]


def _entries(transaction: Transaction, scope_id: str) -> list[str]:
    """Each reservation is held once and resolved once, as its state says; lines of committed ones are deducted once."""
    told: dict[str, dict[str, int]] = {}
    for row in transaction.all(
        select(LEDGER.c.reservation_id, LEDGER.c.event, func.count().label("times"))
        .where(LEDGER.c.scope_id == scope_id)
        .group_by(LEDGER.c.reservation_id, LEDGER.c.event)
    ):
        told.setdefault(row.reservation_id, {})[row.event] = row.times
    lines = RESERVATION_LINES
    deducted = func.sum(case((lines.c.deducted, 1), else_=0)).label("deducted")
    counted = (
        select(lines.c.reservation_id, func.count().label("times"), deducted)
        .where(lines.c.scope_id == scope_id)
        .group_by(lines.c.reservation_id)
        .subquery()
    )
    own, times, of_them = RESERVATIONS, counted.c.times, counted.c.deducted
    wrong = []
    for row in transaction.all(
        select(
            own.c.reservation_id,
            own.c.state,
            func.coalesce(times, 0).label("times"),
            func.coalesce(of_them, 0).label("deducted"),
        )
        .outerjoin(counted, counted.c.reservation_id == own.c.reservation_id)
        .where(own.c.scope_id == scope_id)
    ):
        wanted = {"held": row.times}
        if row.state != "held":
            wanted[row.state] = row.times
        if row.deducted:
            wanted["deducted"] = int(row.deducted)
        if told.pop(row.reservation_id, {}) != wanted or not row.times or (row.deducted and row.state != "committed"):
            wrong.append(f"reservation {row.reservation_id}: {row.state}, the ledger says otherwise")
    return wrong + [f"reservation {reservation_id}: in the ledger only" for reservation_id in told]


def _conserved(transaction: Transaction, scope_id: str) -> list[str]:
    """Each ordered unit is in exactly one place."""
    line = ORDER_LINES.c
    parts = line.open + line.allocated + line.backordered + line.rejected + line.cancelled
    return [
        f"order {row.order_id}, line {row.line_id}: {row.ordered} ordered, not as many accounted for"
        for row in transaction.all(select(ORDER_LINES).where(line.scope_id == scope_id, line.ordered != parts))
    ]


def _allocated(transaction: Transaction, scope_id: str) -> list[str]:
    """What lines say is allocated against the allocations of plans and reservations."""
    rows = ALLOCATIONS.c
    sums = {
        (row.order_id, row.line_id): int(row.units)
        for row in transaction.all(
            select(rows.order_id, rows.line_id, func.sum(rows.quantity).label("units"))
            .where(rows.scope_id == scope_id)
            .group_by(rows.order_id, rows.line_id)
        )
    }
    return [
        f"order {row.order_id}, line {row.line_id}: {row.allocated} allocated, allocations say otherwise"
        for row in transaction.all(select(ORDER_LINES).where(ORDER_LINES.c.scope_id == scope_id))
        if row.allocated != sums.get((row.order_id, row.line_id), 0)
    ]


def _backed(transaction: Transaction, scope_id: str) -> list[str]:
    """What orders were given out of each reservation against the units of it, which must be committed."""
    rows, lines, own = ALLOCATIONS.c, RESERVATION_LINES.c, RESERVATIONS.c
    given = (
        select(rows.reservation_id, rows.node_id, rows.sku, func.sum(rows.quantity).label("units"))
        .where(rows.scope_id == scope_id)
        .group_by(rows.reservation_id, rows.node_id, rows.sku)
        .subquery()
    )
    backing = select(lines.reservation_id, lines.node_id, lines.sku, lines.quantity)
    backing = backing.join(RESERVATIONS, own.reservation_id == lines.reservation_id).where(own.state == "committed")
    held = backing.subquery()
    same = and_(
        held.c.reservation_id == given.c.reservation_id, held.c.node_id == given.c.node_id, held.c.sku == given.c.sku
    )
    more = select(given).outerjoin(held, same).where(given.c.units > func.coalesce(held.c.quantity, 0))
    return [
        f"reservation {row.reservation_id}, {row.node_id}/{row.sku}: {int(row.units)} allocated, it has not so many"
        for row in transaction.all(more)
    ]
