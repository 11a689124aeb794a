"""Routing one order between two plans, and promising dates: options of the router, units held by the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from quartermaster.domain.money import money_text
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.routing import Option, Routing
from quartermaster.errors import InputError, StoreError
from quartermaster.io.plan_files import objective_document
from quartermaster.service.asked import Answered, Asked, ReadAgain
from quartermaster.service.open_reservations import OpenReservations
from quartermaster.service.requests import PromiseBody, RouteBody, read_as
from quartermaster.service.routers import Counted, Routers
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.stock_calls import lifetime_of, reservation_document
from quartermaster.store import Store
from quartermaster.store.database import Transaction
from quartermaster.store.reservations import reserve
from quartermaster.store.stock import StockLine


@dataclass(frozen=True, slots=True)
class Routed:
    """An order, routed before anything is held for it.

    Parameters
    ----------
    order_id
        Of the order.
    lifetime
        Microseconds for which they are held.
    document
        Its options, as they are answered.
    units
        What its best option takes, by node and SKU.
    """

    order_id: str
    lifetime: int
    document: Mapping[str, Any]
    units: Mapping[tuple[str, str], int]


def read_route(asked: Asked, store: Store, routers: Routers, settings: ServiceSettings) -> Routed:
    """Read an order and route it: nobody who writes waits for that.

    Parameters
    ----------
    asked
        Its body is a `RouteBody`.
    store, routers
        What it is routed by.
    settings
        Limits.

    Raises
    ------
    InputError
        If the body or its order is not valid.
    StoreError
        ``no_snapshot``.
    """
    body = read_as(RouteBody, asked.document)
    lifetime = lifetime_of(body.lifetime_seconds, settings)
    with store.read() as transaction:
        order, lines, counted = _counted(transaction, asked.scope_id, routers, body.order)
    with routers.lent(counted) as router:
        routing = router.route(order, lines, body.count)
    document = routing_document(routing, nodes=body.nodes)
    return Routed(order.order_id, lifetime, document, routing.best.taken())


def holds(document: Any) -> bool:
    """Tell whether the body of a route asks for units to be held.

    Parameters
    ----------
    document
        The body, parsed; it need not be valid.
    """
    return isinstance(document, Mapping) and document.get("reserve") is True


def asked_route(asked: Asked, reading: Callable[[Asked], Routed]) -> Answered:
    """Answer the options of one order, and hold nothing.

    Parameters
    ----------
    asked
        As for every call.
    reading
        Reads and routes it, as `read_route`.
    """
    return Answered({**reading(asked).document, "reservation": None})


def route_call(transaction: Transaction, asked: Asked, opened: OpenReservations) -> Answered:
    """Answer the options of one order, and hold the units of its best option.

    Parameters
    ----------
    transaction, asked
        As for every call; it is asked what `read_route` returns.
    opened
        How many reservations keys may have open.

    Raises
    ------
    ReadAgain
        Where others took units of its best option meanwhile.
    """
    routed: Routed = asked.document
    if not routed.units:
        return Answered({**routed.document, "reservation": None})
    wanted = [StockLine(node_id, sku, quantity) for (node_id, sku), quantity in sorted(routed.units.items())]
    opened.admit(transaction, asked.key.key_id)
    key_id, order_id = asked.key.key_id, routed.order_id
    try:
        held = reserve(transaction, asked.scope_id, wanted, routed.lifetime, order_id=order_id, key_id=key_id)
    except StoreError as error:
        if error.code != "insufficient_stock":
            raise
        raise ReadAgain("others took the units of its best option again and again") from None
    return Answered({**routed.document, "reservation": reservation_document(held)}, 201)


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
    order, lines, counted = _counted(transaction, asked.scope_id, routers, body.order)
    with routers.lent(counted) as router:
        found = router.promise(order, lines)
    return Answered(
        {"promises": [{"delivery_date": day.isoformat(), "option": option_document(option)} for day, option in found]}
    )


def routing_document(routing: Routing, *, nodes: bool = True) -> dict[str, Any]:
    """Write the options of an order, and why the other nodes lost.

    Parameters
    ----------
    routing
        The options.
    nodes
        False leaves the other nodes out.
    """
    return {
        "options": [option_document(option) for option in routing.options],
        "nodes": verdict_documents(routing) if nodes else [],
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


def _counted(
    transaction: Transaction, scope_id: str, routers: Routers, document: Any
) -> tuple[Order, list[OrderLine], Counted]:
    """Read the order of a body, and count what it may be given; problems point into the body."""
    stands, reference = routers.standing(transaction, scope_id)
    try:
        order, lines = reference.order(document)
    except InputError as error:
        raise InputError([replace(found, pointer=f"/order{found.pointer}") for found in error.problems]) from None
    return order, lines, routers.counted(transaction, stands, reference, lines)
