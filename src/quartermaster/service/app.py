"""The application: stateless routes, and those over a store; one problem body, work off the event loop."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from quartermaster.errors import InputError, StoreError
from quartermaster.service.answers import EvaluationAnswer, HealthAnswer, PlanAnswer
from quartermaster.service.body import JSON_TYPE, check_headers, read_body
from quartermaster.service.calls import evaluate_call, plan_call
from quartermaster.service.crowd import Entrance
from quartermaster.service.desk import Desk, refused
from quartermaster.service.door import Door, Doorkeeper
from quartermaster.service.guard import Guard
from quartermaster.service.metrics import Measured, Metrics
from quartermaster.service.openapi import STATEFUL, STATELESS, describe, request_body, responses
from quartermaster.service.problem_body import ANSWERS, MEDIA_TYPE, RequestRefused, problem_body, refusal_body
from quartermaster.service.request_log import Logged
from quartermaster.service.routes import PLAN, READ, stateful_routes
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.workers import Workers
from quartermaster.store import Store

Call = Callable[[bytes, ServiceSettings], dict[str, Any]]
"""What a route does with its body, in a worker thread."""


def create_app(
    settings: ServiceSettings | None = None,
    store: Store | None = None,
    *,
    insecure: bool = False,
    described_only: bool = False,
    door: Door | None = None,
) -> FastAPI:
    """Make the ASGI application.

    Parameters
    ----------
    settings
        Limits; every one has a default.
    store
        The database; None = only the stateless routes are served.
    insecure
        True asks nobody for a key.
    described_only
        True makes an application that says what it would serve with a database, and is not to be served.
    door
        Closed, it takes no more requests.
    """
    limits = settings or ServiceSettings()
    workers = Workers(limits)
    desk = None if store is None else Desk(store, limits, insecure=insecure)
    keyed = store is not None or described_only

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with nullcontext() if desk is None else desk.open():
            yield
        workers.close()

    app = FastAPI(
        title="Quartermaster",
        version="1",
        description=STATEFUL if keyed else STATELESS,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    if desk is not None:
        app.add_middleware(Entrance, crowd=desk.crowd)
    app.add_middleware(Doorkeeper, door=door or Door())
    app.add_middleware(Guard)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(InputError, _not_valid)
    app.add_exception_handler(RequestValidationError, _not_addressed)

    async def answer(request: Request, call: Call, action: str) -> Response:
        if desk is not None:
            await desk.admit(request, None, action)
        check_headers(request, limits)
        async with workers.place():
            body = await read_body(request, limits)
            content = await workers.run(partial(_worked, call, body, limits))
        return Response(content, media_type=JSON_TYPE)

    @app.post(
        "/v1/plan",
        operation_id="plan",
        summary="Plan a snapshot",
        response_model=PlanAnswer,
        responses=responses("plan", keyed=keyed),
        openapi_extra=request_body("plan", keyed=keyed),
    )
    async def plan(request: Request) -> Response:
        """Plan all open orders of a snapshot together; the answer is the best checked plan at the time limit."""
        return await answer(request, plan_call, PLAN)

    @app.post(
        "/v1/evaluate",
        operation_id="evaluate",
        summary="Evaluate a plan",
        response_model=EvaluationAnswer,
        responses=responses("evaluate", keyed=keyed),
        openapi_extra=request_body("evaluate", keyed=keyed),
    )
    async def evaluate(request: Request) -> Response:
        """Recompute the cost and every constraint of any plan, without a solver."""
        return await answer(request, evaluate_call, READ)

    @app.get(
        "/healthz",
        operation_id="healthz",
        summary="Is the service up",
        response_model=HealthAnswer,
        responses=responses("healthz"),
    )
    async def healthz() -> Response:
        """Answer at once, also while plans are being made."""
        return _json({"status": "ok", "working": workers.taken, "places": workers.places})

    if keyed:
        metrics = Metrics(store)
        app.include_router(stateful_routes(desk or Desk(store, limits), metrics))  # type: ignore[arg-type]
        app.add_exception_handler(StoreError, partial(_store_refused, limits))
        app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(Logged)  # the outermost

    app.openapi = partial(describe, app, limits)  # type: ignore[method-assign]
    return app


def _worked(call: Call, body: bytes, limits: ServiceSettings) -> bytes:
    """Run a call and write its answer, both in the worker thread."""
    return json.dumps(call(body, limits), ensure_ascii=False, allow_nan=False).encode()


def _json(document: dict[str, Any], media_type: str = JSON_TYPE, status: int = 200) -> Response:
    return Response(json.dumps(document), status_code=status, media_type=media_type)


def _problem(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    response = _json(body, MEDIA_TYPE, body["status"])
    response.headers.update(headers or {})
    return response


async def _not_valid(_: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)  # noqa: S101 (it is registered for this class)
    return _problem(problem_body(error.problems))


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)  # noqa: S101 (it is registered for this class)
    return _problem(refusal_body(error.code, error.detail, error.facts), error.headers)


async def _store_refused(limits: ServiceSettings, request: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)  # noqa: S101 (it is registered for this class)
    return await _refused(request, refused(error, limits))


def _allowed(request: Request) -> str:
    """List every method of an address: each is a route of its own, and the first that is met knows but itself."""
    path = getattr(request.scope.get("route"), "path_format", "")
    return ", ".join(sorted(method.upper() for method in request.app.openapi()["paths"].get(path, ())))


async def _not_addressed(_: Request, __: Exception) -> Response:
    """Answer an address with an id that is too long to be one: FastAPI reads nothing else of a request."""
    return _problem(refusal_body("not_found", "an id in the address is too long"))


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer an address or a method that is not served."""
    assert isinstance(error, HTTPException)  # noqa: S101 (it is registered for this class)
    headers = dict(error.headers or {})
    if error.status_code == ANSWERS["method_not_allowed"].status:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
        return _problem(refusal_body("method_not_allowed", f"allowed: {headers['Allow']}"), headers)
    if re.match(r"/v\d+/", request.url.path) and not request.url.path.startswith("/v1/"):
        return _problem(refusal_body("schema_version", "supported versions: v1"))
    return _problem(refusal_body("not_found", "GET /openapi.json says what is served"))
