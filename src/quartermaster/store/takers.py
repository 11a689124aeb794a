"""Which orders have the units of some SKUs: by plans or by reservations, held ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import RESERVATION_LINES, RESERVATIONS


@dataclass(frozen=True, slots=True)
class Taker:
    """Units that an order has.

    Parameters
    ----------
    order_id, node_id, sku
        To which order, from where, of what.
    quantity
        Units > 0.
    """

    order_id: str
    node_id: str
    sku: str
    quantity: int


def takers_of(transaction: Transaction, scope_id: str, skus: Sequence[str], but: str, most: int) -> list[Taker]:
    """Return the orders that have most units of some SKUs; what feeds have deducted they have no more.

    Parameters
    ----------
    transaction, scope_id
        Where.
    skus
        Which.
    but
        An order that is not asked about.
    most
        Rows, at the most.
    """
    own, lines = RESERVATIONS.c, RESERVATION_LINES.c
    units = func.sum(lines.quantity)
    query = (
        select(own.order_id, lines.node_id, lines.sku, units.label("units"))
        .join(RESERVATION_LINES, lines.reservation_id == own.reservation_id)
        .where(
            _taking(transaction), lines.scope_id == scope_id, ~lines.deducted, lines.sku.in_(skus), own.order_id != but
        )
        .group_by(own.order_id, lines.node_id, lines.sku)
        .order_by(units.desc(), own.order_id, lines.node_id, lines.sku)
        .limit(most)
    )
    return [Taker(row.order_id, row.node_id, row.sku, int(row.units)) for row in transaction.all(query)]


def units_of(transaction: Transaction, scope_id: str, order_id: str) -> dict[tuple[str, str], int]:
    """Return the units that an order has, by node and SKU.

    Parameters
    ----------
    transaction, scope_id, order_id
        Which.
    """
    own, lines = RESERVATIONS.c, RESERVATION_LINES.c
    query = (
        select(lines.node_id, lines.sku, func.sum(lines.quantity).label("units"))
        .join(RESERVATIONS, own.reservation_id == lines.reservation_id)
        .where(_taking(transaction), own.scope_id == scope_id, own.order_id == order_id)
        .group_by(lines.node_id, lines.sku)
    )
    return {(row.node_id, row.sku): int(row.units) for row in transaction.all(query)}


def _taking(transaction: Transaction) -> ColumnElement[bool]:
    own = RESERVATIONS.c
    held = and_(own.state == "held", own.expires_at > transaction.now)
    return or_(own.state == "committed", held)
