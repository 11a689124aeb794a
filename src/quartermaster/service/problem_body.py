"""The problem body (RFC 9457) of every failure: the one place that knows which code has which HTTP status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import Send

from quartermaster.errors import Problem
from quartermaster.service.request_log import request_urn

MEDIA_TYPE = "application/problem+json"
"""Content type of a problem body."""
MAX_ERRORS = 100
"""Most problems listed in one body; `errors_total` counts them all."""
MAX_BODY_BYTES = 64 * 2**10
"""Largest problem body, bytes."""
MAX_DETAIL = 400
"""Longest `detail` of one problem, characters."""
VALIDATION = "validation"
"""Code of a body whose problems are rows and fields of a well-formed document."""

_NOTHING_DONE = "nothing was planned or stored"
_NOT_KNOWN = "whether it had an effect is not known: send it again with the same Idempotency-Key"
_MAY_BE_DONE = ("internal", "store_unreachable")
"""Codes of what may befall a request after its transaction was committed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and title of a code of its own."""

    status: int
    title: str


ANSWERS: Mapping[str, Answer] = {
    VALIDATION: Answer(422, "Input is not valid"),
    "idempotency_key_missing": Answer(400, "Idempotency-Key is missing"),
    "idempotency_key_format": Answer(400, "Idempotency-Key is not valid"),
    "cursor": Answer(400, "Cursor is not one of ours"),
    "json_syntax": Answer(400, "Body is not JSON"),
    "json_nonfinite": Answer(400, "Body holds a number that is not finite"),
    "json_duplicate_key": Answer(400, "Body holds a key twice"),
    "json_too_deep": Answer(400, "Body is nested too deeply"),
    "encoding": Answer(400, "Body is not UTF-8"),
    "utf16": Answer(415, "Body is not UTF-8"),
    "framing": Answer(400, "Request has two lengths"),
    "unauthorized": Answer(401, "A key is needed"),
    "forbidden": Answer(403, "The key does not allow this"),
    "not_found": Answer(404, "Nothing is found at this address"),
    "schema_version": Answer(404, "This version of the API is not served"),
    "method_not_allowed": Answer(405, "This address does not take that method"),
    "timeout": Answer(408, "Body came too slowly"),
    "idempotency_in_progress": Answer(409, "A request with this key is being worked on"),
    "insufficient_stock": Answer(409, "There is not enough stock"),
    "feed_gap": Answer(409, "A delta before this one is missing"),
    "feed_known": Answer(409, "This delta was taken already"),
    "lease_lost": Answer(409, "Another planner has taken over"),
    "no_snapshot": Answer(409, "The scope has no snapshot"),
    "order_state": Answer(409, "The order's state does not allow this"),
    "plan_expired": Answer(409, "The plan is too old"),
    "plan_state": Answer(409, "The plan's state does not allow this"),
    "plan_superseded": Answer(409, "Another plan has taken its place"),
    "reservation_expired": Answer(409, "The reservation has expired"),
    "reservation_state": Answer(409, "The reservation's state does not allow this"),
    "snapshot_conflict": Answer(409, "This version is there with other content"),
    "snapshot_out_of_order": Answer(409, "A later snapshot was taken already"),
    "snapshot_shrunk": Answer(409, "The snapshot has lost much of the last one"),
    "snapshot_stale": Answer(409, "Stock has changed since"),
    "too_large": Answer(413, "Body is too large"),
    "too_many_rows": Answer(413, "Document has too many rows"),
    "decompression_limit": Answer(413, "The archive holds too much"),
    "uri_too_long": Answer(414, "Address is too long"),
    "media_type": Answer(415, "Body is of a type that is not read here"),
    "content_encoding": Answer(415, "Body must not be compressed"),
    "archive_not_allowed": Answer(422, "The archive is not one that is read"),
    "deducted_through": Answer(422, "There is no such commit"),
    "idempotency_key_reused": Answer(422, "This key came with another request"),
    "rate": Answer(429, "Too many requests"),
    "reservations_open": Answer(429, "Too many reservations are open"),
    "headers_too_large": Answer(431, "Headers are too large"),
    "internal": Answer(500, "Internal error"),
    "store_damaged": Answer(500, "What is stored is damaged"),
    "busy": Answer(503, "All workers are busy"),
    "queue_full": Answer(503, "Too many plans are waiting"),
    "store_busy": Answer(503, "The store is busy"),
    "store_read_only": Answer(503, "The store only reads"),
    "store_unreachable": Answer(503, "The store cannot be reached"),
    "stopping": Answer(503, "The service is stopping"),
}
"""Answer of each code that ends a request as a whole; every other code is a row or field of a `validation` body."""


class RequestRefused(Exception):  # noqa: N818 (it is an answer, not a fault)
    """The request ends here, with this code of `ANSWERS`.

    Parameters
    ----------
    code
        A key of `ANSWERS`.
    detail
        What is wrong and what is allowed.
    headers
        Further headers of the answer.
    facts
        Further fields of its body, as JSON values.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})


def problem_body(problems: Sequence[Problem]) -> dict[str, Any]:
    """Write the problems of an input as one problem body.

    Parameters
    ----------
    problems
        Every problem found; at least one. A code of `ANSWERS` among them names the whole body.

    Returns
    -------
    dict
        Its `status` is the HTTP status; at most `MAX_ERRORS` problems and `MAX_BODY_BYTES` as JSON.
    """
    code = next((problem.code for problem in problems if problem.code in ANSWERS), VALIDATION)
    total = len(problems)
    count = "1 problem was found" if total == 1 else f"{total:,} problems were found"
    body = _head(code, f"{count}; {_NOTHING_DONE}.")
    body["errors_total"] = total
    body["errors"] = errors = []
    room = MAX_BODY_BYTES - len(json.dumps(body)) - 2
    for problem in problems[:MAX_ERRORS]:
        entry = finding_entry(problem)
        room -= len(json.dumps(entry)) + 2
        if room < 0:
            break
        errors.append(entry)
    return body


def refusal_body(code: str, detail: str, facts: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Write the body of a request that is refused as a whole.

    Parameters
    ----------
    code
        A key of `ANSWERS`.
    detail
        What is wrong and what is allowed.
    facts
        What the caller may need to know besides, as JSON values.
    """
    body = _head(code, f"{detail}; {_NOT_KNOWN if code in _MAY_BE_DONE else _NOTHING_DONE}.")
    return {**body, "facts": dict(facts)} if facts else body


def code_name(code: str) -> str:
    """Return the published name of a code: UTF-16 is wrong encoding too, with another status.

    Parameters
    ----------
    code
        A key of `ANSWERS`.
    """
    return "encoding" if code == "utf16" else code


def _head(code: str, detail: str) -> dict[str, Any]:
    answer = ANSWERS[code]
    name = code_name(code)
    return {
        "type": f"urn:quartermaster:problem:{name}",
        "title": answer.title,
        "status": answer.status,
        "detail": detail,
        "instance": request_urn(),
        "code": name,
    }


def finding_entry(problem: Problem) -> dict[str, Any]:
    """Write one problem or warning: its place, code, detail and value.

    Parameters
    ----------
    problem
        The problem.
    """
    place: dict[str, Any] = {}
    if problem.pointer or not (problem.file or problem.column):
        place["pointer"] = problem.pointer
    else:
        place = {"file": problem.file, "row": problem.row, "column": problem.column}
        place = {name: value for name, value in place.items() if value not in ("", None)}
    entry = {**place, "code": problem.code, "detail": problem.detail[:MAX_DETAIL]}
    return {**entry, "value": problem.value} if problem.value else entry


async def send_problem(send: Send, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Answer a problem where there is no route to do so.

    Parameters
    ----------
    send
        Of the connection.
    body
        The problem body.
    headers
        Further headers.
    """
    content = json.dumps(body).encode()
    told = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": body["status"], "headers": raw})
    await send({"type": "http.response.body", "body": content})
