"""One order of texts for both databases, whatever they sort by: rows are locked in it, so nobody waits in a ring."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from quartermaster.store.database import Transaction


def by_code_points(transaction: Transaction, *columns: ColumnElement[str]) -> tuple[ColumnElement[str], ...]:
    """Return columns of text as both databases compare them by code points.

    Parameters
    ----------
    transaction
        The transaction.
    columns
        The columns.
    """
    return tuple(column.collate("C") for column in columns) if transaction.is_postgresql else columns
