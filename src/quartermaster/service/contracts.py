"""What each stateful operation takes and answers, and how it can fail: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quartermaster.service import requests, stateful_answers
from quartermaster.service.answers import Answer
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.order_states import STATES

_ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0]}
_LINES = [{"node_id": "NYC", "sku": "00123", "quantity": 2}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One operation.

    Parameters
    ----------
    answer
        Model of what it answers.
    body
        Name of the schema of its body; empty = it has none.
    example
        A body.
    files
        True where the files of a snapshot may come in place of its document.
    changes
        True where it changes something and needs an idempotency key.
    asks
        True where that depends on its body: else it only asks, and a key is not looked at.
    batch
        True where its body may be as large as a batch.
    status, also
        Status of its answer, and another one that it may have.
    codes
        Codes of its own failures.
    """

    answer: type[Answer]
    body: str = ""
    example: Any = None
    files: bool = False
    changes: bool = False
    asks: bool = False
    batch: bool = False
    status: int = 200
    also: int | None = None
    codes: tuple[str, ...] = ()


_FEED = ("snapshot_out_of_order", "deducted_through")
_RESOLVE = ("reservation_expired", "reservation_state")
_PLAN_PART = ("plan_state", "validation", "cursor")

CONTRACTS: Mapping[str, Contract] = {
    "scope": Contract(answer=stateful_answers.ScopeAnswer),
    "put_snapshot": Contract(
        answer=stateful_answers.SnapshotAnswer,
        body="Snapshot",
        example=PLAN_REQUEST["snapshot"],
        files=True,
        changes=True,
        batch=True,
        also=201,
        codes=("snapshot_conflict", "snapshot_shrunk", "archive_not_allowed", "decompression_limit", *_FEED),
    ),
    "feed_inventory": Contract(
        answer=stateful_answers.InventoryAnswer,
        body=requests.InventoryBody.__name__,
        example={
            "kind": "delta",
            "as_of": "2026-03-02T09:00:00+01:00",
            "sequence": 1,
            "rows": [{"node_id": "NYC", "sku": "00123", "on_hand": 12}],
        },
        changes=True,
        batch=True,
        codes=("feed_gap", "feed_known", *_FEED),
    ),
    "availability": Contract(answer=stateful_answers.AvailabilityAnswer, codes=("validation", "cursor")),
    "list_orders": Contract(answer=stateful_answers.OrderListAnswer, codes=("validation", "cursor")),
    "put_orders": Contract(
        answer=stateful_answers.OrdersAnswer,
        body=requests.OrdersBody.__name__,
        example={"orders": [_ORDER]},
        changes=True,
        codes=("no_snapshot",),
    ),
    "order": Contract(answer=stateful_answers.OrderAnswer),
    "explain_order": Contract(answer=stateful_answers.ExplanationAnswer, codes=("no_snapshot",)),
    "cancel_order": Contract(answer=stateful_answers.OrderAnswer, changes=True, codes=("order_state",)),
    "queue_plan": Contract(
        answer=stateful_answers.PlanStateAnswer,
        body=requests.PlanBody.__name__,
        example={"policy": {"solver": {"time_limit_seconds": 20}}},
        changes=True,
        status=202,
        codes=("queue_full",),
    ),
    "plan_state": Contract(answer=stateful_answers.PlanStateAnswer),
    "stop_plan": Contract(answer=stateful_answers.PlanStateAnswer, changes=True),
    "plan_allocations": Contract(answer=stateful_answers.TableAnswer, codes=_PLAN_PART),
    "plan_shipments": Contract(answer=stateful_answers.TableAnswer, codes=_PLAN_PART),
    "plan_backorders": Contract(answer=stateful_answers.TableAnswer, codes=_PLAN_PART),
    "plan_prices": Contract(answer=stateful_answers.TableAnswer, codes=_PLAN_PART),
    "plan_certificate": Contract(answer=stateful_answers.CertificateAnswer, codes=("plan_state",)),
    "commit_plan": Contract(
        answer=stateful_answers.PlanStateAnswer,
        body=requests.CommitBody.__name__,
        example={"recheck": False},
        changes=True,
        codes=("plan_state", "plan_superseded", "plan_expired", "snapshot_stale", "order_state"),
    ),
    "route_order": Contract(
        answer=stateful_answers.RouteAnswer,
        body=requests.RouteBody.__name__,
        example={"order": _ORDER, "count": 2, "reserve": True, "lifetime_seconds": 600},
        changes=True,
        asks=True,
        also=201,
        codes=("no_snapshot", "reservations_open"),
    ),
    "promise": Contract(
        answer=stateful_answers.PromiseAnswer,
        body=requests.PromiseBody.__name__,
        example={"order": _ORDER},
        codes=("no_snapshot",),
    ),
    "reserve": Contract(
        answer=stateful_answers.ReservationAnswer,
        body=requests.ReservationBody.__name__,
        example={"lines": _LINES, "lifetime_seconds": 600},
        changes=True,
        status=201,
        codes=("insufficient_stock", "reservations_open"),
    ),
    "reservation": Contract(answer=stateful_answers.ReservationAnswer),
    "commit_reservation": Contract(
        answer=stateful_answers.ReservationAnswer, changes=True, codes=(*_RESOLVE, "order_state")
    ),
    "release_reservation": Contract(answer=stateful_answers.ReservationAnswer, changes=True, codes=_RESOLVE),
    "extend_reservation": Contract(
        answer=stateful_answers.ReservationAnswer,
        body=requests.ExtendBody.__name__,
        example={"lifetime_seconds": 600},
        changes=True,
        codes=_RESOLVE,
    ),
    "events": Contract(answer=stateful_answers.EventsAnswer, codes=("validation",)),
}
"""Operations by id."""
BODIES = (
    requests.InventoryBody, requests.OrdersBody, requests.PlanBody, requests.CommitBody, requests.RouteBody,
    requests.PromiseBody, requests.ReservationBody, requests.ExtendBody,
)  # fmt: skip
"""Models of bodies that are not a snapshot document."""


def _text(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


def _whole(name: str, description: str, least: int, most: int, otherwise: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": otherwise}
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PAGE = (_whole("limit", "rows, at the most", 1, 10_000, 1_000), _text("cursor", "`cursor` of the page before"))
QUERY: Mapping[str, tuple[dict[str, Any], ...]] = {
    "put_snapshot": (
        {
            "name": "accept_shrink",
            "in": "query",
            "description": "take a snapshot that has lost half of the nodes or SKUs of the last, or all stock",
            "schema": {"type": "boolean", "default": False},
        },
        {
            "name": "stock_rows",
            "in": "query",
            "description": "how many rows its stock has: a snapshot with another number is refused as half sent",
            "schema": {"type": "integer", "minimum": 0, "maximum": 10**9},
        },
        {
            "name": "deducted_through",
            "in": "query",
            "description": "the last of our commits that on_hand is lower for",
            "schema": {"type": "integer", "minimum": 0, "maximum": 10**18},
        },
    ),
    "availability": (
        _text("sku", "only this SKU"),
        _text("node_id", "only this node"),
        *_PAGE,
    ),
    "list_orders": (
        {
            "name": "state",
            "in": "query",
            "description": "only orders that stand so",
            "schema": {"type": "string", "enum": [*STATES]},
        },
        *_PAGE,
    ),
    "events": (
        _whole("after", "number of the last event known", 0, 10**18, 0),
        _whole("limit", "events, at the most", 1, 1_000, 100),
    ),
    **{f"plan_{name}": _PAGE for name in ("allocations", "shipments", "backorders", "prices")},
}
"""Parameters of the query, by operation."""
IDEMPOTENCY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "a text of your own: the same request with the same key has one effect, and one answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "order-4711-try-1",
}
"""The header of every change."""
IDEMPOTENCY_IF: Mapping[str, Any] = {
    **IDEMPOTENCY,
    "required": False,
    "description": "as for every change, from 1 to 255 characters, with `reserve`; else it is not looked at",
    "schema": {"type": "string"},
}
"""The header of what may also only ask."""
