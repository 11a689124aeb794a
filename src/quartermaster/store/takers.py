"""Which orders have the units of some SKUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import ALLOCATIONS


@dataclass(frozen=True, slots=True)
class Taker:
    """Units that plans gave an order.

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
    """Return the orders that have most units of some SKUs.

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
    rows = ALLOCATIONS.c
    units = func.sum(rows.quantity)
    query = (
        select(rows.order_id, rows.node_id, rows.sku, units.label("units"))
        .where(rows.scope_id == scope_id, rows.sku.in_(skus), rows.order_id != but)
        .group_by(rows.order_id, rows.node_id, rows.sku)
        .order_by(units.desc(), rows.order_id, rows.node_id, rows.sku)
        .limit(most)
    )
    return [Taker(row.order_id, row.node_id, row.sku, int(row.units)) for row in transaction.all(query)]
