"""Bodies of stateful requests, as strict models; what is wrong with one is told like any other input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from quartermaster.domain.orders import MAX_QUANTITY
from quartermaster.errors import InputError, Problem
from quartermaster.io.findings import shown
from quartermaster.io.json_text import pointer_part
from quartermaster.io.raw import unknown_name
from quartermaster.io.texts import MAX_ID, Refused, check_id


def _id(text: str) -> str:
    try:
        return check_id(text)
    except Refused as refused:
        raise PydanticCustomError(refused.code, refused.detail) from None


Id = Annotated[str, Field(min_length=1, max_length=MAX_ID), AfterValidator(_id)]
"""As in a snapshot."""
_CODES_OF_OURS = ("id_format", "text_not_allowed", "too_many_rows")
"""Faults that our own checks find."""
Units = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
Stocked = Annotated[int, Field(ge=0, le=10**12)]


MOST_STOCK_ROWS, MOST_ORDERS, MOST_LINES = 1_000_000, 10_000, 100_000
"""Rows of a feed, orders of a request, and order lines of a request, at the most."""
MOST_FAULTS = 1_000
"""Faults after which the other rows of a feed are not looked at."""
_BLOCK = 1_000


def _few_lines(orders: list[Any]) -> list[Any]:
    lines = [order.get("lines") for order in orders if isinstance(order, Mapping)]
    if sum(len(one) for one in lines if isinstance(one, list)) > MOST_LINES:
        raise PydanticCustomError("too_many_rows", f"must have at most {MOST_LINES} order lines")
    return orders


def _few_lines_of(order: dict[str, Any]) -> dict[str, Any]:
    _few_lines([order])
    return order


def _block_by_block(rows: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Read rows until so many faults are found: a list of nothing but faults would else cost a hundred times itself."""
    if not isinstance(rows, list):
        return read(rows)
    if len(rows) > MOST_STOCK_ROWS:
        raise PydanticCustomError("too_many_rows", f"must have at most {MOST_STOCK_ROWS} rows")
    kept: list[Any] = []
    faults: list[InitErrorDetails] = []
    for begin in range(0, len(rows), _BLOCK):
        try:
            kept += read(rows[begin : begin + _BLOCK])
        except ValidationError as error:
            faults += [_moved(found, begin) for found in error.errors(include_url=False)]
        if len(faults) > MOST_FAULTS:
            break
    if faults:
        raise ValidationError.from_exception_data("rows", faults)
    return kept


def _moved(found: Any, begin: int) -> InitErrorDetails:
    """Write a fault of a block as one of the whole list."""
    row, *more = found["loc"]
    kind = found["type"]
    if kind in _CODES_OF_OURS:
        kind = PydanticCustomError(kind, found["msg"])
    return InitErrorDetails(type=kind, loc=(begin + row, *more), input=found["input"], ctx=found.get("ctx", {}))


class Body(BaseModel):
    """Part of a request; it has these fields and no others, of these very types."""

    model_config = ConfigDict(extra="forbid", strict=True)


OneOrder = Annotated[
    dict[str, Any],
    Field(description=f"as in a snapshot document, with its lines, at most {MOST_LINES}"),
    AfterValidator(_few_lines_of),
]


class StockLineBody(Body):
    """Units of a SKU at a node."""

    node_id: Id
    sku: Id
    quantity: Units


class ReservationBody(Body):
    """Units to hold."""

    lines: Annotated[list[StockLineBody], Field(min_length=1, max_length=1_000)]
    lifetime_seconds: Annotated[int, Field(ge=1, description="seconds for which they are held")] = 900
    order_id: Annotated[Id | None, Field(description="for which order")] = None
    allow_partial: Annotated[bool, Field(description="hold what there is, if it is less")] = False


class ExtendBody(Body):
    """How long to hold on."""

    lifetime_seconds: Annotated[int, Field(ge=1, description="seconds from now")] = 900


class InventoryRow(Body):
    """What a feed says of one pair."""

    node_id: Id
    sku: Id
    on_hand: Stocked
    safety_stock: Stocked = 0
    reserved: Annotated[Stocked, Field(description="units that other systems hold; ours are never in it")] = 0


class InventoryBody(Body):
    """A stock picture, or a change of one."""

    kind: Annotated[str, Field(pattern="^(full|delta)$")]
    as_of: Annotated[str, Field(description="instant, RFC 3339 with offset")]
    sequence: Annotated[
        int | None,
        Field(
            ge=1, description="number of a delta: one more than the last; of a full picture: the last delta it shows"
        ),
    ] = None
    deducted_through: Annotated[
        int | None, Field(ge=0, description="last commit that on_hand of these rows is lower for")
    ] = None
    rows: Annotated[
        list[InventoryRow],
        WrapValidator(_block_by_block),
        Field(json_schema_extra={"maxItems": MOST_STOCK_ROWS}),
    ]


class OrdersBody(Body):
    """Orders, as in a snapshot document."""

    orders: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_ORDERS, description=f"with at most {MOST_LINES} lines together"),
        AfterValidator(_few_lines),
    ]


class PlanBody(Body):
    """A plan to make."""

    policy: Annotated[dict[str, Any] | None, Field(description="as in `POST /v1/plan`")] = None
    commit: Annotated[bool, Field(description="commit it as soon as it is made")] = False
    report: Annotated[bool, Field(description="make its report page too, which takes seconds")] = True


class CommitBody(Body):
    """How to commit a plan."""

    recheck: Annotated[bool, Field(description="take it though stock has changed, if all it gives is there")] = False


class RouteBody(Body):
    """One order to route."""

    order: OneOrder
    count: Annotated[int, Field(ge=1, le=20, description="options, at the most; one is found soonest")] = 3
    nodes: Annotated[bool, Field(description="tell why the other nodes lost; takes longer")] = True
    reserve: Annotated[bool, Field(description="hold the units of the best option")] = False
    lifetime_seconds: Annotated[int, Field(ge=1, description="seconds for which they are held")] = 900


class PromiseBody(Body):
    """A cart whose delivery dates are asked for."""

    order: OneOrder


Model = TypeVar("Model", bound=Body)

_CODES: Mapping[str, str] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "too_long": "too_many_rows",
    "too_short": "missing_field",
    "id_format": "id_format",
    "text_not_allowed": "text_not_allowed",
    "too_many_rows": "too_many_rows",
}
_QUANTITIES = ("quantity", "on_hand", "safety_stock", "reserved")


def read_as(model: type[Model], document: Any) -> Model:
    """Read a body.

    Parameters
    ----------
    model
        What it must be.
    document
        The body, parsed.

    Raises
    ------
    InputError
        If it is not; carries every problem with its pointer.
    """
    if document is None or document == []:
        raise InputError([Problem("missing_field", "the body must be an object")])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise InputError([_problem(model, found) for found in error.errors(include_url=False)]) from None


def _problem(model: type[Body], found: Any) -> Problem:
    place: Sequence[str | int] = found["loc"]
    pointer = "".join(f"/{pointer_part(shown(part))}" for part in place)
    kind, field = found["type"], str(place[-1]) if place else ""
    code, detail, value = _CODES.get(kind, "type"), found["msg"], found.get("input")
    if kind == "extra_forbidden":
        detail = unknown_name(field, _fields_at(model, place[:-1]))
    if kind == "missing":
        value, detail = None, "must be given"
    if field in _QUANTITIES and code == "type":
        code = _of_quantity(kind, field, value)
    elif kind in ("greater_than_equal", "less_than_equal", "string_pattern_mismatch"):
        code = "out_of_range"
    elif kind in ("string_too_short", "string_too_long"):
        code = "id_format"
    plain = isinstance(value, str | int | float | bool)
    return Problem(code, detail, pointer=pointer, value=shown(value) if plain else "")


def _fields_at(model: type[Body], place: Sequence[str | int]) -> list[str]:
    """Return the names that are known at a place of a body."""
    for part in place:
        if isinstance(part, str):
            kinds = [kind for kind in get_args(model.model_fields[part].annotation) if isinstance(kind, type)]
            inner = [kind for kind in kinds if issubclass(kind, Body)]
            if not inner:
                return []
            model = inner[0]
    return list(model.model_fields)


def _of_quantity(kind: str, field: str, value: Any) -> str:
    if kind == "greater_than_equal":
        return {"quantity": "qty_not_positive", "on_hand": "stock_negative", "safety_stock": "safety_negative"}.get(
            field, "qty_not_positive"
        )
    if kind == "less_than_equal":
        return "qty_too_large"
    return "qty_not_whole" if not isinstance(value, str | bool) else "type"
