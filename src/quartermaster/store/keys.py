"""API keys: `qm_ID.SECRET`, shown once; of the secret, 256 random bits, only the SHA-256 is kept.

A fast hash is right for random keys: there is nothing to guess. An unknown id costs what a wrong secret costs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, insert, or_, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.tables import API_KEYS

ACTIONS = ("read", "plan", "commit", "admin")
"""What a key may do; `admin` may do everything, in every scope."""
PREFIX = "qm_"
NOBODY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
"""Hash that no secret has, for ids that are not there."""
_USED = (
    update(API_KEYS)
    .where(API_KEYS.c.key_id == bindparam("of_key"))
    .where(or_(API_KEYS.c.last_used_at.is_(None), API_KEYS.c.last_used_at < bindparam("at", type_=BigInteger)))
    .values(last_used_at=bindparam("at", type_=BigInteger))
)


@dataclass(frozen=True, slots=True)
class Key:
    """Who may do what.

    Parameters
    ----------
    key_id, name
        What it is called by machines, and by people.
    scope_ids
        Scopes that it sees; empty = every one.
    actions
        What it may do there.
    expires_at, revoked_at, last_used_at
        Instants, microseconds; None = never.
    """

    key_id: str
    name: str
    scope_ids: tuple[str, ...]
    actions: tuple[str, ...]
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None

    def may(self, action: str, scope_id: str | None = None) -> bool:
        """Tell whether it may do something in a scope.

        Parameters
        ----------
        action
            One of `ACTIONS`.
        scope_id
            The scope; None where the action is in none.
        """
        return ("admin" in self.actions or action in self.actions) and self.sees(scope_id)

    def sees(self, scope_id: str | None) -> bool:
        """Tell whether it sees a scope.

        Parameters
        ----------
        scope_id
            The scope; None = none.
        """
        return scope_id is None or not self.scope_ids or scope_id in self.scope_ids


def make_key(
    transaction: Transaction,
    name: str,
    actions: Iterable[str],
    scope_ids: Iterable[str] = (),
    lifetime: int | None = None,
) -> tuple[str, Key]:
    """Make a key; its text is returned now and never again.

    Parameters
    ----------
    transaction
        The transaction.
    name
        For people.
    actions
        What it may do.
    scope_ids
        Where; none = everywhere.
    lifetime
        Microseconds; None = until it is revoked.

    Raises
    ------
    StoreError
        ``key_actions`` where there is no such action, or none is given.
    """
    allowed = tuple(action for action in ACTIONS if action in set(actions))
    if not allowed or set(actions) - set(ACTIONS):
        raise StoreError("key_actions", f"actions are {', '.join(ACTIONS)}")
    key_id, secret = PREFIX + secrets.token_hex(8), secrets.token_urlsafe(32)
    until = None if lifetime is None else transaction.now + lifetime
    key = Key(key_id, name, tuple(sorted(set(scope_ids))), allowed, until)
    transaction.run(
        insert(API_KEYS).values(
            key_id=key_id,
            secret_sha256=_digest(secret),
            name=name,
            scope_ids=json.dumps(key.scope_ids),
            actions=json.dumps(key.actions),
            created_at=transaction.now,
            expires_at=until,
        )
    )
    return f"{key_id}.{secret}", key


def verified(transaction: Transaction, presented: str) -> Key | None:
    """Return the key with a text; None where there is none, or it has expired or was revoked.

    Parameters
    ----------
    transaction
        The transaction.
    presented
        The text of a key.
    """
    key_id, _, secret = presented.partition(".")
    named = key_id[:64] if key_id.isascii() and key_id.isprintable() else ""
    row = transaction.first(select(API_KEYS).where(API_KEYS.c.key_id == named))
    held = NOBODY if row is None else row.secret_sha256
    right = hmac.compare_digest(held, _digest(secret))
    if row is None or not right:
        return None
    key = _key(row)
    over = key.expires_at is not None and key.expires_at <= transaction.now
    return None if over or key.revoked_at is not None else key


def note_uses(transaction: Transaction, used: Mapping[str, int]) -> None:
    """Write down when keys were used last; an earlier instant never takes the place of a later one.

    Parameters
    ----------
    transaction
        The transaction.
    used
        Instants by key_id, microseconds.
    """
    rows = [{"of_key": key_id, "at": at} for key_id, at in sorted(used.items())]
    if rows:
        transaction.run(_USED, rows)


def revoke_key(transaction: Transaction, key_id: str) -> Key:
    """Revoke a key, for good.

    Parameters
    ----------
    transaction
        The transaction.
    key_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    own = API_KEYS.c.key_id == key_id
    transaction.run(update(API_KEYS).where(own, API_KEYS.c.revoked_at.is_(None)).values(revoked_at=transaction.now))
    row = transaction.first(select(API_KEYS).where(own))
    if row is None:
        raise StoreError("not_found", "there is no such key")
    return _key(row)


def every_key(transaction: Transaction) -> list[Key]:
    """Return every key there is, without its secret.

    Parameters
    ----------
    transaction
        The transaction.
    """
    return [_key(row) for row in transaction.all(select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.key_id))]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Any) -> Key:
    return Key(
        row.key_id,
        row.name,
        tuple(json.loads(row.scope_ids)),
        tuple(json.loads(row.actions)),
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )
