"""Orders of a scope in a list, in the database's own order of their ids."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from quartermaster.store.database import Transaction
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import ORDERS


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """How an order stands.

    Parameters
    ----------
    order_id, state, reason
        As in `quartermaster.store.orders.StoredOrder`.
    created_at, updated_at
        Instants, microseconds.
    """

    order_id: str
    state: str
    reason: str
    created_at: int
    updated_at: int


def orders_after(
    transaction: Transaction, scope_id: str, after: str, most: int, state: str | None = None
) -> list[ListedOrder]:
    """Return orders, by their ids; only so many of them.

    Parameters
    ----------
    transaction, scope_id
        Where.
    after
        The id that they come after; empty = none.
    most
        How many, at the most.
    state
        Only those that stand so; None = all.

    Raises
    ------
    StoreError
        ``not_found`` where there is no such scope.
    """
    scope_state(transaction, scope_id)
    order = ORDERS.c
    query = select(order.order_id, order.state, order.reason, order.created_at, order.updated_at)
    query = query.where(order.scope_id == scope_id, order.order_id > after)
    if state is not None:
        query = query.where(order.state == state)
    return [ListedOrder(*row) for row in transaction.all(query.order_by(order.order_id).limit(most))]
