"""Routing one order between two plans, and promising dates: options of the router, units held by the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from quartermaster.domain.money import money_text
from quartermaster.domain.routing import Option, Routing
from quartermaster.errors import InputError, StoreError
from quartermaster.io.plan_files import objective_document
from quartermaster.service.desk import OUTDATED, Answered, Asked
from quartermaster.service.requests import PromiseBody, RouteBody, read_as
from quartermaster.service.routers import Routers
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.stock_calls import lifetime_of, reservation_document
from quartermaster.store.database import Store, Transaction
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import StockLine


@dataclass(frozen=True, slots=True)
class Routed:
    """An order that was routed.

    Parameters
    ----------
    document
        Its options, written.
    order_id
        The order.
    wanted
        Units of its best option that are to be held; none where none are.
    lifetime
        For how long, microseconds.
    """

    document: Mapping[str, Any]
    order_id: str
    wanted: tuple[StockLine, ...]
    lifetime: int


def routed(asked: Asked, number: int, store: Store, routers: Routers, settings: ServiceSettings) -> Routed:
    """Route one order by what the store says now.

    Parameters
    ----------
    asked
        The request; its body is a `RouteBody`.
    number
        How often that was in vain so far: then everything is counted anew.
    store
        The database.
    routers
        Routers by scope.
    settings
        Limits.
    """
    body = read_as(RouteBody, asked.document)
    lifetime = lifetime_of(body.lifetime_seconds, settings)
    with store.read() as transaction, routers.lock(asked.scope_id):
        router, reference = routers.of(transaction, asked.scope_id, recount=number > 0)
        order, lines = _read(reference.order, body.order)
        routing = router.route(order, lines, body.count)
        document = routing_document(routing)
    units = sorted(routing.best.taken().items()) if body.reserve else []
    wanted = tuple(StockLine(node_id, sku, quantity) for (node_id, sku), quantity in units)
    return Routed(document, order.order_id, wanted, lifetime)


def route_call(transaction: Transaction, asked: Asked) -> Answered:
    """Answer with the options of an order; hold the units of the best one where that is asked for.

    Parameters
    ----------
    transaction, asked
        As for every call; what is prepared is a `Routed`.
    """
    found: Routed = asked.prepared
    if not found.wanted:
        return Answered({**found.document, "reservation": None})
    try:
        held = reserve(transaction, asked.scope_id, found.wanted, found.lifetime, order_id=found.order_id)
    except StoreError as error:
        if error.code == "insufficient_stock":
            raise StoreError(OUTDATED, "others have taken units of its best option") from None
        raise
    return Answered({**found.document, "reservation": reservation_document(held)}, 201)


def promise_call(transaction: Transaction, asked: Asked, routers: Routers) -> Answered:
    """Say which delivery dates can be kept for a cart, and what each costs.

    Parameters
    ----------
    transaction, asked
        As for every call; its body is a `PromiseBody`.
    routers
        Routers by scope.
    """
    body = read_as(PromiseBody, asked.document)
    with routers.lock(asked.scope_id):
        router, reference = routers.of(transaction, asked.scope_id)
        order, lines = _read(reference.order, body.order)
        found = router.promise(order, lines)
    return Answered(
        {"promises": [{"delivery_date": day.isoformat(), "option": option_document(option)} for day, option in found]}
    )


def routing_document(routing: Routing) -> dict[str, Any]:
    """Write the options of an order, and why the other nodes lost.

    Parameters
    ----------
    routing
        The options.
    """
    return {
        "options": [option_document(option) for option in routing.options],
        "nodes": verdict_documents(routing),
    }


def verdict_documents(routing: Routing) -> list[Mapping[str, Any]]:
    """Write why nodes lost.

    Parameters
    ----------
    routing
        The options of an order.
    """
    return [
        {
            "node_id": verdict.node_id,
            "reason": verdict.reason.value,
            "extra": None if verdict.extra_micro is None else money_text(verdict.extra_micro),
            "text": verdict.text,
        }
        for verdict in routing.nodes
    ]


def option_document(option: Option) -> Mapping[str, Any]:
    """Write one option.

    Parameters
    ----------
    option
        The option.
    """
    return {
        "shipments": [
            {
                "node_id": one.node_id,
                "carrier": one.carrier,
                "service": one.service,
                "zone": one.zone,
                "parcels": one.parcels,
                "billable_weight_g": one.billable_weight_g,
                "distance_m": one.distance_m,
                "ship_date": one.ship_date.isoformat(),
                "delivery_date": one.delivery_date.isoformat(),
                "units": dict(sorted(one.units.items())),
                "cost": {name: money_text(micro) for name, micro in one.cost_micro.items()},
            }
            for one in option.shipments
        ],
        "backordered": dict(sorted(option.backordered.items())),
        "cost": objective_document(option.objective),
        "stock_value": money_text(option.stock_value_micro),
        "decision_total": money_text(option.decision_total_micro),
        "delivery_date": None if option.delivery_date is None else option.delivery_date.isoformat(),
        "exact": option.exact,
    }


def _read(reader: Any, document: Any) -> Any:
    """Read the order of a body, and point into the body."""
    try:
        return reader(document)
    except InputError as error:
        raise InputError([replace(found, pointer=f"/order{found.pointer}") for found in error.problems]) from None
