"""What the stateful routes answer with, as pydantic models: the source of their response schemas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from quartermaster.service.answers import Amount, Answer, Cost, Day, Units

Instant = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-11-02T08:00:00.000Z"])]
Cursor = Annotated[str | None, Field(description="for the next page; null = this is the last")]
OrderState = Literal["open", "allocated", "backordered", "rejected", "cancelled"]
PlanState = Literal["queued", "running", "finished", "failed", "committed", "superseded"]
ReservationState = Literal["held", "committed", "released", "expired"]


class ScopeAnswer(Answer):
    """How a scope stands."""

    scope: str
    snapshot_version: str
    stock_version: Annotated[int, Field(description="rises with each feed")]
    commit_sequence: Annotated[int, Field(description="number of the last commit, for `deducted_through`")]
    feed_sequence: Annotated[int | None, Field(description="number of the last delta")]
    as_of: Annotated[Instant | None, Field(description="latest instant of a feed: older full pictures are refused")]
    picture_as_of: Annotated[
        Instant | None, Field(description="instant of the last full picture: older deltas change nothing")
    ]


class SnapshotAnswer(Answer):
    """A snapshot that is held."""

    scope: str
    version: str
    sha256: str
    as_of: Instant
    stock_version: int
    nodes: Units
    skus: Units
    scope_made: bool


class InventoryAnswer(Answer):
    """A feed that was taken."""

    applied: Annotated[bool, Field(description="false = a delta from before the last full picture: it changed nothing")]
    stock_version: int
    sequence: Annotated[int | None, Field(description="number of the last delta")]
    as_of: Annotated[Instant | None, Field(description="latest instant of a feed")]
    picture_as_of: Annotated[Instant | None, Field(description="instant of the last full picture")]
    commit_sequence: int


class AvailabilityRow(Answer):
    """What may be reserved of one pair."""

    node_id: str
    sku: str
    available: Units


class AvailabilityAnswer(Answer):
    """What may be reserved now."""

    stock_version: int
    rows: list[AvailabilityRow]
    cursor: Cursor


class OrderListRow(Answer):
    """How an order stands."""

    order_id: str
    state: OrderState
    reason: str
    created_at: Instant
    updated_at: Instant


class OrderListAnswer(Answer):
    """A page of orders, by their ids."""

    rows: list[OrderListRow]
    cursor: Cursor


class OrderResult(Answer):
    """What became of one order."""

    order_id: str
    result: Literal["created", "updated", "known", "rejected", "refused"]
    reason: str


class OrdersAnswer(Answer):
    """What became of each order, in the order of the request."""

    orders: list[OrderResult]


class LineAnswer(Answer):
    """Where the units of a line are; `ordered` is the sum of the others."""

    line_id: str
    sku: str
    ordered: Units
    open: Units
    allocated: Units
    backordered: Units
    rejected: Units
    cancelled: Units


class HistoryEntry(Answer):
    """What happened to an order."""

    at: Instant
    event: str
    detail: dict[str, Any]


class GivenAllocation(Answer):
    """What a committed plan, or a reservation committed for the order, gave."""

    plan_id: Annotated[str | None, Field(description="null = a reservation gave it")]
    line_id: str
    sku: str
    node_id: str
    quantity: Annotated[int, Field(ge=1)]
    shipment_id: Annotated[str | None, Field(description="in the plan")]
    reservation_id: str


class OrderAnswer(Answer):
    """An order."""

    order_id: str
    state: OrderState
    reason: str
    order: Annotated[Any, Field(description="as it came")]
    lines: list[LineAnswer]
    history: list[HistoryEntry]
    allocations: list[GivenAllocation]


class PlanStateAnswer(Answer):
    """How a plan stands."""

    plan_id: str
    state: PlanState
    is_current: Annotated[bool, Field(description="the plan that was committed last")]
    snapshot_version: str | None
    stock_version: int | None
    progress: dict[str, Any]
    summary: Annotated[dict[str, Any], Field(description="cost, bound, gap and key figures, once it is finished")]
    failure: str
    stop_asked: bool
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    committed_at: Instant | None


class TableAnswer(Answer):
    """A page of a table, as in the plan's file: every cell is text."""

    rows: list[dict[str, str]]
    rows_total: Units
    cursor: Cursor


class OptionShipmentAnswer(Answer):
    """One shipment of an option."""

    node_id: str
    carrier: str
    service: str
    zone: str
    parcels: Annotated[int, Field(ge=1)]
    billable_weight_g: Units
    distance_m: Units
    ship_date: Day
    delivery_date: Day
    units: dict[str, int]
    cost: dict[str, Amount]


class OptionAnswer(Answer):
    """One complete way to serve an order."""

    shipments: list[OptionShipmentAnswer]
    backordered: dict[str, int]
    cost: Cost
    stock_value: Amount
    decision_total: Annotated[Amount, Field(description="cost and stock value: options are compared by it")]
    delivery_date: Day | None
    exact: bool


class VerdictAnswer(Answer):
    """Why a node lost."""

    node_id: str
    reason: str
    extra: Annotated[Amount | None, Field(description="what the best option through it costs more")]
    text: str


class GivenShipment(Answer):
    """A shipment that a committed plan gave an order."""

    plan_id: str
    shipment_id: str
    node_id: str
    carrier: str
    service: str
    ship_date: Day
    delivery_date: Day
    cost: dict[str, Amount]


class TakerAnswer(Answer):
    """Units of one of its SKUs that another order has, by a plan or a reservation."""

    order_id: str
    node_id: str
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class MissingUnits(Answer):
    """Units that are not there."""

    node_id: str
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class WouldFill(Answer):
    """What would make an order whole at least cost."""

    units: list[MissingUnits]
    option: OptionAnswer


class ExplanationAnswer(Answer):
    """Why an order is served as it is."""

    order_id: str
    state: OrderState
    reason: str
    given: list[GivenShipment]
    best_now: Annotated[
        OptionAnswer | None,
        Field(
            description="its best option now, its own units given back; null = it is rejected, or the scope's snapshot "
            "does not know what it needs, as `reason` says"
        ),
    ]
    nodes: Annotated[list[VerdictAnswer], Field(description="why each node that ships nothing in it loses")]
    takers: Annotated[list[TakerAnswer], Field(description="who has its SKUs, most units first")]
    would_fill: Annotated[WouldFill | None, Field(description="null = it is whole, or no stock would make it so")]


class ReservationLine(Answer):
    """Units of a SKU at a node."""

    node_id: str
    sku: str
    quantity: Annotated[int, Field(ge=1)]


class ReservationAnswer(Answer):
    """A reservation."""

    reservation_id: str
    state: ReservationState
    order_id: str | None
    lines: list[ReservationLine]
    expires_at: Instant
    commit_sequence: int | None


class RouteAnswer(Answer):
    """The options of an order, best first, and why the other nodes lost, if that was asked for."""

    options: list[OptionAnswer]
    nodes: list[VerdictAnswer]
    reservation: ReservationAnswer | None


class PromiseEntry(Answer):
    """A date that can be kept, and the cheapest way to."""

    delivery_date: Day
    option: OptionAnswer


class PromiseAnswer(Answer):
    """Dates, rising; each is cheaper than all before it."""

    promises: list[PromiseEntry]


class EventAnswer(Answer):
    """Something that happened."""

    sequence: int
    event_id: str
    type: str
    subject: str
    payload: dict[str, Any]
    created_at: Instant


class EventsAnswer(Answer):
    """Events in order."""

    events: list[EventAnswer]
    after: Annotated[int, Field(description="what to ask for next")]


class CertificateAnswer(Answer):
    """A plan's certificate, as in its file certificate.json."""

    model_config = {"extra": "allow"}
