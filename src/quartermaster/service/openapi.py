"""The OpenAPI document: what routes take, every way they can fail, and an example of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from quartermaster.io import FILE_NAMES
from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.body import JSON_TYPE
from quartermaster.service.contracts import BODIES, CONTRACTS, IDEMPOTENCY, IDEMPOTENCY_IF, QUERY
from quartermaster.service.examples import EVALUATE_REQUEST, PLAN_REQUEST, PROBLEM
from quartermaster.service.problem_body import ANSWERS, MEDIA_TYPE, VALIDATION
from quartermaster.service.request_schema import Schema, brought_plan_schema, policy_schema, snapshot_schema
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.upload import FORM_TYPE, MOST_FILES, MOST_RATIO, ZIP_TYPE

_EVERY = (
    "Money is decimal text; every failure is an application/problem+json body whose `code` is stable. Bodies are JSON "
    "as RFC 8259 has it: no NaN, no key twice, no number where text is due."
)
STATELESS = (
    "Stateless fulfillment planning: send a snapshot of orders, stock, nodes and carriers, get a checked plan with a "
    f"proof of how good it is. {_EVERY}"
)
"""What the service without a database is."""
STATEFUL = (
    "Fulfillment planning that remembers: stock and orders come in, plans and routes come out, and units are held and "
    "committed so that nothing is sold twice. A scope is a planning area; its first snapshot makes it. Keys go in "
    "`Authorization: Bearer KEY`, see their scopes only, and allow `read`, `plan`, `commit` or `admin`. Every change "
    "needs an `Idempotency-Key`, a text of the caller's: the same request with the same key has one effect and one "
    f"answer. {_EVERY}"
)
"""What the service over a database is."""

_REF = "#/components/schemas/"
_EVERYWHERE = ("framing", "uri_too_long", "headers_too_large", "internal")
_SHUT = ("stopping",)
_WITH_BODY = (
    VALIDATION, "json_syntax", "json_nonfinite", "json_duplicate_key", "json_too_deep", "encoding", "timeout",
    "too_large", "too_many_rows", "media_type", "content_encoding", "busy",
)  # fmt: skip
_STATEFUL = (
    "unauthorized",
    "forbidden",
    "not_found",
    VALIDATION,
    "rate",
    "store_busy",
    "store_read_only",
    "store_unreachable",
)
_KEYED = ("unauthorized", "forbidden", "rate", "store_busy", "store_unreachable")
_SECURITY: Mapping[str, Any] = {"security": [{"key": []}]}
_CHANGING = (
    "idempotency_key_missing", "idempotency_key_format", "idempotency_key_reused", "idempotency_in_progress",
)  # fmt: skip
_FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
_FOLDER: Mapping[str, Any] = {
    ZIP_TYPE: {
        "schema": {
            **_FILE,
            "description": "the files of a snapshot folder (`snapshot.toml`, `orders.csv` or `orders.parquet` …), "
            f"without a folder around them: at most {MOST_FILES}, stored or deflated, and unpacked at most "
            f"{MOST_RATIO} times the size of the zip",
        }
    },
    FORM_TYPE: {
        "schema": {
            "type": "object",
            "description": "the same files, each as a part with its `filename`",
            "properties": {name: dict(_FILE) for name in FILE_NAMES},
            "additionalProperties": False,
        }
    },
}
"""A snapshot as files."""
_REQUESTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "plan": ("PlanRequest", PLAN_REQUEST),
    "evaluate": ("EvaluateRequest", EVALUATE_REQUEST),
}


def request_body(operation: str, *, keyed: bool) -> dict[str, Any]:
    """Describe what an operation takes.

    Parameters
    ----------
    operation
        ``plan`` or ``evaluate``.
    keyed
        True where it asks for a key.
    """
    name, example = _REQUESTS[operation]
    content = {"schema": {"$ref": _REF + name}, "examples": {"small": {"summary": "one order", "value": example}}}
    return {**(_SECURITY if keyed else {}), "requestBody": {"required": True, "content": {JSON_TYPE: content}}}


def responses(operation: str, *, keyed: bool = False) -> dict[int | str, dict[str, Any]]:
    """Describe every failure of an operation, by status.

    Parameters
    ----------
    operation
        ``plan``, ``evaluate`` or ``healthz``.
    keyed
        True where it asks for a key.
    """
    asked = _KEYED if keyed else ()
    return _failures(_EVERYWHERE + (asked + _WITH_BODY + _SHUT if operation in _REQUESTS else ()))


def _failures(codes: tuple[str, ...]) -> dict[int | str, dict[str, Any]]:
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({ANSWERS[code].status for code in codes}):
        named = [code for code in codes if ANSWERS[code].status == status]
        titles = "; ".join(f"{ANSWERS[code].title} (`{code}`)" for code in named)
        example = {**PROBLEM, "status": status, "code": named[0], "title": ANSWERS[named[0]].title}
        example["type"] = f"urn:quartermaster:problem:{named[0]}"
        if named[0] != VALIDATION:
            example = {name: value for name, value in example.items() if not name.startswith("errors")}
        described[status] = {
            "description": titles,
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF + ProblemAnswer.__name__}, "example": example}},
        }
        if {"busy", "store_busy", "rate", "stopping", "reservations_open"} & set(named):
            described[status]["headers"] = {
                "Retry-After": {"required": True, "description": "seconds to wait", "schema": {"type": "integer"}}
            }
    return described


def plain(operation: str) -> dict[int | str, dict[str, Any]]:
    """Describe every failure of an operation that anybody may ask, and that looks at the store.

    Parameters
    ----------
    operation
        Its id.
    """
    codes = (*_EVERYWHERE, "store_read_only", "store_unreachable", *_SHUT)
    return _failures(codes) | {200: {"description": f"{operation}: yes"}}


def text(operation: str) -> dict[str, Any]:
    """Describe an operation that answers text to who has a key.

    Parameters
    ----------
    operation
        Its id.
    """
    codes = (*_EVERYWHERE, *_KEYED, *_SHUT)
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "responses": _failures(codes) | {200: {"description": operation, "content": content}},
        "openapi_extra": dict(_SECURITY),
        "response_class": Response,
    }


def stateful(operation: str) -> dict[str, Any]:
    """Describe an operation that remembers: its body, its answer, its key, every way it can fail.

    Parameters
    ----------
    operation
        Its id.
    """
    told = CONTRACTS[operation]
    codes = (*_EVERYWHERE, *_STATEFUL, *_SHUT, *told.codes)
    extra: dict[str, Any] = dict(_SECURITY)
    parameters = [*QUERY.get(operation, ())]
    if told.changes:
        codes = (*codes, *_CHANGING)
        parameters.append(dict(IDEMPOTENCY_IF if told.asks else IDEMPOTENCY))
    if parameters:
        extra["parameters"] = parameters
    if told.body:
        codes = (*codes, *_WITH_BODY)
        content = {JSON_TYPE: {"schema": {"$ref": _REF + told.body}, "example": told.example}}
        extra["requestBody"] = {"required": True, "content": {**content, **(_FOLDER if told.files else {})}}
    described = _failures(tuple(dict.fromkeys(codes)))
    if told.also is not None:
        described[told.also] = {"model": told.answer, "description": "Made anew"}
    return {
        "responses": described,
        "openapi_extra": extra,
        "response_model": told.answer,
        "status_code": told.status,
    }


def _request_schemas(settings: ServiceSettings) -> dict[str, Schema]:
    def envelope(required: tuple[str, ...], parts: Mapping[str, str]) -> Schema:
        return {
            "type": "object",
            "properties": {name: {"$ref": _REF + part} for name, part in parts.items()},
            "required": list(required),
            "additionalProperties": False,
        }

    return {
        "Snapshot": snapshot_schema(),
        "Policy": policy_schema(settings),
        "AnyPolicy": policy_schema(),
        "BroughtPlan": brought_plan_schema(_REF),
        "PlanRequest": envelope(("snapshot",), {"snapshot": "Snapshot", "policy": "Policy"}),
        "EvaluateRequest": envelope(
            ("snapshot", "plan"), {"snapshot": "Snapshot", "plan": "BroughtPlan", "policy": "AnyPolicy"}
        ),
    }


def describe(app: FastAPI, settings: ServiceSettings) -> dict[str, Any]:
    """Write the OpenAPI document of an application, once.

    Parameters
    ----------
    app
        The application.
    settings
        Its limits, which are part of the contract.
    """
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        bodies = [(body, "validation") for body in BODIES]
        _, models = models_json_schema(
            [(ProblemAnswer, "serialization"), *bodies],  # type: ignore[list-item]
            ref_template=_REF + "{model}",
        )
        components = document.setdefault("components", {})
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schemas = components.setdefault("schemas", {})
        schemas |= models.get("$defs", {}) | _request_schemas(settings)
        app.openapi_schema = document
    return app.openapi_schema
