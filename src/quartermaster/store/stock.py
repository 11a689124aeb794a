"""Stock: what feeds say, and what of it is still there for us.

    supply    = max(0, on_hand - safety_stock - reserved of the feed)      the feed's `reserved` is what others hold
    reserved  = units of our reservations that are held, or committed and not yet deducted by the feed
    available = supply - reserved + units held by reservations that have expired

A full feed is the whole picture as of an instant; a delta feed changes some pairs, and has the next sequence number.
Either may say through which of our commits on_hand is already lower (`deducted_through`); a full feed that does not say
is taken to have deducted the commits up to its instant. Supply that falls below what is reserved leaves a shortfall.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.events import emit
from quartermaster.store.fail_points import fail_point
from quartermaster.store.scopes import ScopeState, count, scope_state
from quartermaster.store.tables import LEDGER, RESERVATION_LINES, RESERVATIONS, STOCK

MOST_NAMED = 500
"""SKUs asked for by name; above, all are read."""
SHORTFALL = "shortfall"
"""Type of the event that a feed lowers supply below what is reserved."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """What a feed says of one pair.

    Parameters
    ----------
    node_id, sku
        The pair.
    on_hand, safety_stock, reserved
        Units, >= 0.
    """

    node_id: str
    sku: str
    on_hand: int
    safety_stock: int = 0
    reserved: int = 0

    @property
    def supply(self) -> int:
        """Units that are for us to give."""
        return max(0, self.on_hand - self.safety_stock - self.reserved)


@dataclass(frozen=True, slots=True)
class Feed:
    """A stock picture, or a change of one.

    Parameters
    ----------
    rows
        What it says, each pair once.
    full
        True when what it does not name is no longer stocked.
    as_of
        Its instant, microseconds.
    sequence
        Number of a delta feed.
    deducted_through
        The last of our commits that on_hand is lower for; None = not said.
    """

    rows: Sequence[StockRow]
    full: bool
    as_of: int
    sequence: int | None = None
    deducted_through: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class StockLine:
    """Units of a pair.

    Parameters
    ----------
    node_id, sku
        The pair.
    quantity
        Units > 0.
    """

    node_id: str
    sku: str
    quantity: int


def take_feed(transaction: Transaction, scope_id: str, feed: Feed) -> ScopeState:
    """Take a feed into a scope.

    Parameters
    ----------
    transaction
        The transaction.
    scope_id
        The scope.
    feed
        The feed.

    Raises
    ------
    StoreError
        ``snapshot_out_of_order`` where a full feed is older than the last one; ``feed_gap`` where a delta is not the
        next; ``feed_known`` where it was taken before; ``deducted_through`` where that commit is not there.
    """
    state = scope_state(transaction, scope_id, lock=True)
    _check_order(state, feed)
    _deduct(transaction, state, feed)
    _write_rows(transaction, scope_id, feed)
    _raise_shortfalls(transaction, scope_id, state.stock_version + 1)
    counters = {"stock_version": state.stock_version + 1}
    if feed.full:
        counters["feed_as_of"] = feed.as_of
    if feed.sequence is not None:
        counters["feed_sequence"] = feed.sequence
    count(transaction, scope_id, **counters)
    fail_point("feed taken")
    return scope_state(transaction, scope_id)


def _check_order(state: ScopeState, feed: Feed) -> None:
    if feed.full and state.feed_as_of is not None and feed.as_of < state.feed_as_of:
        raise StoreError("snapshot_out_of_order", "a later stock picture was taken already", last=state.feed_as_of)
    if not feed.full:
        if feed.sequence is None or state.feed_as_of is None:
            raise StoreError("feed_gap", "a delta needs a full picture before it, and a sequence number")
        expected = (state.feed_sequence or 0) + 1
        if feed.sequence < expected:
            raise StoreError("feed_known", "this delta was taken already", expected=expected)
        if feed.sequence > expected:
            raise StoreError("feed_gap", f"the next delta is number {expected}", expected=expected)
    if feed.deducted_through is not None and feed.deducted_through > state.commit_sequence:
        raise StoreError("deducted_through", "there is no such commit", last=state.commit_sequence)


def _deduct(transaction: Transaction, state: ScopeState, feed: Feed) -> None:
    """Stop counting commits that on_hand is already lower for."""
    done = _deducted(feed)
    if done is None:
        return
    table = RESERVATIONS
    reservations = [
        row.reservation_id
        for row in transaction.all(
            select(table.c.reservation_id)
            .where(table.c.scope_id == state.scope_id, table.c.state == "committed", ~table.c.deducted, done)
            .order_by(table.c.commit_sequence)
        )
    ]
    for reservation_id in reservations:
        transaction.run(update(table).where(table.c.reservation_id == reservation_id).values(deducted=True))
        for line in lines_of(transaction, reservation_id):
            give_back(transaction, state.scope_id, line.node_id, line.sku, line.quantity)
            enter(transaction, state.scope_id, reservation_id, "deducted", line.node_id, line.sku, -line.quantity)
        fail_point("commit deducted")


def _deducted(feed: Feed) -> ColumnElement[bool] | None:
    if feed.deducted_through is not None:
        return RESERVATIONS.c.commit_sequence <= feed.deducted_through
    return RESERVATIONS.c.resolved_at <= feed.as_of if feed.full else None


def _write_rows(transaction: Transaction, scope_id: str, feed: Feed) -> None:
    known = {
        (row.node_id, row.sku)
        for row in transaction.all(select(STOCK.c.node_id, STOCK.c.sku).where(STOCK.c.scope_id == scope_id))
    }
    if feed.full:
        # what the picture does not name is empty; rows stay, since reservations and the ledger name them
        empty = {"on_hand": 0, "safety_stock": 0, "feed_reserved": 0, "supply": 0, "shortfall": STOCK.c.reserved}
        transaction.run(update(STOCK).where(STOCK.c.scope_id == scope_id).values(**empty))
        fail_point("stock emptied")
    new = [_values(scope_id, row) for row in feed.rows if (row.node_id, row.sku) not in known]
    if new:
        transaction.run(insert(STOCK), new)
    changed = [row for row in feed.rows if (row.node_id, row.sku) in known]
    if changed:
        statement = (
            update(STOCK)
            .where(
                STOCK.c.scope_id == scope_id,
                STOCK.c.node_id == bindparam("at_node"),
                STOCK.c.sku == bindparam("of_sku"),
            )
            .values(
                on_hand=bindparam("has"),
                safety_stock=bindparam("keeps"),
                feed_reserved=bindparam("holds"),
                supply=bindparam("gives"),
                shortfall=case((STOCK.c.reserved > bindparam("gives"), STOCK.c.reserved - bindparam("gives")), else_=0),
            )
        )
        transaction.connection.execute(
            statement,
            [
                {
                    "at_node": row.node_id,
                    "of_sku": row.sku,
                    "has": row.on_hand,
                    "keeps": row.safety_stock,
                    "holds": row.reserved,
                    "gives": row.supply,
                }
                for row in changed
            ],
        )
    fail_point("stock written")


def _values(scope_id: str, row: StockRow) -> dict[str, object]:
    return {
        "scope_id": scope_id,
        "node_id": row.node_id,
        "sku": row.sku,
        "on_hand": row.on_hand,
        "safety_stock": row.safety_stock,
        "feed_reserved": row.reserved,
        "supply": row.supply,
    }


def _raise_shortfalls(transaction: Transaction, scope_id: str, version: int) -> None:
    for row in transaction.all(select(STOCK).where(STOCK.c.scope_id == scope_id, STOCK.c.shortfall > 0)):
        payload = {"node_id": row.node_id, "sku": row.sku, "units": row.shortfall, "stock_version": version}
        emit(transaction, scope_id, SHORTFALL, f"{row.node_id}/{row.sku}", payload)


def take(transaction: Transaction, scope_id: str, node_id: str, sku: str, quantity: int) -> bool:
    """Reserve units of a pair, if there are so many: the one statement that guards stock.

    Parameters
    ----------
    transaction, scope_id, node_id, sku
        Where.
    quantity
        Units > 0.
    """
    return (
        transaction.run(
            update(STOCK)
            .where(_pair(scope_id, node_id, sku), STOCK.c.reserved + quantity <= STOCK.c.supply)
            .values(reserved=STOCK.c.reserved + quantity)
        )
        == 1
    )


def give_back(transaction: Transaction, scope_id: str, node_id: str, sku: str, quantity: int) -> None:
    """Stop reserving units of a pair; a shortfall shrinks with them.

    Parameters
    ----------
    transaction, scope_id, node_id, sku, quantity
        As in `take`.
    """
    left = STOCK.c.reserved - quantity
    short = case((left > STOCK.c.supply, left - STOCK.c.supply), else_=0)
    statement = update(STOCK).where(_pair(scope_id, node_id, sku)).values(reserved=left, shortfall=short)
    transaction.run(statement)


def enter(
    transaction: Transaction, scope_id: str, reservation_id: str, happened: str, node_id: str, sku: str, quantity: int
) -> None:
    """Append to the ledger.

    Parameters
    ----------
    transaction, scope_id, reservation_id
        Where.
    happened
        held, committed, released, expired or deducted.
    node_id, sku, quantity
        What it adds to the units reserved of a pair.
    """
    transaction.run(
        insert(LEDGER).values(
            scope_id=scope_id,
            reservation_id=reservation_id,
            event=happened,
            node_id=node_id,
            sku=sku,
            quantity=quantity,
            at=transaction.now,
        )
    )


def lines_of(transaction: Transaction, reservation_id: str) -> list[StockLine]:
    """Return the lines of a reservation.

    Parameters
    ----------
    transaction, reservation_id
        Which.
    """
    table = RESERVATION_LINES
    rows = transaction.all(
        select(table.c.node_id, table.c.sku, table.c.quantity)
        .where(table.c.reservation_id == reservation_id)
        .order_by(table.c.number)
    )
    return [StockLine(row.node_id, row.sku, row.quantity) for row in rows]


def _pair(scope_id: str, node_id: str, sku: str) -> ColumnElement[bool]:
    return and_(STOCK.c.scope_id == scope_id, STOCK.c.node_id == node_id, STOCK.c.sku == sku)


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
    query = _available(scope_id, transaction.now)
    skus = sorted({sku for _, sku in wanted or ()})
    if wanted is not None and len(skus) <= MOST_NAMED:
        query = query.where(STOCK.c.sku.in_(skus))
    return {
        (row.node_id, row.sku): max(0, int(row.available))
        for row in transaction.all(query)
        if wanted is None or (row.node_id, row.sku) in wanted
    }


def _available(scope_id: str, now: int) -> Select[tuple[str, str, int]]:
    lines, reservations = RESERVATION_LINES, RESERVATIONS
    expired = (
        select(lines.c.node_id, lines.c.sku, func.sum(lines.c.quantity).label("units"))
        .join(reservations, reservations.c.reservation_id == lines.c.reservation_id)
        .where(reservations.c.scope_id == scope_id, reservations.c.state == "held", reservations.c.expires_at <= now)
        .group_by(lines.c.node_id, lines.c.sku)
        .subquery()
    )
    units = STOCK.c.supply - STOCK.c.reserved + func.coalesce(expired.c.units, 0)
    both = and_(expired.c.node_id == STOCK.c.node_id, expired.c.sku == STOCK.c.sku)
    return (
        select(STOCK.c.node_id, STOCK.c.sku, units.label("available"))
        .outerjoin(expired, both)
        .where(STOCK.c.scope_id == scope_id)
    )
