"""What one call does with its body, without HTTP: bytes in, a document out, every problem as InputError."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from quartermaster import api, io
from quartermaster.documents import evaluation_document, tables_document
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, PolicyError, Problem
from quartermaster.io.findings import shown
from quartermaster.io.json_text import pointer_part
from quartermaster.io.plan_files import plan_document
from quartermaster.policy import Policy, policy_from_mapping
from quartermaster.service.plan_reading import brought_plan
from quartermaster.service.problem_body import finding_entry
from quartermaster.service.settings import ServiceSettings


def plan_call(body: bytes, settings: ServiceSettings) -> dict[str, Any]:
    """Plan the snapshot of a request.

    Parameters
    ----------
    body
        JSON object of ``snapshot`` and, optionally, ``policy``.
    settings
        Limits.

    Raises
    ------
    InputError
        If any part is not valid; carries the problems of all parts.
    """
    given = _fields(io.parse_document(body), required=("snapshot",), optional=("policy",))
    snapshot, policy = _read_parts(
        {
            "snapshot": lambda: _snapshot(given["snapshot"], settings),
            "policy": lambda: read_policy_document(given.get("policy"), settings),
        }
    )
    plan = api.plan(snapshot, policy)
    run = {"seconds": dict(plan.run.seconds), "warnings": list(plan.run.warnings)}
    warnings = [finding_entry(warning) for warning in snapshot.warnings]
    return {**plan_document(plan), **tables_document(plan), "warnings": warnings, "run": run}


def evaluate_call(body: bytes, settings: ServiceSettings) -> dict[str, Any]:
    """Evaluate the plan of a request against its snapshot.

    Parameters
    ----------
    body
        JSON object of ``snapshot``, ``plan`` and, optionally, ``policy`` (else the plan's own, else every default).
    settings
        Limits.

    Raises
    ------
    InputError
        If any part is not valid; carries the problems of all parts.
    """
    given = _fields(io.parse_document(body), required=("snapshot", "plan"), optional=("policy",))
    own = given["plan"].get("policy") if isinstance(given["plan"], Mapping) else None
    snapshot, plan, own_policy, policy = _read_parts(
        {
            "snapshot": lambda: _snapshot(given["snapshot"], settings),
            "plan": lambda: brought_plan(given["plan"]),
            "plan/policy": lambda: read_policy_document(own, None),
            "policy": lambda: read_policy_document(given.get("policy"), None),
        }
    )
    return evaluation_document(api.evaluate(snapshot, plan, own_policy if given.get("policy") is None else policy))


def _read_parts(parts: Mapping[str, Callable[[], Any]]) -> list[Any]:
    """Read the parts of a body by their places; the problems of all of them are told at once, with whole pointers."""
    read: list[Any] = []
    problems: list[Problem] = []
    for place, reader in parts.items():
        try:
            read.append(reader())
        except PolicyError as error:
            keys = ((problem, problem.column.replace(".", "/")) for problem in error.problems)
            problems += [_placed(problem, f"/{place}/{key}".rstrip("/")) for problem, key in keys]
        except InputError as error:
            problems += [_placed(problem, f"/{place}{problem.pointer}") for problem in error.problems]
    if problems:
        raise InputError(problems)
    return read


def _placed(problem: Problem, pointer: str) -> Problem:
    return replace(problem, pointer=pointer, file="", row=None, column="")


def _fields(document: Any, *, required: Sequence[str], optional: Sequence[str]) -> Mapping[str, Any]:
    """Check the outermost object of a body."""
    known = (*required, *optional)
    given: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    problems = [
        Problem("missing_field", f"must be given; the body is an object with {', '.join(known)}", pointer=f"/{name}")
        for name in required
        if given.get(name) is None
    ]
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            detail = f"is not known; known are {', '.join(known)}{hint}"
            pointer = f"/{pointer_part(shown(name))}"
            problems.append(Problem("unknown_field", detail, pointer=pointer))
    if problems:
        raise InputError(problems)
    return given


def _snapshot(document: Any, settings: ServiceSettings) -> Snapshot:
    lines = _count_lines(document)
    if lines > settings.max_order_lines:
        detail = f"{lines} order lines; at most {settings.max_order_lines} are taken"
        raise InputError([Problem("too_many_rows", detail, pointer="/orders")])
    return io.read_document(document, limits=io.Limits(max_rows=settings.max_rows)).snapshot


def _count_lines(document: Any) -> int:
    """Count order lines before they are read, wherever they stand."""
    if not isinstance(document, Mapping):
        return 0
    orders, apart = document.get("orders"), document.get("order_lines")
    held = [order.get("lines") for order in orders if isinstance(order, Mapping)] if isinstance(orders, list) else []
    held += [apart, *(apart.values() if isinstance(apart, Mapping) else ())]
    counts = [len(lines) for lines in held if isinstance(lines, list)]
    return max(counts, default=0) if isinstance(apart, Mapping) else sum(counts)


def read_policy_document(document: Any, settings: ServiceSettings | None) -> Policy:
    """Read a policy; within the limits of the service where it is to be planned by.

    Parameters
    ----------
    document
        The policy as a document; None = every default.
    settings
        Limits; None = it is not planned by.

    Raises
    ------
    PolicyError
        If it is not valid.
    """
    if document is None:
        document = {}
    if not isinstance(document, Mapping):
        raise PolicyError([Problem("type", "must be an object", file="policy")])
    policy = policy_from_mapping(document)
    if settings is None:
        return policy
    stated = document.get("solver", {})
    low, high = settings.min_time_limit_seconds, settings.max_time_limit_seconds
    limit = policy.solver.time_limit_seconds
    problems = []
    if "time_limit_seconds" not in stated:
        limit = min(limit, high)
    elif not low <= limit <= high:
        problems.append(_out_of_range("time_limit_seconds", limit, low, high))
    if policy.solver.threads > settings.max_threads:
        problems.append(_out_of_range("threads", policy.solver.threads, 1, settings.max_threads))
    if problems:
        raise PolicyError(problems)
    return replace(policy, solver=replace(policy.solver, time_limit_seconds=limit))


def _out_of_range(name: str, value: Decimal | int, low: Decimal | int, high: Decimal | int) -> Problem:
    detail = f"must be from {low} to {high} on this service"
    return Problem("weight_range", detail, file="policy", column=f"solver.{name}", value=str(value)[:64])
