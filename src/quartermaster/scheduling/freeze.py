"""Freezing a scope: one document of the latest snapshot, the orders that wait and the stock that is available now.

Everything comes from one state of the store. Of the snapshot orders, stock, replenishment and capacity are replaced:

- orders are those of the store that wait, with the units of each line that wait; what committed shipments an order has
  had counts towards its `max_shipments`, and an order that may have no more of them is left waiting;
- stock is what may be reserved now, so that feeds, reservations and commits since the snapshot all count;
- replenishment that was due by the day of the last feed is part of the stock that the feed shows;
- capacity of a node is what reservations, and all that was committed after the instant of the snapshot, left of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem, StoreError
from quartermaster.io import parse_document, read_document
from quartermaster.store.available import availability
from quartermaster.store.database import Transaction
from quartermaster.store.instants import time_of
from quartermaster.store.orders import plannable
from quartermaster.store.run_facts import Used, capacity_used, shipments_had
from quartermaster.store.scopes import scope_state
from quartermaster.store.snapshots import content_of, latest_snapshot

MOST_REASONS = 5
"""Problems of an order that its rejection names."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a run plans.

    Parameters
    ----------
    snapshot_version, stock_version
        What it was made from.
    as_of
        The instant it shows, microseconds.
    content
        The document, canonical JSON bytes.
    orders
        The documents of its orders as the store has them, by id.
    rejected
        Orders left out because they are not valid: their documents and why, by id.
    """

    snapshot_version: str
    stock_version: int
    as_of: int
    content: bytes
    orders: Mapping[str, str]
    rejected: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def frozen(transaction: Transaction, scope_id: str, as_of: int | None = None, most_shipments: int = 0) -> Frozen:
    """Freeze a scope.

    Parameters
    ----------
    transaction, scope_id
        Where.
    as_of
        The instant it shows, microseconds; None = that of the transaction.
    most_shipments
        The policy's `service.max_shipments`, for orders that have none of their own; 0 = unlimited.

    Raises
    ------
    StoreError
        ``not_found`` where there is no such scope; ``no_snapshot`` where it has no snapshot yet.
    """
    state = scope_state(transaction, scope_id)
    latest = latest_snapshot(transaction, scope_id)
    if latest is None:
        raise StoreError("no_snapshot", "the scope has no snapshot yet")
    instant = transaction.now if as_of is None else as_of
    document: dict[str, Any] = json.loads(content_of(transaction, latest.sha256))
    document.pop("order_lines", None)
    nodes = {node["node_id"] for node in document["nodes"]}
    skus = {product["sku"] for product in document["products"]}
    document["snapshot"] = {**document["snapshot"], "as_of": _written(instant)}
    document["inventory"] = [
        {"node_id": node_id, "sku": sku, "on_hand": units, "safety_stock": 0, "reserved": 0}
        for (node_id, sku), units in sorted(availability(transaction, scope_id).items())
        if node_id in nodes and sku in skus
    ]
    if document.get("replenishment") and state.feed_as_of is not None and state.feed_as_of > latest.as_of:
        document["replenishment"] = _still_to_come(document, state.feed_as_of)
    used = capacity_used(transaction, scope_id, latest.as_of)
    document["nodes"] = [_with_capacity_left(node, used.get(node["node_id"])) for node in document["nodes"]]
    had = shipments_had(transaction, scope_id)
    orders, document["orders"] = {}, []
    for text, waiting in plannable(transaction, scope_id):
        order = _waiting_part(json.loads(text), waiting)
        if _may_ship(order, had.get(order["order_id"], 0), most_shipments):
            orders[order["order_id"]] = text
            document["orders"].append(order)
    return Frozen(latest.version, state.stock_version, instant, _canonical(document), orders)


def readable(found: Frozen) -> tuple[Frozen, Snapshot]:
    """Read a frozen scope as a checked snapshot, without the orders that are not valid in it.

    Parameters
    ----------
    found
        From `frozen`.

    Returns
    -------
    Frozen
        The same without these orders, which it names as rejected.
    Snapshot
        Checked.

    Raises
    ------
    InputError
        If anything but orders is not valid; carries every problem.
    """
    while True:
        try:
            return found, read_document(parse_document(found.content)).snapshot
        except InputError as error:
            found = _without(found, error)


def _without(found: Frozen, error: InputError) -> Frozen:
    """Leave out the orders that problems are of; raise where one is of anything else."""
    document = json.loads(found.content)
    bad: dict[int, list[Problem]] = {}
    for problem in error.problems:
        place = problem.pointer.split("/")
        if len(place) < 3 or place[1] != "orders" or not place[2].isdigit():
            raise error
        bad.setdefault(int(place[2]), []).append(problem)
    rejected = dict(found.rejected)
    for at, problems in bad.items():
        order_id = document["orders"][at]["order_id"]
        rejected[order_id] = (found.orders[order_id], _reason(problems))
    document["orders"] = [order for at, order in enumerate(document["orders"]) if at not in bad]
    kept = {order_id: text for order_id, text in found.orders.items() if order_id not in rejected}
    return replace(found, content=_canonical(document), orders=kept, rejected=rejected)


def _reason(problems: list[Problem]) -> str:
    told = []
    for problem in problems[:MOST_REASONS]:
        place = "/".join(problem.pointer.split("/")[3:])
        value = f" {problem.value}" if problem.value else ""
        told.append(f"{place}{value}: {problem.detail} [{problem.code}]".lstrip(": "))
    return "; ".join(told)


def _waiting_part(order: dict[str, Any], waiting: Mapping[str, int]) -> dict[str, Any]:
    lines = [{**line, "quantity": waiting[line["line_id"]]} for line in order["lines"] if line["line_id"] in waiting]
    return {**order, "lines": lines}


def _may_ship(order: dict[str, Any], had: int, most_shipments: int) -> bool:
    """Lower an order's `max_shipments` by the shipments it has had; tell whether it may have another."""
    most = order.get("max_shipments") or most_shipments
    if not had or not most:
        return True
    order["max_shipments"] = most - had
    return bool(most > had)


def _still_to_come(document: Mapping[str, Any], fed_at: int) -> list[dict[str, Any]]:
    """Return the replenishment of a snapshot without what feeds since show as stock: what was due by their day."""
    zones = {node["node_id"]: ZoneInfo(node.get("timezone", "UTC")) for node in document["nodes"]}
    today = {node_id: time_of(fed_at).astimezone(zone).date() for node_id, zone in zones.items()}
    return [row for row in document["replenishment"] if date.fromisoformat(row["arrives_on"]) > today[row["node_id"]]]


def _with_capacity_left(node: dict[str, Any], used: Used | None) -> dict[str, Any]:
    if used is None:
        return node
    left = dict(node)
    for name, units in (("max_shipments", used.shipments), ("max_units", used.units)):
        if node.get(name) is not None:
            left[name] = max(0, node[name] - units)
    return left


def _written(instant: int) -> str:
    return time_of(instant).isoformat()


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
