"""Snapshots: content-addressed, as they came; a version never changes, and an older one never replaces a newer."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.scopes import scope_state
from quartermaster.store.stock import Feed, StockRow, take_feed
from quartermaster.store.tables import BLOBS, SNAPSHOTS

SHRUNK = 0.5
"""Share of the nodes or SKUs of the last snapshot below which the next one looks like a file that was half sent."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot that is held.

    Parameters
    ----------
    scope_id, version
        Which.
    sha256
        Of its content.
    as_of
        Its instant, microseconds.
    stock_version
        The stock picture that it began.
    nodes, skus
        How many it names in its stock.
    """

    scope_id: str
    version: str
    sha256: str
    as_of: int
    stock_version: int
    nodes: int
    skus: int


def put_snapshot(
    transaction: Transaction,
    scope_id: str,
    version: str,
    content: bytes,
    as_of: int,
    stock: Sequence[StockRow],
    *,
    accept_shrink: bool = False,
    deducted_through: int | None = None,
) -> tuple[Stored, bool]:
    """Hold a snapshot and take its stock as a full feed; tell whether it is new.

    Parameters
    ----------
    transaction, scope_id
        Where.
    version
        Its name.
    content
        The whole of it.
    as_of
        Its instant, microseconds.
    stock
        Its stock.
    accept_shrink
        True takes one with few of the nodes and SKUs of the last, or with no unit at all.
    deducted_through
        See `quartermaster.store.stock.Feed`.

    Raises
    ------
    StoreError
        ``snapshot_conflict`` where the version is there with other content; ``snapshot_shrunk``; what `take_feed` says.
    """
    scope_state(transaction, scope_id, lock=True)
    digest = hashlib.sha256(content).hexdigest()
    row = transaction.first(select(SNAPSHOTS).where(SNAPSHOTS.c.scope_id == scope_id, SNAPSHOTS.c.version == version))
    if row is not None:
        if row.sha256 != digest:
            raise StoreError("snapshot_conflict", "this version is there with other content", sha256=row.sha256)
        return _stored(row), False
    nodes, skus = len({one.node_id for one in stock}), len({one.sku for one in stock})
    last = latest_snapshot(transaction, scope_id)
    if last is not None and not accept_shrink:
        _check_size(last, nodes, skus, stock)
    state = take_feed(transaction, scope_id, Feed(stock, True, as_of, deducted_through=deducted_through))
    if transaction.first(select(BLOBS.c.sha256).where(BLOBS.c.sha256 == digest)) is None:
        transaction.run(insert(BLOBS).values(sha256=digest, content=zlib.compress(content, 6)))
    fail_point("content written")
    transaction.run(
        insert(SNAPSHOTS).values(
            scope_id=scope_id,
            version=version,
            sha256=digest,
            as_of=as_of,
            stock_version=state.stock_version,
            nodes=nodes,
            skus=skus,
            created_at=transaction.now,
        )
    )
    fail_point("snapshot written")
    return Stored(scope_id, version, digest, as_of, state.stock_version, nodes, skus), True


def _check_size(last: Stored, nodes: int, skus: int, stock: Sequence[StockRow]) -> None:
    if nodes < SHRUNK * last.nodes or skus < SHRUNK * last.skus:
        detail = f"it names {nodes} nodes and {skus} SKUs, the last one {last.nodes} and {last.skus}"
        raise StoreError("snapshot_shrunk", detail, last=last.version)
    if last.skus and not any(row.on_hand for row in stock):
        raise StoreError("snapshot_shrunk", "no node has a unit of anything on hand", last=last.version)


def latest_snapshot(transaction: Transaction, scope_id: str) -> Stored | None:
    """Return the last snapshot of a scope; None before the first.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    query = select(SNAPSHOTS).where(SNAPSHOTS.c.scope_id == scope_id).order_by(SNAPSHOTS.c.stock_version.desc())
    row = transaction.first(query.limit(1))
    return None if row is None else _stored(row)


def content_of(transaction: Transaction, sha256: str) -> bytes:
    """Return the content with a hash, which is checked.

    Parameters
    ----------
    transaction
        The transaction.
    sha256
        The hash.

    Raises
    ------
    StoreError
        ``not_found``; ``store_damaged`` where the content is not what its hash says.
    """
    row = transaction.first(select(BLOBS.c.content).where(BLOBS.c.sha256 == sha256))
    if row is None:
        raise StoreError("not_found", "there is no such content")
    content = zlib.decompress(row.content)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StoreError("store_damaged", "content does not have the hash it is stored under")
    return content


def _stored(row: Any) -> Stored:
    return Stored(row.scope_id, row.version, row.sha256, row.as_of, row.stock_version, row.nodes, row.skus)
