"""What the service answers with, as pydantic models: the source of the response schemas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quartermaster.domain.plan import Reason, Status
from quartermaster.io.codes import CODES
from quartermaster.service.problem_body import ANSWERS, code_name

Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["1234.56"])]
"""A decimal as text: exact, whatever reads it."""
Units = Annotated[int, Field(ge=0)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-03-02"])]


class Answer(BaseModel):
    """Part of an answer; it has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Terms(Answer):
    """Cost by term, in currency units."""

    transport: Amount
    handling: Amount
    distance: Amount
    late: Amount
    extra_shipment: Amount
    opening: Amount
    backorder: Amount


class Cost(Terms):
    """Cost by term, and its total."""

    total: Amount


class Allocation(Answer):
    """Units of one order line that one shipment carries."""

    order_id: str
    line_id: str
    sku: str
    node_id: str
    quantity: Annotated[int, Field(ge=1)]
    shipment_id: str


class Shipment(Answer):
    """One order, one node, one service."""

    shipment_id: str
    order_id: str
    node_id: str
    carrier: str
    service: str
    zone: str
    parcels: Annotated[int, Field(ge=1)]
    billable_weight_g: Units
    distance_m: Units
    units: Annotated[int, Field(ge=1)]
    ship_date: Day
    delivery_date: Day
    transport: Amount
    handling: Amount
    distance: Amount
    late: Amount


class Backorder(Answer):
    """Units of one order line that do not ship now, and why."""

    order_id: str
    line_id: str
    sku: str
    quantity: Annotated[int, Field(ge=1)]
    reason: Reason
    expected_ship_date: Annotated[
        Day | None, Field(description="when the last of them can ship, from inbound supply; null = no date")
    ]
    expected_delivery_date: Annotated[
        Day | None, Field(description="when the last of them can be delivered; null = no date")
    ]


class Finding(Answer):
    """One problem or warning, with the place of its cause."""

    code: Annotated[str, Field(json_schema_extra={"enum": sorted(CODES)})]
    detail: str
    pointer: Annotated[str | None, Field(description="JSON pointer into the body")] = None
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: Annotated[str | None, Field(max_length=64)] = None


class Run(Answer):
    """What happened while planning."""

    seconds: Annotated[dict[str, float], Field(description="wall seconds by phase")]
    warnings: list[str]


class PlanAnswer(Answer):
    """A plan, checked before it left; what plan.json holds, its tables, and what happened."""

    status: Status
    strategy: str
    objective: Cost
    bound: Annotated[Amount | None, Field(description="lower bound on the cost of any plan; null for named rules")]
    gap: Annotated[Amount | None, Field(description="(total - bound) / total")]
    gap_served: Annotated[Amount | None, Field(description="(total - bound) / (total - backorder)")]
    certified_bound: Annotated[
        Amount | None, Field(description="lower bound that prices prove without a solver; null for named rules")
    ]
    certified_gap: Annotated[Amount | None, Field(description="(total - certified_bound) / total")]
    stock_value: Annotated[
        Amount | None, Field(description="what the stock taken is worth to orders still to come, where it has a value")
    ] = None
    decision_total: Annotated[Amount | None, Field(description="total + stock_value: what was minimised")] = None
    decision_bound: Annotated[Amount | None, Field(description="lower bound on decision_total")] = None
    decision_gap: Annotated[
        Amount | None, Field(description="(decision_total - decision_bound) / decision_total; drives status")
    ] = None
    kpis: dict[str, Amount]
    snapshot_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    policy: dict[str, Any]
    versions: dict[str, str]
    seed: int
    deterministic: bool
    allocations: list[Allocation]
    shipments: list[Shipment]
    backorders: list[Backorder]
    warnings: Annotated[list[Finding], Field(description="what is suspect in the snapshot, though legal")]
    run: Run


class Violation(Answer):
    """A constraint or a figure that the plan breaks."""

    rule: str
    where: str
    message: str


class EvaluationAnswer(Answer):
    """What a plan costs, recomputed, and what it breaks; no violation = feasible."""

    total: Amount
    terms: Terms
    violations: list[Violation]


class HealthAnswer(Answer):
    """The service is up."""

    status: Literal["ok"]
    working: Annotated[int, Field(ge=0, description="requests being answered")]
    places: Annotated[int, Field(ge=1, description="requests taken at most; one more is answered 503")]


class ProblemAnswer(Answer):
    """A problem body (RFC 9457)."""

    type: Annotated[str, Field(pattern="^urn:quartermaster:problem:")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: Annotated[str, Field(pattern="^urn:quartermaster:request:")]
    code: Annotated[str, Field(json_schema_extra={"enum": sorted({code_name(code) for code in ANSWERS})})]
    errors_total: Annotated[int | None, Field(ge=1, description="all problems found, listed or not")] = None
    errors: Annotated[list[Finding] | None, Field(max_length=100)] = None
    facts: Annotated[dict[str, Any] | None, Field(description="what the caller may need to know besides")] = None
