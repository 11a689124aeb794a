"""Units that may be reserved now: of all stock, of some pairs, page by page, or of a few SKUs as every route asks.

available = supply - reserved + units held by reservations that have expired        see `quartermaster.store.stock`
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BindParameter, Select, and_, bindparam, func, select, tuple_

from quartermaster.store.chunks import MOST_NAMED
from quartermaster.store.code_points import by_code_points
from quartermaster.store.database import Transaction
from quartermaster.store.tables import RESERVATION_LINES, RESERVATIONS, STOCK


def _available(*, of_skus: bool) -> Select[tuple[str, str, int]]:
    """Query node, SKU and available units of a ``scope``, as of ``now``, of all its stock or of some ``skus``."""
    line = RESERVATION_LINES.c
    lines = (
        select(line.node_id, line.sku, func.sum(line.quantity).label("units"))
        .join(RESERVATIONS, RESERVATIONS.c.reservation_id == line.reservation_id)
        .where(
            RESERVATIONS.c.scope_id == bindparam("scope"),
            RESERVATIONS.c.state == "held",
            RESERVATIONS.c.expires_at <= bindparam("now"),
        )
        .group_by(line.node_id, line.sku)
    )
    skus: BindParameter[str] = bindparam("skus", expanding=True)
    expired = (lines.where(line.sku.in_(skus)) if of_skus else lines).subquery()
    units = STOCK.c.supply - STOCK.c.reserved + func.coalesce(expired.c.units, 0)
    query = (
        select(STOCK.c.node_id, STOCK.c.sku, units.label("available"))
        .outerjoin(expired, and_(expired.c.node_id == STOCK.c.node_id, expired.c.sku == STOCK.c.sku))
        .where(STOCK.c.scope_id == bindparam("scope"))
    )
    return query.where(STOCK.c.sku.in_(skus)) if of_skus else query


_OF_ALL, _OF_SKUS = _available(of_skus=False), _available(of_skus=True)


def availability(
    transaction: Transaction, scope_id: str, pairs: Iterable[tuple[str, str]] | None = None
) -> dict[tuple[str, str], int]:
    """Return the units that may be reserved now, by node and SKU.

    Parameters
    ----------
    transaction, scope_id
        Where.
    pairs
        Which; None = all.
    """
    wanted = None if pairs is None else set(pairs)
    asked: dict[str, object] = {"scope": scope_id, "now": transaction.now}
    skus = sorted({sku for _, sku in wanted or ()})
    if wanted is None or len(skus) > MOST_NAMED:
        rows = transaction.all(_OF_ALL, asked)
    else:
        rows = transaction.all(_OF_SKUS, {**asked, "skus": skus})
    return {
        (row.node_id, row.sku): max(0, int(row.available))
        for row in rows
        if wanted is None or (row.node_id, row.sku) in wanted
    }


def availability_after(
    transaction: Transaction,
    scope_id: str,
    after: tuple[str, str],
    most: int,
    *,
    node_id: str | None = None,
    sku: str | None = None,
) -> list[tuple[str, str, int]]:
    """Return node, SKU and the units that may be reserved now, by node and SKU; only so many of them.

    Parameters
    ----------
    transaction, scope_id
        Where.
    after
        The pair they come after, by code points.
    most
        How many, at the most.
    node_id, sku
        Only those of them; None = of all.
    """
    pair = by_code_points(transaction, STOCK.c.node_id, STOCK.c.sku)
    query = _OF_ALL.where(tuple_(*pair) > tuple_(*after))
    if node_id is not None:
        query = query.where(STOCK.c.node_id == node_id)
    if sku is not None:
        query = query.where(STOCK.c.sku == sku)
    rows = transaction.all(query.order_by(*pair).limit(most), {"scope": scope_id, "now": transaction.now})
    return [(row.node_id, row.sku, max(0, int(row.available))) for row in rows]


def availability_of_skus(transaction: Transaction, scope_id: str, skus: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the units of some SKUs that may be reserved now.

    Parameters
    ----------
    transaction, scope_id
        Where.
    skus
        Which; a few.

    Returns
    -------
    dict of dict
        Units by SKU and node; of every SKU asked for, also of one that is nowhere.
    """
    found: dict[str, dict[str, int]] = {sku: {} for sku in sorted(set(skus))}
    wanted = {"scope": scope_id, "skus": list(found), "now": transaction.now}
    for node_id, sku, units in transaction.all(_OF_SKUS, wanted) if found else ():
        found[sku][node_id] = max(0, int(units))
    return found
