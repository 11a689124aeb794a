"""What a scope stands on: its snapshot, its current plan, and the stock of a few SKUs; asked for by every route."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, select

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.snapshots import Stored
from quartermaster.store.tables import PLANS, RESERVATION_LINES, RESERVATIONS, SNAPSHOTS, STOCK


@dataclass(frozen=True, slots=True)
class Standing:
    """What a scope stands on.

    Parameters
    ----------
    stored
        Its last snapshot.
    plan_id
        The plan that was committed last; None before the first.
    """

    stored: Stored
    plan_id: str | None


_CURRENT = select(PLANS.c.plan_id).where(PLANS.c.scope_id == bindparam("scope"), PLANS.c.is_current).scalar_subquery()
_STANDING = (
    select(SNAPSHOTS, _CURRENT.label("plan_id"))
    .where(SNAPSHOTS.c.scope_id == bindparam("scope"))
    .order_by(SNAPSHOTS.c.stock_version.desc())
    .limit(1)
)
_EXPIRED = (
    select(RESERVATION_LINES.c.node_id, RESERVATION_LINES.c.sku, func.sum(RESERVATION_LINES.c.quantity).label("units"))
    .join(RESERVATIONS, RESERVATIONS.c.reservation_id == RESERVATION_LINES.c.reservation_id)
    .where(
        RESERVATIONS.c.scope_id == bindparam("scope"),
        RESERVATIONS.c.state == "held",
        RESERVATIONS.c.expires_at <= bindparam("now"),
        RESERVATION_LINES.c.sku.in_(bindparam("skus", expanding=True)),
    )
    .group_by(RESERVATION_LINES.c.node_id, RESERVATION_LINES.c.sku)
    .subquery()
)
_UNITS = STOCK.c.supply - STOCK.c.reserved + func.coalesce(_EXPIRED.c.units, 0)
_STOCK = (
    select(STOCK.c.sku, STOCK.c.node_id, _UNITS.label("units"))
    .outerjoin(_EXPIRED, and_(_EXPIRED.c.node_id == STOCK.c.node_id, _EXPIRED.c.sku == STOCK.c.sku))
    .where(STOCK.c.scope_id == bindparam("scope"), STOCK.c.sku.in_(bindparam("skus", expanding=True)))
)


def standing(transaction: Transaction, scope_id: str) -> Standing:
    """Return what a scope stands on.

    Parameters
    ----------
    transaction, scope_id
        Where.

    Raises
    ------
    StoreError
        ``no_snapshot`` before the first.
    """
    row = transaction.first(_STANDING, {"scope": scope_id})
    if row is None:
        raise StoreError("no_snapshot", "put a snapshot into the scope first")
    stored = Stored(row.scope_id, row.version, row.sha256, row.as_of, row.stock_version, row.nodes, row.skus)
    return Standing(stored, row.plan_id)


def units_of(transaction: Transaction, scope_id: str, skus: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return the units of some SKUs that may be reserved now, as `quartermaster.store.stock.availability`.

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
    for sku, node_id, units in transaction.all(_STOCK, wanted) if found else ():
        found[sku][node_id] = max(0, int(units))
    return found
