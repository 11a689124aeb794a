"""The stateful routes: typed parameters, one call, one answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from quartermaster.service import order_calls, plan_calls, route_calls, stock_calls
from quartermaster.service.addresses import register_ids
from quartermaster.service.desk import Desk
from quartermaster.service.explanation import explanation_call
from quartermaster.service.metrics import Metrics
from quartermaster.service.open_reservations import OpenReservations
from quartermaster.service.openapi import plain, stateful, text
from quartermaster.service.routers import Routers

ScopeId = Annotated[str, Path(min_length=1, max_length=64, description="planning area")]
Version = Annotated[str, Path(min_length=1, max_length=128, description="name of a snapshot")]
OrderId = Annotated[str, Path(min_length=1, max_length=128)]
PlanId = Annotated[str, Path(min_length=1, max_length=64)]
ReservationId = Annotated[str, Path(min_length=1, max_length=64)]

READ, PLAN, COMMIT = "read", "plan", "commit"
SCOPE = "/v1/scopes/{scope:id}"


def stateful_routes(desk: Desk, metrics: Metrics) -> APIRouter:
    """Make the routes that remember.

    Parameters
    ----------
    desk
        Where their requests arrive.
    metrics
        What is watched.
    """
    register_ids()
    router = APIRouter()
    routers = Routers(desk.references)
    settings = desk.settings
    opened = OpenReservations(settings.most_reservations)

    def route(method: str, path: str, operation: str, summary: str) -> Callable[[Any], Any]:
        described = stateful(operation)
        return router.api_route(path, methods=[method], operation_id=operation, summary=summary, **described)

    @route("GET", SCOPE, "scope", "How a scope stands")
    async def scope_(request: Request, scope: ScopeId) -> Response:
        """Its snapshot, its stock picture and its counters."""
        return await desk.ask(request, READ, scope, stock_calls.scope_call)

    @route("PUT", SCOPE + "/snapshots/{version:id}", "put_snapshot", "Put a snapshot")
    async def put_snapshot(request: Request, scope: ScopeId, version: Version) -> Response:
        """Hold a snapshot, and take its stock as the full picture; the first one makes the scope."""
        call = partial(stock_calls.put_snapshot_call, version=version)
        reading = partial(stock_calls.read_snapshot, settings=settings)
        return await desk.change(request, PLAN, scope, call, files=True, reading=reading)

    @route("POST", SCOPE + "/inventory", "feed_inventory", "Feed stock")
    async def inventory(request: Request, scope: ScopeId) -> Response:
        """Take a full stock picture, or the next change of it; all of it or nothing."""
        return await desk.change(request, PLAN, scope, stock_calls.inventory_call)

    @route("GET", SCOPE + "/availability", "availability", "What may be reserved")
    async def availability(request: Request, scope: ScopeId) -> Response:
        """Units that may be reserved now, by node and SKU."""
        return await desk.ask(request, READ, scope, partial(stock_calls.availability_call, cursors=desk.cursors))

    @route("GET", SCOPE + "/orders", "list_orders", "Orders")
    async def list_orders(request: Request, scope: ScopeId) -> Response:
        """A page of orders, and how each stands."""
        return await desk.ask(request, READ, scope, partial(order_calls.order_list_call, cursors=desk.cursors))

    @route("POST", SCOPE + "/orders", "put_orders", "Put orders")
    async def orders(request: Request, scope: ScopeId) -> Response:
        """Take orders in or change them, each by itself; bad ones are held as rejected with their reasons."""
        reading = partial(order_calls.read_orders, store=desk.store, references=desk.references)
        return await desk.change(request, PLAN, scope, order_calls.orders_call, reading=reading)

    @route("GET", SCOPE + "/orders/{order_id:id}", "order", "An order")
    async def order(request: Request, scope: ScopeId, order_id: OrderId) -> Response:
        """Its state, where its units are, its history and its allocations."""
        return await desk.ask(request, READ, scope, partial(order_calls.order_call, order_id=order_id))

    @route("GET", SCOPE + "/orders/{order_id:id}/explanation", "explain_order", "Why an order is served as it is")
    async def explain(request: Request, scope: ScopeId, order_id: OrderId) -> Response:
        """What it was given, its best option now, why other nodes lose, who has its SKUs, what would make it whole."""
        call = partial(explanation_call, order_id=order_id, routers=routers)
        return await desk.ask(request, READ, scope, call)

    @route("DELETE", SCOPE + "/orders/{order_id:id}", "cancel_order", "Cancel an order")
    async def cancel(request: Request, scope: ScopeId, order_id: OrderId) -> Response:
        """Cancel what is not allocated of it."""
        call = partial(order_calls.cancel_call, order_id=order_id)
        return await desk.change(request, PLAN, scope, call, body=False)

    @route("POST", SCOPE + "/plans", "queue_plan", "Ask for a plan")
    async def queue(request: Request, scope: ScopeId) -> Response:
        """Queue a plan of all open orders; a run makes it."""
        return await desk.change(request, PLAN, scope, partial(plan_calls.queue_call, settings=settings))

    @route("GET", SCOPE + "/plans/{plan_id:id}", "plan_state", "How a plan stands")
    async def plan_state(request: Request, scope: ScopeId, plan_id: PlanId) -> Response:
        """Its state, progress, cost, bound and gap."""
        return await desk.ask(request, READ, scope, partial(plan_calls.plan_state_call, plan_id=plan_id))

    @route("DELETE", SCOPE + "/plans/{plan_id:id}", "stop_plan", "Stop a plan")
    async def stop(request: Request, scope: ScopeId, plan_id: PlanId) -> Response:
        """Ask for the best plan so far; one that still waits is not made."""
        return await desk.change(request, PLAN, scope, partial(plan_calls.stop_call, plan_id=plan_id), body=False)

    def table(name: str) -> None:
        @route("GET", SCOPE + "/plans/{plan_id:id}/" + name, f"plan_{name}", f"The {name} of a plan")
        async def rows(request: Request, scope: ScopeId, plan_id: PlanId) -> Response:
            """A page of its rows."""
            call = partial(plan_calls.table_call, plan_id=plan_id, name=name, cursors=desk.cursors)
            return await desk.ask(request, READ, scope, call)

    for name in plan_calls.TABLES:
        table(name)

    @route("GET", SCOPE + "/plans/{plan_id:id}/certificate", "plan_certificate", "The certificate of a plan")
    async def certificate(request: Request, scope: ScopeId, plan_id: PlanId) -> Response:
        """The prices from which its bound can be recomputed without a solver."""
        return await desk.ask(request, READ, scope, partial(plan_calls.certificate_call, plan_id=plan_id))

    @route("POST", SCOPE + "/plans/{plan_id:id}/commit", "commit_plan", "Commit a plan")
    async def commit_plan(request: Request, scope: ScopeId, plan_id: PlanId) -> Response:
        """Take its units for good, if the stock picture is still the one it was made from."""
        call = partial(plan_calls.commit_call, plan_id=plan_id, settings=settings)
        return await desk.change(request, COMMIT, scope, call)

    @route("POST", SCOPE + "/route", "route_order", "Route one order")
    async def route_order(request: Request, scope: ScopeId) -> Response:
        """Answer now, with the prices of the last plan; `reserve` holds the units of the best option.

        Only with `reserve` it changes something, for a key that may `commit`; else one that may `read` asks.
        """
        reading = partial(route_calls.read_route, store=desk.store, routers=routers, settings=settings)
        call = partial(route_calls.route_call, opened=opened)
        ask = partial(route_calls.asked_route, reading=reading)
        changes = route_calls.holds
        return await desk.ask_or_change(request, COMMIT, scope, call, reading=reading, changes=changes, ask=ask)

    @route("POST", SCOPE + "/promise", "promise", "Promise dates")
    async def promise(request: Request, scope: ScopeId) -> Response:
        """The delivery dates that can be kept for a cart, and what each costs."""
        return await desk.ask(request, READ, scope, partial(route_calls.promise_call, routers=routers), body=True)

    @route("POST", SCOPE + "/reservations", "reserve", "Hold units")
    async def reserve(request: Request, scope: ScopeId) -> Response:
        """Hold units for a while: all lines or none."""
        call = partial(stock_calls.reserve_call, settings=settings, opened=opened)
        return await desk.change(request, COMMIT, scope, call)

    @route("GET", SCOPE + "/reservations/{reservation_id:id}", "reservation", "A reservation")
    async def reservation(request: Request, scope: ScopeId, reservation_id: ReservationId) -> Response:
        """Its state and its lines."""
        call = partial(stock_calls.reservation_call, reservation_id=reservation_id)
        return await desk.ask(request, READ, scope, call)

    @route("POST", SCOPE + "/reservations/{reservation_id:id}/commit", "commit_reservation", "Commit a reservation")
    async def commit_reservation(request: Request, scope: ScopeId, reservation_id: ReservationId) -> Response:
        """Take its units for good."""
        call = partial(stock_calls.commit_reservation_call, reservation_id=reservation_id)
        return await desk.change(request, COMMIT, scope, call, body=False)

    @route("POST", SCOPE + "/reservations/{reservation_id:id}/release", "release_reservation", "Release a reservation")
    async def release_reservation(request: Request, scope: ScopeId, reservation_id: ReservationId) -> Response:
        """Give its units back."""
        call = partial(stock_calls.release_reservation_call, reservation_id=reservation_id)
        return await desk.change(request, COMMIT, scope, call, body=False)

    @route("POST", SCOPE + "/reservations/{reservation_id:id}/extend", "extend_reservation", "Extend a reservation")
    async def extend_reservation(request: Request, scope: ScopeId, reservation_id: ReservationId) -> Response:
        """Hold it for longer."""
        call = partial(stock_calls.extend_reservation_call, reservation_id=reservation_id, settings=settings)
        return await desk.change(request, COMMIT, scope, call)

    @route("GET", SCOPE + "/events", "events", "What happened")
    async def events(request: Request, scope: ScopeId) -> Response:
        """Events after a number, in order, each at least once."""
        return await desk.ask(request, READ, scope, order_calls.events_call, writes=True)

    @router.get("/readyz", operation_id="readyz", summary="May requests be sent", responses=plain("readyz"))
    async def readyz() -> Response:
        """Answer whether the store can be reached and has the tables that this version needs."""
        return await desk.ready()

    @router.get("/metrics", operation_id="metrics", summary="Figures for Prometheus", **text("metrics"))
    async def metrics_(request: Request) -> Response:
        """Requests by operation and status; orders, plans, reservations and events of the scopes that the key sees."""
        return await desk.watched(request, metrics)

    return router
