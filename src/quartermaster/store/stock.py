"""Stock: what feeds say, and what of it is still there for us.

    supply    = max(0, on_hand - safety_stock - reserved of the feed)      the feed's `reserved` is what others hold
    reserved  = units of our reservations that are held, or committed and not yet deducted by the feed
    available = supply - reserved + units held by reservations that have expired

A full feed is the whole picture as of an instant; a delta feed changes some pairs, and has the next sequence number.
No feed puts an older picture in place of a newer one: a full feed is refused where any feed was of a later instant, and
a delta from before the last full feed, which shows what it changed, changes nothing more (its number counts).
Either may say through which of our commits on_hand is already lower (`deducted_through`): of the pairs that it names,
which a full feed does of all. One that does not say is taken to have deducted the commits up to its instant where it is
full, and none where it is a delta. Supply that falls below what is reserved leaves a shortfall.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, insert, literal_column, select, tuple_, update

from quartermaster.errors import ModelError, StoreError
from quartermaster.store.chunks import in_chunks
from quartermaster.store.code_points import by_code_points
from quartermaster.store.database import Transaction
from quartermaster.store.deductions import lines_to_deduct, mark_deducted
from quartermaster.store.events import emit
from quartermaster.store.fail_points import fail_point
from quartermaster.store.instants import time_of
from quartermaster.store.scopes import ScopeState, count, scope_state
from quartermaster.store.stock_ledger import StockLine
from quartermaster.store.tables import STOCK

__all__ = [
    "Feed",
    "StockLine",
    "StockRow",
    "comes_late",
    "give_all_back",
    "take",
    "take_all",
    "take_feed",
]

SHORTFALL = "shortfall"
"""Type of the event that a feed lowers supply below what is reserved."""


_NONE: ColumnElement[int] = literal_column("0")
"""Written out, since SQLite looks for the very words of the index of shortfalls."""
_PAIR = and_(
    STOCK.c.scope_id == bindparam("scope"), STOCK.c.node_id == bindparam("node"), STOCK.c.sku == bindparam("of")
)
_MORE = STOCK.c.reserved + bindparam("units", type_=BigInteger)
_LESS = STOCK.c.reserved - bindparam("units", type_=BigInteger)
_TAKE = update(STOCK).where(_PAIR, STOCK.c.supply >= _MORE).values(reserved=_MORE)
_GIVE_BACK = (
    update(STOCK)
    .where(_PAIR)
    .values(reserved=_LESS, shortfall=case((STOCK.c.supply < _LESS, _LESS - STOCK.c.supply), else_=0))
)


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
        Number of a delta feed; of a full one, that of the last delta it shows, from which numbers go on (None = they
        go on from where they are).
    deducted_through
        The last of our commits that on_hand of its rows is lower for; None = not said.
    """

    rows: Sequence[StockRow]
    full: bool
    as_of: int
    sequence: int | None = None
    deducted_through: int | None = None


def take_feed(transaction: Transaction, scope_id: str, feed: Feed) -> ScopeState:
    """Take a feed into a scope; one that `comes_late` changes nothing but the number of the last delta.

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
        ``snapshot_out_of_order`` where a full feed is older than the last feed of either kind; ``feed_gap`` where a
        delta is not the next; ``feed_known`` where it was taken before; ``deducted_through`` where that commit is not
        there.
    """
    state = scope_state(transaction, scope_id, lock=True)
    _check_order(state, feed)
    counters = {} if feed.sequence is None else {"feed_sequence": feed.sequence}
    if not comes_late(state, feed):
        _change_stock(transaction, state, feed)
        counters["stock_version"] = state.stock_version + 1
        counters["feed_as_of"] = max(feed.as_of, state.feed_as_of or feed.as_of)
        if feed.full:
            counters["picture_as_of"] = feed.as_of
    count(transaction, scope_id, **counters)
    fail_point("feed taken")
    return scope_state(transaction, scope_id)


def comes_late(state: ScopeState, feed: Feed) -> bool:
    """Tell whether a feed is a delta from before the last full feed, which shows already what it changed.

    Deltas among themselves go by their numbers: what one says of a pair no other need say.

    Parameters
    ----------
    state
        The scope's, before the delta or after it.
    feed
        The feed.
    """
    return not feed.full and state.picture_as_of is not None and feed.as_of < state.picture_as_of


def _change_stock(transaction: Transaction, state: ScopeState, feed: Feed) -> None:
    scope_id = state.scope_id
    pairs = None if feed.full else {(row.node_id, row.sku) for row in feed.rows}
    until = feed.as_of if feed.full else None
    deducted = lines_to_deduct(transaction, scope_id, pairs, feed.deducted_through, until)
    known = _lock(transaction, scope_id, pairs)
    short = _shortfalls(transaction, scope_id)
    if deducted:
        mark_deducted(transaction, scope_id, deducted)
        give_all_back(transaction, scope_id, (one.line for one in deducted))
    _write_rows(transaction, scope_id, feed, known)
    _tell_shortfalls(transaction, scope_id, short, state.stock_version + 1)


def _check_order(state: ScopeState, feed: Feed) -> None:
    if feed.full and state.feed_as_of is not None and feed.as_of < state.feed_as_of:
        detail = f"a feed as of {time_of(state.feed_as_of).isoformat()} was taken already: send a picture from after it"
        raise StoreError("snapshot_out_of_order", detail, last=state.feed_as_of)
    if not feed.full:
        if feed.sequence is None or state.picture_as_of is None:
            raise StoreError("feed_gap", "a delta needs a full picture before it, and a sequence number")
        expected = (state.feed_sequence or 0) + 1
        if feed.sequence < expected:
            raise StoreError("feed_known", "this delta was taken already", expected=expected)
        if feed.sequence > expected:
            raise StoreError("feed_gap", f"the next delta is number {expected}", expected=expected)
    if feed.deducted_through is not None and feed.deducted_through > state.commit_sequence:
        raise StoreError("deducted_through", "there is no such commit", last=state.commit_sequence)


def _lock(
    transaction: Transaction, scope_id: str, pairs: Collection[tuple[str, str]] | None
) -> dict[tuple[str, str], int]:
    """Lock stock in the order in which everybody takes it; return what of it is free, of what there is; None = all."""
    node, sku = STOCK.c.node_id, STOCK.c.sku
    free = (STOCK.c.supply - STOCK.c.reserved).label("free")
    query = (
        select(node, sku, free).where(STOCK.c.scope_id == scope_id).order_by(*by_code_points(transaction, node, sku))
    )
    query = query.with_for_update(key_share=True)
    if pairs is None:
        return {(row.node_id, row.sku): row.free for row in transaction.all(query)}
    return {
        (row.node_id, row.sku): row.free
        for chunk in in_chunks(sorted(pairs))
        for row in transaction.all(query.where(tuple_(node, sku).in_(chunk)))
    }


def _write_rows(transaction: Transaction, scope_id: str, feed: Feed, known: Collection[tuple[str, str]]) -> None:
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


def _shortfalls(transaction: Transaction, scope_id: str) -> dict[tuple[str, str], int]:
    query = select(STOCK.c.node_id, STOCK.c.sku, STOCK.c.shortfall)
    rows = transaction.all(query.where(STOCK.c.scope_id == scope_id, STOCK.c.shortfall > _NONE))
    return {(row.node_id, row.sku): row.shortfall for row in rows}


def _tell_shortfalls(transaction: Transaction, scope_id: str, before: dict[tuple[str, str], int], version: int) -> None:
    """Write an event for each shortfall that the feed has made or made larger."""
    for (node_id, sku), units in sorted(_shortfalls(transaction, scope_id).items()):
        if units > before.get((node_id, sku), 0):
            payload = {"node_id": node_id, "sku": sku, "units": units, "stock_version": version}
            emit(transaction, scope_id, SHORTFALL, f"{node_id}/{sku}", payload)


def take(transaction: Transaction, scope_id: str, node_id: str, sku: str, quantity: int) -> bool:
    """Reserve units of a pair, if there are so many: the one statement that guards stock.

    Parameters
    ----------
    transaction, scope_id, node_id, sku
        Where.
    quantity
        Units > 0.
    """
    return transaction.run(_TAKE, {"scope": scope_id, "node": node_id, "of": sku, "units": quantity}) == 1


def take_all(transaction: Transaction, scope_id: str, units: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """Reserve units of pairs, all of them or none; return the pairs that there are too few of.

    It asks for all in so many statements whatever their number, and guards each as `take` does.

    Parameters
    ----------
    transaction, scope_id
        Where.
    units
        Units > 0 by node and SKU.

    Raises
    ------
    ModelError
        If stock is taken that was there under the lock, and is not: our bug.
    """
    free = _lock(transaction, scope_id, units.keys())
    lacking = [pair for pair, wanted in sorted(units.items()) if free.get(pair, 0) < wanted]
    rows = [{"scope": scope_id, "node": node, "of": sku, "units": units[node, sku]} for node, sku in sorted(units)]
    if rows and not lacking and transaction.run(_TAKE, rows) != len(rows):
        raise ModelError("stock that was locked was taken by others")
    return lacking


def give_all_back(transaction: Transaction, scope_id: str, lines: Iterable[StockLine]) -> None:
    """Stop reserving units, pair by pair in the order of `take`; a shortfall shrinks with them.

    Parameters
    ----------
    transaction, scope_id
        Where.
    lines
        Units; those of equal pairs are added up.
    """
    units: Counter[tuple[str, str]] = Counter()
    for line in lines:
        units[line.node_id, line.sku] += line.quantity
    rows = [{"scope": scope_id, "node": node, "of": sku, "units": units[node, sku]} for node, sku in sorted(units)]
    transaction.run(_GIVE_BACK, rows)
