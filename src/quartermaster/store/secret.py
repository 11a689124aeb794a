"""What a database signs with: random bytes, made when they are first asked for, the same for all who use it."""

from __future__ import annotations

import secrets

from sqlalchemy import insert, select

from quartermaster.store.database import Store, Transaction
from quartermaster.store.tables import SECRETS

BYTES = 32


def secret_of(store: Store, name: str) -> bytes:
    """Return a secret of a database.

    Parameters
    ----------
    store
        The database.
    name
        What it is for.
    """
    with store.read() as transaction:
        found = _found(transaction, name)
    return found if found is not None else store.transact(lambda transaction: _made(transaction, name))


def _made(transaction: Transaction, name: str) -> bytes:
    found = _found(transaction, name)
    if found is None:
        found = secrets.token_bytes(BYTES)
        transaction.run(insert(SECRETS).values(name=name, content=found))  # two at once: the second looks again
    return found


def _found(transaction: Transaction, name: str) -> bytes | None:
    row = transaction.first(select(SECRETS.c.content).where(SECRETS.c.name == name))
    return None if row is None else bytes(row.content)
