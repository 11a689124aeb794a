"""Why an order is served as it is: what it was given, what it would be given now, and what would make it whole.

The router is asked what the order's best option is now, with its own units given back; then once more with the units
that it lacks added at every node. Both are questions: nothing is taken, and the router is left as it was.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from typing import Any

from quartermaster.domain.routing import Option
from quartermaster.errors import InputError, StoreError
from quartermaster.router import Router
from quartermaster.service.asked import Answered, Asked
from quartermaster.service.route_calls import option_document, verdict_documents
from quartermaster.service.routers import Routers
from quartermaster.store.database import Transaction
from quartermaster.store.order_states import PLANNABLE, REJECTED
from quartermaster.store.orders import StoredOrder, stored_order
from quartermaster.store.plans import part_of
from quartermaster.store.reserved_orders import orders_held
from quartermaster.store.takers import takers_of, units_of

MOST_TAKERS = 50
"""Orders that are named as having its SKUs, at the most."""
HELD = "a reservation is held for it: it is not planned until that is committed, released or expired"
TERMS = ("transport", "handling", "distance", "late")


def explanation_call(transaction: Transaction, asked: Asked, order_id: str, routers: Routers) -> Answered:
    """Explain an order.

    Parameters
    ----------
    transaction, asked, order_id
        As for every call, and which.
    routers
        Routers by scope.
    """
    order = stored_order(transaction, asked.scope_id, order_id)
    document: dict[str, Any] = {
        "order_id": order_id,
        "state": order.state,
        "reason": _reason(transaction, asked.scope_id, order),
        "given": _given(transaction, asked.scope_id, order),
        "best_now": None,
        "nodes": [],
        "takers": [],
        "would_fill": None,
    }
    if order.state == REJECTED:
        return Answered(document)
    skus = sorted({line.sku for line in order.lines})
    takers = takers_of(transaction, asked.scope_id, skus, order_id, MOST_TAKERS)
    document["takers"] = [
        {"order_id": one.order_id, "node_id": one.node_id, "sku": one.sku, "quantity": one.quantity} for one in takers
    ]
    stands, reference = routers.standing(transaction, asked.scope_id)
    try:
        read, lines = reference.order(json.loads(order.document))
    except InputError as error:  # a later snapshot does not know what it needs
        return Answered({**document, "reason": ", ".join(dict.fromkeys(one.code for one in error.problems))})
    own = units_of(transaction, asked.scope_id, order_id)
    with routers.lent(routers.counted(transaction, stands, reference, lines)) as router:
        with _with_units(router, own):
            routing = router.route(read, lines, 1)
            document["best_now"] = option_document(routing.best)
            document["nodes"] = verdict_documents(routing)
        lacking = {line.sku: 0 for line in order.lines}
        for line_id, units in routing.best.backordered.items():
            lacking[routing.best.skus[line_id]] += units
        if any(lacking.values()):
            nodes = reference.snapshot.nodes["node_id"].tolist()
            more = {(node_id, sku): units for sku, units in lacking.items() if units for node_id in nodes}
            both = {pair: own.get(pair, 0) + more.get(pair, 0) for pair in own.keys() | more.keys()}
            with _with_units(router, both):
                document["would_fill"] = _would_fill(router, router.route(read, lines, 1).best, own, more)
    return Answered(document)


def _reason(transaction: Transaction, scope_id: str, order: StoredOrder) -> str:
    held = order.state in PLANNABLE and orders_held(transaction, scope_id, [order.order_id])
    return HELD if held else order.reason


def _given(transaction: Transaction, scope_id: str, order: StoredOrder) -> list[Mapping[str, Any]]:
    """Return the shipments that plans gave it, with their cost by term."""
    given: list[Mapping[str, Any]] = []
    for plan_id in dict.fromkeys(one["plan_id"] for one in order.allocations if one["plan_id"] is not None):
        try:
            content = part_of(transaction, scope_id, plan_id, "shipments.csv")
        except StoreError:
            continue
        given += [
            {
                "plan_id": plan_id,
                "shipment_id": row["shipment_id"],
                "node_id": row["node_id"],
                "carrier": row["carrier"],
                "service": row["service"],
                "ship_date": row["ship_date"],
                "delivery_date": row["delivery_date"],
                "cost": {name: row[name] for name in TERMS},
            }
            for row in csv.DictReader(StringIO(content.decode("utf-8")))
            if row["order_id"] == order.order_id
        ]
    return given


@contextmanager
def _with_units(router: Router, more: Mapping[tuple[str, str], int]) -> Iterator[None]:
    """Count some units more while the block runs; of pairs that the snapshot does not know nothing is counted."""
    known = {pair: router.available(*pair) for pair in more if router.knows(*pair)}
    for pair, units in known.items():
        router.recount(*pair, units + more[pair])
    try:
        yield
    finally:
        for pair, units in known.items():
            router.recount(*pair, units)


def _would_fill(
    router: Router, option: Option, own: Mapping[tuple[str, str], int], more: Mapping[tuple[str, str], int]
) -> Mapping[str, Any] | None:
    """Say which units, where, would make the order whole at least cost; None where none would."""
    if option.backordered:
        return None
    missing = []
    for (node_id, sku), units in sorted(option.taken().items()):
        there = router.available(node_id, sku) - more.get((node_id, sku), 0)
        if units > there:
            missing.append({"node_id": node_id, "sku": sku, "quantity": units - there})
    return {"units": missing, "option": option_document(option)}
