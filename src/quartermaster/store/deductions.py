"""Lines of commits that a feed's on_hand is already lower for: they are counted until a feed says so, and not after.

A feed speaks of the pairs it names: a delta deducts lines of these alone, a full picture (of all pairs) those of all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, select, tuple_, update

from quartermaster.store.chunks import in_chunks
from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.stock_ledger import StockLine, enter_all
from quartermaster.store.tables import RESERVATION_LINES, RESERVATIONS

_MARK = (
    update(RESERVATION_LINES)
    .where(RESERVATION_LINES.c.reservation_id == bindparam("which"), RESERVATION_LINES.c.number == bindparam("at"))
    .values(deducted=True)
)


@dataclass(frozen=True, slots=True)
class CommitLine:
    """A line of a reservation that was committed.

    Parameters
    ----------
    reservation_id, number
        Which.
    line
        Its units.
    """

    reservation_id: str
    number: int
    line: StockLine


def lines_to_deduct(
    transaction: Transaction,
    scope_id: str,
    pairs: Collection[tuple[str, str]] | None,
    through: int | None,
    until: int | None,
) -> list[CommitLine]:
    """Return the lines of commits that a feed has deducted, and that are still counted.

    Parameters
    ----------
    transaction, scope_id
        Where.
    pairs
        That the feed names; None = all.
    through
        The last commit that it has deducted; None = it does not say.
    until
        Where it does not say: the instant through which it has deducted commits, microseconds; None = it has none.
    """
    done = _done(through, until)
    if done is None:
        return []
    own, lines = RESERVATIONS.c, RESERVATION_LINES.c
    query = (
        select(lines.reservation_id, lines.number, lines.node_id, lines.sku, lines.quantity)
        .join(RESERVATIONS, own.reservation_id == lines.reservation_id)
        .where(lines.scope_id == scope_id, ~lines.deducted, own.state == "committed", done)
        .order_by(own.commit_sequence, lines.number)
    )
    if pairs is None:
        rows = transaction.all(query)
    else:
        rows = [row for chunk in in_chunks(sorted(pairs)) for row in transaction.all(query.where(_of(chunk)))]
    return [CommitLine(row.reservation_id, row.number, StockLine(row.node_id, row.sku, row.quantity)) for row in rows]


def _done(through: int | None, until: int | None) -> ColumnElement[bool] | None:
    if through is not None:
        return RESERVATIONS.c.commit_sequence <= through
    return None if until is None else RESERVATIONS.c.resolved_at <= until


def _of(pairs: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    return tuple_(RESERVATION_LINES.c.node_id, RESERVATION_LINES.c.sku).in_(pairs)


def mark_deducted(transaction: Transaction, scope_id: str, deducted: Sequence[CommitLine]) -> None:
    """Write down, in the lines and in the ledger, that commits are deducted; their units are given back elsewhere.

    Parameters
    ----------
    transaction, scope_id
        Where.
    deducted
        The lines, at least one.
    """
    transaction.run(_MARK, [{"which": one.reservation_id, "at": one.number} for one in deducted])
    enter_all(transaction, scope_id, "deducted", [(one.reservation_id, one.line) for one in deducted], -1)
    fail_point("commit deducted")
