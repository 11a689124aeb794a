"""Reservations: held → committed | released | expired, once; all or nothing over the lines of one.

Stock is guarded by one conditional UPDATE (`stock.take`) in the transaction that writes the reservation and its ledger
entries. A reservation is active while it is held and the database's clock is before its expiry, which is asked in the
statement that commits it, by the instant at which its lock was got. The sweeper only cleans up: for whoever lacks units
that reservations have whose time is over, these are swept first, in a transaction of its own, since everybody locks
reservations before stock. What a reservation for an order means to the order: `quartermaster.store.reserved_orders`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from sqlalchemy import ColumnElement, func, insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.available import availability
from quartermaster.store.database import Again, Transaction
from quartermaster.store.expiry import EXPIRED, HELD, sweep_for
from quartermaster.store.fail_points import fail_point
from quartermaster.store.reserved_orders import settle_reserved, state_of
from quartermaster.store.scopes import count, scope_state
from quartermaster.store.stock import StockLine, give_all_back, take
from quartermaster.store.stock_ledger import enter_all, lines_of
from quartermaster.store.tables import RESERVATION_LINES, RESERVATIONS

COMMITTED, RELEASED = "committed", "released"
_HOLD, _HOLD_LINES = insert(RESERVATIONS), insert(RESERVATION_LINES)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation as it is.

    Parameters
    ----------
    reservation_id, scope_id, state, order_id
        What it is called, where, how it stands, for which order (None = for none).
    lines
        Its units.
    expires_at
        Instant from which it is not active any more, microseconds.
    commit_sequence
        Number of its commit in the scope; None unless committed.
    """

    reservation_id: str
    scope_id: str
    state: str
    order_id: str | None
    lines: tuple[StockLine, ...]
    expires_at: int
    commit_sequence: int | None


def reserve(
    transaction: Transaction,
    scope_id: str,
    lines: Iterable[StockLine],
    lifetime: int,
    *,
    order_id: str | None = None,
    key_id: str | None = None,
    allow_partial: bool = False,
) -> Reservation:
    """Hold units.

    Parameters
    ----------
    transaction, scope_id
        Where.
    lines
        Units; those of equal pairs are added up.
    lifetime
        Microseconds for which they are held, from when they are taken.
    order_id
        For which order.
    key_id
        Whose key asked for it.
    allow_partial
        True holds what there is of lines that there is too little of, if there is any.

    Raises
    ------
    StoreError
        ``reservation_lines`` where there is none, or one of no unit; ``not_found`` where there is no such scope;
        ``insufficient_stock`` with what is available of each pair that there is too little of.
    Again
        Where reservations whose time is over have the units.
    """
    wanted: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if line.quantity < 1:
            raise StoreError("reservation_lines", "a line is of one unit or more")
        wanted[line.node_id, line.sku] += line.quantity
    if not wanted:
        raise StoreError("reservation_lines", "there is no line")
    granted, lacking = _take_all(transaction, scope_id, wanted, allow_partial=allow_partial)
    if lacking and (not allow_partial or not granted):
        scope_state(transaction, scope_id)
        raise StoreError("insufficient_stock", "there are not so many units", lacking=lacking)
    reservation_id = str(uuid4())
    expires_at = transaction.now + lifetime
    fail_point("stock taken")
    held = {
        "reservation_id": reservation_id,
        "scope_id": scope_id,
        "state": HELD,
        "order_id": order_id,
        "key_id": key_id,
        "created_at": transaction.now,
        "expires_at": expires_at,
    }
    transaction.run(_HOLD, held)
    fail_point("reservation written")
    rows = [
        {
            "reservation_id": reservation_id,
            "number": number,
            "scope_id": scope_id,
            "node_id": line.node_id,
            "sku": line.sku,
            "quantity": line.quantity,
        }
        for number, line in enumerate(granted)
    ]
    transaction.run(_HOLD_LINES, rows)
    fail_point("reservation lines written")
    enter_all(transaction, scope_id, HELD, [(reservation_id, line) for line in granted], +1)
    fail_point("ledger written")
    return Reservation(reservation_id, scope_id, HELD, order_id, tuple(granted), expires_at, None)


def _take_all(
    transaction: Transaction, scope_id: str, wanted: Counter[tuple[str, str]], *, allow_partial: bool
) -> tuple[list[StockLine], list[dict[str, object]]]:
    """Take the units of some pairs, in one order for everybody, so that nobody waits for each other."""
    granted, lacking, kept = [], [], []
    for (node_id, sku), quantity in sorted(wanted.items()):
        if take(transaction, scope_id, node_id, sku, quantity):
            granted.append(StockLine(node_id, sku, quantity))
            continue
        transaction.look_at_clock()
        there = availability(transaction, scope_id, [(node_id, sku)]).get((node_id, sku), 0)
        part = min(there, quantity)
        if part < quantity:
            lacking.append({"node_id": node_id, "sku": sku, "wanted": quantity, "available": there})
            if not allow_partial or part < 1:
                continue
            if take(transaction, scope_id, node_id, sku, part):
                granted.append(StockLine(node_id, sku, part))
                continue
        kept.append((node_id, sku))  # by reservations whose time is over
    if kept and (allow_partial or not lacking):
        raise Again(partial(sweep_for, scope_id=scope_id, pairs=kept))
    transaction.look_at_clock()
    return granted, lacking


def open_of(transaction: Transaction, key_id: str) -> int:
    """Count the reservations that were made with a key and are held, in every scope.

    Parameters
    ----------
    transaction
        The transaction.
    key_id
        Whose.
    """
    table = RESERVATIONS.c
    own = (table.key_id == key_id, table.state == HELD, table.expires_at > transaction.now)
    row = transaction.first(select(func.count()).select_from(RESERVATIONS).where(*own))
    return 0 if row is None else int(row[0])


def reservation(transaction: Transaction, scope_id: str, reservation_id: str) -> Reservation:
    """Read a reservation; held ones whose time is over read as expired.

    Parameters
    ----------
    transaction, scope_id, reservation_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    table = RESERVATIONS
    row = transaction.first(select(table).where(table.c.reservation_id == reservation_id, table.c.scope_id == scope_id))
    if row is None:
        raise StoreError("not_found", "there is no such reservation")
    over = row.state == HELD and row.expires_at <= transaction.now
    lines = tuple(lines_of(transaction, reservation_id))
    state = EXPIRED if over else row.state
    return Reservation(reservation_id, scope_id, state, row.order_id, lines, row.expires_at, row.commit_sequence)


def commit(transaction: Transaction, scope_id: str, reservation_id: str) -> Reservation:
    """Commit a reservation that is active; one committed already stays as it is.

    Its units are those of its order, where that has come in; else of it when it does.

    Parameters
    ----------
    transaction, scope_id, reservation_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``; ``reservation_expired``; ``reservation_state`` where it was released; ``order_state`` where its
        order waits for fewer units than it has.
    """
    state = scope_state(transaction, scope_id, lock=True)
    _lock(transaction, scope_id, reservation_id)
    sequence = state.commit_sequence + 1
    table = RESERVATIONS
    won = transaction.run(
        update(table)
        .where(*_active(transaction, scope_id, reservation_id))
        .values(state=COMMITTED, resolved_at=transaction.now, commit_sequence=sequence)
    )
    found = reservation(transaction, scope_id, reservation_id)
    if not won:
        return _stands(found, COMMITTED)
    fail_point("reservation committed")
    count(transaction, scope_id, commit_sequence=sequence)
    enter_all(transaction, scope_id, COMMITTED, [(reservation_id, line) for line in found.lines], 0)
    fail_point("commit in ledger")
    if found.order_id is not None:
        _give_order(transaction, scope_id, found, found.order_id)
    return found


def _give_order(transaction: Transaction, scope_id: str, found: Reservation, order_id: str) -> None:
    """Give an order that has come in the units of a reservation, all of them."""
    state = state_of(transaction, scope_id, order_id)
    settled = settle_reserved(transaction, scope_id, [order_id])
    given = sum(one.quantity for one in settled if one.reservation_id == found.reservation_id)
    units = sum(line.quantity for line in found.lines)
    if state is not None and given != units:
        detail = f"the order is {state} and waits for {given} of the {units} units that are reserved for it"
        raise StoreError("order_state", detail, state=state, reserved=units, waiting=given)


def release(transaction: Transaction, scope_id: str, reservation_id: str) -> Reservation:
    """Release a reservation that is active; one released already stays as it is.

    Parameters
    ----------
    transaction, scope_id, reservation_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``; ``reservation_expired``; ``reservation_state`` where it was committed.
    """
    _lock(transaction, scope_id, reservation_id)
    table = RESERVATIONS
    won = transaction.run(
        update(table)
        .where(*_active(transaction, scope_id, reservation_id))
        .values(state=RELEASED, resolved_at=transaction.now)
    )
    found = reservation(transaction, scope_id, reservation_id)
    if not won:
        return _stands(found, RELEASED)
    fail_point("reservation released")
    give_all_back(transaction, scope_id, found.lines)
    fail_point("stock given back")
    enter_all(transaction, scope_id, RELEASED, [(reservation_id, line) for line in found.lines], -1)
    return found


def extend(transaction: Transaction, scope_id: str, reservation_id: str, lifetime: int) -> Reservation:
    """Hold a reservation that is active for so long from now; never shorter than it is held already.

    Parameters
    ----------
    transaction, scope_id, reservation_id
        Which.
    lifetime
        Microseconds from now.

    Raises
    ------
    StoreError
        ``not_found``; ``reservation_expired``; ``reservation_state`` where it is committed or released.
    """
    _lock(transaction, scope_id, reservation_id)
    table = RESERVATIONS
    until = transaction.now + lifetime
    active = _active(transaction, scope_id, reservation_id)
    transaction.run(update(table).where(*active, table.c.expires_at < until).values(expires_at=until))
    fail_point("reservation extended")
    return _stands(reservation(transaction, scope_id, reservation_id), HELD)


def _lock(transaction: Transaction, scope_id: str, reservation_id: str) -> None:
    """Wait until nobody else resolves a reservation, and judge it by the instant of then; SQLite has waited already.

    FOR NO KEY UPDATE: whoever gives an order its units, which name the reservation, does not wait.
    """
    if not transaction.is_postgresql:
        return
    own = (RESERVATIONS.c.reservation_id == reservation_id, RESERVATIONS.c.scope_id == scope_id)
    transaction.first(select(RESERVATIONS.c.reservation_id).where(*own).with_for_update(key_share=True))
    transaction.look_at_clock()


def _active(transaction: Transaction, scope_id: str, reservation_id: str) -> tuple[ColumnElement[bool], ...]:
    """Say in SQL that a reservation is held and its time is not over."""
    own = RESERVATIONS.c
    return (
        own.reservation_id == reservation_id,
        own.scope_id == scope_id,
        own.state == HELD,
        own.expires_at > transaction.now,
    )


def _stands(found: Reservation, wanted: str) -> Reservation:
    """Return a reservation that is as it is wanted already; say why it is not, otherwise."""
    if found.state == wanted:
        return found
    if found.state == EXPIRED:
        raise StoreError("reservation_expired", "the reservation has expired", expired_at=found.expires_at)
    raise StoreError("reservation_state", f"the reservation is {found.state}", state=found.state)
