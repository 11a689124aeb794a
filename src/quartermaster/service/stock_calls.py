"""Snapshots, stock feeds, availability and reservations: what each call does in its transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quartermaster import io
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem, StoreError
from quartermaster.io import snapshot_document
from quartermaster.io.findings import shown
from quartermaster.io.instants import microseconds, parse_instant
from quartermaster.io.texts import Refused, check_id
from quartermaster.service.asked import Answered, Asked
from quartermaster.service.open_reservations import OpenReservations
from quartermaster.service.pages import Cursors, limit_of
from quartermaster.service.query import flag, whole, words
from quartermaster.service.requests import ExtendBody, InventoryBody, ReservationBody, read_as
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import reservations
from quartermaster.store.available import availability_after
from quartermaster.store.database import Transaction
from quartermaster.store.instants import SECOND, instant_of, time_of
from quartermaster.store.order_intake import put_orders
from quartermaster.store.orders import NewLine, NewOrder
from quartermaster.store.reservations import Reservation
from quartermaster.store.scopes import make_scope, scope_state
from quartermaster.store.snapshots import latest_snapshot, put_snapshot
from quartermaster.store.stock import Feed, StockLine, StockRow, comes_late, take_feed

SKEW_SECONDS = 300
"""How far ahead of the database's clock an instant may be."""
AS_OF_IN_DOCUMENT = Problem("snapshot_time", "", pointer="/snapshot/as_of")
AS_OF_IN_FOLDER = Problem("snapshot_time", "", file="snapshot.toml", column="as_of")
"""Where the instant of a snapshot stands, as a problem of it."""


def instant(micros: int | None) -> str | None:
    """Write an instant, RFC 3339 in UTC.

    Parameters
    ----------
    micros
        Microseconds since 1970; None = none.
    """
    if micros is None:
        return None
    return time_of(micros).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def micros_of(text: str, pointer: str) -> int:
    """Read an instant.

    Parameters
    ----------
    text
        RFC 3339 with offset.
    pointer
        Where it stands.

    Raises
    ------
    InputError
        ``time_format``, ``time_no_offset`` or ``time_range``.
    """
    try:
        return microseconds(parse_instant(text))
    except Refused as refused:
        raise InputError([Problem(refused.code, refused.detail, pointer=pointer, value=shown(text))]) from None


def _not_ahead(transaction: Transaction, as_of: int, place: Problem) -> None:
    if as_of > transaction.now + SKEW_SECONDS * SECOND:
        detail = f"must be at most {SKEW_SECONDS} seconds ahead of now"
        raise InputError([replace(place, detail=detail)])


@dataclass(frozen=True, slots=True, eq=False)
class GivenSnapshot:
    """A snapshot that came in.

    Parameters
    ----------
    as_of
        Its instant, microseconds.
    as_of_place
        Where that stands.
    stock
        Its stock.
    content
        All of it, as it is kept.
    orders
        Its orders.
    """

    as_of: int
    as_of_place: Problem
    stock: Sequence[StockRow]
    content: bytes
    orders: Sequence[NewOrder]


def read_snapshot(asked: Asked, settings: ServiceSettings) -> GivenSnapshot:
    """Read a snapshot.

    Parameters
    ----------
    asked
        Its body is a snapshot document, or the folder of one.
    settings
        Limits.

    Raises
    ------
    InputError
        If it is not valid; carries every problem.
    """
    if isinstance(asked.document, Path):
        limits = io.Limits(max_rows=settings.max_rows, max_file_bytes=settings.max_unpacked_bytes)
        return _given(io.read_folder(asked.document, limits=limits).snapshot, AS_OF_IN_FOLDER)
    read = io.read_document(asked.document, limits=io.Limits(max_rows=settings.max_rows))
    return _given(read.snapshot, AS_OF_IN_DOCUMENT)


def _given(snapshot: Snapshot, place: Problem) -> GivenSnapshot:
    document, stock = snapshot_document(snapshot), snapshot.inventory
    columns = (stock[name].tolist() for name in ("node_id", "sku", "on_hand", "safety_stock", "reserved"))
    orders = [
        NewOrder(
            order["order_id"],
            io.exact_json(order),
            [NewLine(line["line_id"], line["sku"], line["quantity"]) for line in order["lines"]],
        )
        for order in document["orders"]
    ]
    return GivenSnapshot(
        as_of=instant_of(snapshot.as_of),
        as_of_place=place,
        stock=[StockRow(*row) for row in zip(*columns, strict=True)],
        content=json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(),
        orders=orders,
    )


def put_snapshot_call(transaction: Transaction, asked: Asked, version: str) -> Answered:
    """Hold a snapshot, and take its stock as the full picture.

    Parameters
    ----------
    transaction, asked
        As for every call; it is asked what `read_snapshot` returns.
    version
        Its name.
    """
    _check_names(scope=asked.scope_id, version=version)
    given: GivenSnapshot = asked.document
    _not_ahead(transaction, given.as_of, given.as_of_place)
    stock = given.stock
    declared = whole(asked, "stock_rows", len(stock), 10**9)
    if declared != len(stock):
        detail = f"its stock has {len(stock)} rows"
        raise InputError([Problem("snapshot_incomplete", detail, pointer="?stock_rows", value=str(declared))])
    made = make_scope(transaction, asked.scope_id)
    through = whole(asked, "deducted_through", -1, 10**18)
    stored, new = put_snapshot(
        transaction,
        asked.scope_id,
        version,
        given.content,
        given.as_of,
        stock,
        accept_shrink=flag(asked, "accept_shrink"),
        deducted_through=through if through >= 0 else None,
    )
    if new:
        put_orders(transaction, asked.scope_id, given.orders)  # those that cannot be changed any more stay as they are
    document = {
        "scope": asked.scope_id,
        "version": stored.version,
        "sha256": stored.sha256,
        "as_of": instant(stored.as_of),
        "stock_version": stored.stock_version,
        "nodes": stored.nodes,
        "skus": stored.skus,
        "scope_made": made,
    }
    return Answered(document, 201 if new else 200)


def _check_names(**names: str) -> None:
    """See that what an address makes is named as ids are."""
    for name, text in names.items():
        try:
            check_id(text)
        except Refused as refused:
            problem = Problem(refused.code, refused.detail, pointer=f"{{{name}}}", value=shown(text))
            raise InputError([problem]) from None


def inventory_call(transaction: Transaction, asked: Asked) -> Answered:
    """Take a stock feed.

    Parameters
    ----------
    transaction, asked
        As for every call; its body is an `InventoryBody`.
    """
    body = read_as(InventoryBody, asked.document)
    as_of = micros_of(body.as_of, "/as_of")
    _not_ahead(transaction, as_of, Problem("snapshot_time", "", pointer="/as_of"))
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(body.rows):
        first = seen.setdefault((row.node_id, row.sku), number)
        if first != number:
            detail = f"/rows/{first} says of this node and SKU already"
            raise InputError([Problem("duplicate_row", detail, pointer=f"/rows/{number}")])
    rows = [StockRow(row.node_id, row.sku, row.on_hand, row.safety_stock, row.reserved) for row in body.rows]
    feed = Feed(rows, body.kind == "full", as_of, body.sequence, body.deducted_through)
    state = take_feed(transaction, asked.scope_id, feed)
    return Answered(
        {
            "applied": not comes_late(state, feed),
            "stock_version": state.stock_version,
            "sequence": state.feed_sequence,
            "as_of": instant(state.feed_as_of),
            "picture_as_of": instant(state.picture_as_of),
            "commit_sequence": state.commit_sequence,
        }
    )


def availability_call(transaction: Transaction, asked: Asked, cursors: Cursors) -> Answered:
    """Say what may be reserved now.

    Parameters
    ----------
    transaction, asked
        As for every call; the query may name a ``sku`` and a ``node_id``, and have ``limit`` and ``cursor``.
    cursors
        Of lists.
    """
    state = scope_state(transaction, asked.scope_id)
    (node, sku), limit = cursors.read(asked) or ["", ""], limit_of(asked)
    named = {"node_id": words(asked, "node_id"), "sku": words(asked, "sku")}
    found = availability_after(transaction, asked.scope_id, (node, sku), limit + 1, **named)
    rows = [{"node_id": node_id, "sku": of, "available": units} for node_id, of, units in found[:limit]]
    following = cursors.written(asked, found[limit - 1][:2]) if len(found) > limit else None
    return Answered({"stock_version": state.stock_version, "rows": rows, "cursor": following})


def reserve_call(
    transaction: Transaction, asked: Asked, settings: ServiceSettings, opened: OpenReservations
) -> Answered:
    """Hold units.

    Parameters
    ----------
    transaction, asked
        As for every call; its body is a `ReservationBody`.
    settings
        Limits.
    opened
        How many reservations keys may have open.
    """
    body = read_as(ReservationBody, asked.document)
    opened.admit(transaction, asked.key.key_id)
    held = reservations.reserve(
        transaction,
        asked.scope_id,
        [StockLine(line.node_id, line.sku, line.quantity) for line in body.lines],
        lifetime_of(body.lifetime_seconds, settings),
        order_id=body.order_id,
        key_id=asked.key.key_id,
        allow_partial=body.allow_partial,
    )
    return Answered(reservation_document(held), 201)


def lifetime_of(seconds: int, settings: ServiceSettings) -> int:
    """Check a lifetime; return it in microseconds.

    Parameters
    ----------
    seconds
        Seconds.
    settings
        Limits.

    Raises
    ------
    InputError
        ``out_of_range``.
    """
    if seconds > settings.max_reservation_seconds:
        detail = f"must be at most {settings.max_reservation_seconds}"
        raise InputError([Problem("out_of_range", detail, pointer="/lifetime_seconds", value=str(seconds))])
    return seconds * SECOND


def reservation_call(transaction: Transaction, asked: Asked, reservation_id: str) -> Answered:
    """Read a reservation.

    Parameters
    ----------
    transaction, asked, reservation_id
        As for every call, and which.
    """
    return Answered(reservation_document(reservations.reservation(transaction, asked.scope_id, reservation_id)))


def commit_reservation_call(transaction: Transaction, asked: Asked, reservation_id: str) -> Answered:
    """Commit a reservation.

    Parameters
    ----------
    transaction, asked, reservation_id
        As for every call, and which.
    """
    return Answered(reservation_document(reservations.commit(transaction, asked.scope_id, reservation_id)))


def release_reservation_call(transaction: Transaction, asked: Asked, reservation_id: str) -> Answered:
    """Release a reservation.

    Parameters
    ----------
    transaction, asked, reservation_id
        As for every call, and which.
    """
    return Answered(reservation_document(reservations.release(transaction, asked.scope_id, reservation_id)))


def extend_reservation_call(
    transaction: Transaction, asked: Asked, reservation_id: str, settings: ServiceSettings
) -> Answered:
    """Hold a reservation for longer.

    Parameters
    ----------
    transaction, asked, reservation_id, settings
        As for every call, which, and limits; its body is an `ExtendBody`.
    """
    body = read_as(ExtendBody, asked.document)
    lifetime = lifetime_of(body.lifetime_seconds, settings)
    return Answered(reservation_document(reservations.extend(transaction, asked.scope_id, reservation_id, lifetime)))


def reservation_document(held: Reservation) -> Mapping[str, Any]:
    """Write a reservation.

    Parameters
    ----------
    held
        The reservation.
    """
    return {
        "reservation_id": held.reservation_id,
        "state": held.state,
        "order_id": held.order_id,
        "lines": [{"node_id": one.node_id, "sku": one.sku, "quantity": one.quantity} for one in held.lines],
        "expires_at": instant(held.expires_at),
        "commit_sequence": held.commit_sequence,
    }


def scope_call(transaction: Transaction, asked: Asked) -> Answered:
    """Say how a scope stands.

    Parameters
    ----------
    transaction, asked
        As for every call.
    """
    state, last = scope_state(transaction, asked.scope_id), latest_snapshot(transaction, asked.scope_id)
    if last is None:
        raise StoreError("not_found", "there is no such scope")
    return Answered(
        {
            "scope": state.scope_id,
            "snapshot_version": last.version,
            "stock_version": state.stock_version,
            "commit_sequence": state.commit_sequence,
            "feed_sequence": state.feed_sequence,
            "as_of": instant(state.feed_as_of),
            "picture_as_of": instant(state.picture_as_of),
        }
    )
