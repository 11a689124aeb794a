"""JSON Schemas of what callers send, derived from the row classes and the policy, so that nothing is written twice."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from quartermaster.domain.columns import Column, Kind, columns_of
from quartermaster.domain.snapshot import REQUIRED_TABLES, ROW_TYPES
from quartermaster.io.plan_cells import MONEY_COLUMNS, MONEY_PATTERN, WHOLE_COLUMNS
from quartermaster.policy import OPTIMAL, RULES, SECTIONS, Knob, knobs_of
from quartermaster.service.answers import Cost, PlanAnswer
from quartermaster.service.plan_reading import MAX_WHOLE, MAY_BE_EMPTY, TABLES, required_columns
from quartermaster.service.plan_reading import REQUIRED_TABLES as REQUIRED_PLAN_TABLES
from quartermaster.service.settings import ServiceSettings

Schema = dict[str, Any]

_DECIMAL_TEXT = r"^-?[0-9]+(\.[0-9]+)?$"
_KIND_SCHEMAS: dict[Kind, Schema] = {
    Kind.ID: {"type": "string", "minLength": 1, "maxLength": 128},
    Kind.TEXT: {"type": "string"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string", "minLength": 1}},
    Kind.WHOLE: {"type": "integer"},
    Kind.FLAG: {"type": "boolean"},
    Kind.MONEY: {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]{1,6})?$", "examples": ["12.50"]},
    Kind.DECIMAL: {"type": ["string", "number"], "pattern": _DECIMAL_TEXT},
    Kind.DEGREES: {"type": "number"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.INSTANT: {"type": "string", "format": "date-time"},
    Kind.CLOCK: {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["16:30"]},
    Kind.WEEKDAYS: {"type": "string", "examples": ["mon-fri", "mon;wed;fri"]},
}
"""How each kind of column is written in a document."""


def column_schema(column: Column) -> Schema:
    """Describe one column.

    Parameters
    ----------
    column
        A column of a row class.
    """
    schema: Schema = dict(_KIND_SCHEMAS[column.kind])
    if column.kind is Kind.WHOLE or "number" in schema["type"]:
        if column.low is not None:
            schema["minimum"] = column.low
        if column.high is not None:
            schema["maximum"] = column.high
    if column.choices:
        schema["enum"] = [*column.choices]
    unit = f" [{column.unit}]" if column.unit else ""
    schema["description"] = f"{column.meaning}{unit}"
    if column.required:
        return schema
    schema["type"] = [*(schema["type"] if isinstance(schema["type"], list) else [schema["type"]]), "null"]
    if "enum" in schema:
        schema["enum"].append(None)
    return schema


def _row_schema(table: str) -> Schema:
    columns = columns_of(ROW_TYPES[table])
    return {
        "type": "object",
        "properties": {name: column_schema(column) for name, column in columns.items()},
        "required": [name for name, column in columns.items() if column.required],
        "additionalProperties": False,
    }


def _columns_schema(table: str) -> Schema:
    """Describe a table that is given as columns of equal length, which suits large ones."""
    columns = columns_of(ROW_TYPES[table])
    return {
        "type": "object",
        "description": "columns of equal length; one of no length may be left out with all others",
        "properties": {name: {"type": "array", "items": column_schema(column)} for name, column in columns.items()},
        "additionalProperties": False,
    }


def _table_schema(table: str, row: Schema) -> Schema:
    forms = [{"type": "array", "items": row}, _columns_schema(table)]
    required = table in REQUIRED_TABLES and table != "order_lines"  # lines stand in their orders as a rule
    return {"anyOf": forms if required else [*forms, {"type": "null"}]}


def snapshot_schema() -> Schema:
    """Describe the snapshot document of interface.md section 2: tables of rows, the lines inside their order."""
    rows = {name: _row_schema(name) for name in ROW_TYPES}
    line = {**rows["order_lines"], "required": [name for name in rows["order_lines"]["required"] if name != "order_id"]}
    rows["orders"]["properties"]["lines"] = {
        "type": ["array", "null"],
        "items": line,
        "description": "at least one, unless the lines of all orders stand in order_lines",
    }
    head = {
        "type": "object",
        "properties": {
            "as_of": {
                "type": "string",
                "format": "date-time",
                "description": "instant of the stock picture, with offset; the planner's only now",
            },
            "currency": {
                "type": "string",
                "pattern": "^[A-Z]{3}$",
                "description": "ISO 4217 code of every amount",
                "examples": ["USD"],
            },
            "version": {"type": ["string", "null"], "description": "free text of whoever made it"},
        },
        "required": ["as_of", "currency"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "All open orders, the stock picture, the network and the carriers at one instant; with what "
        "is to come (forecast, replenishment) and what stands already (fixed), where it is known. A table is an "
        "array of rows, or an object of equally long columns.",
        "properties": {"snapshot": head, **{name: _table_schema(name, row) for name, row in rows.items()}},
        "required": ["snapshot", *(name for name in REQUIRED_TABLES if name != "order_lines")],
        "additionalProperties": False,
    }


def _knob_schema(kind: type, knob: Knob, default: Any, settings: ServiceSettings | None, place: str) -> Schema:
    unit = f" [{knob.unit}]" if knob.unit else ""
    shown = float(default) if isinstance(default, Decimal) else default
    schema: Schema = {"description": f"{knob.meaning}{unit}", "default": shown}
    if kind is str:
        return {**schema, "type": "string", "enum": [*knob.choices]}
    if kind is bool:
        return {**schema, "type": "boolean"}
    low, high = knob.low, knob.high
    if settings is not None and place == "solver.time_limit_seconds":
        low, high = float(settings.min_time_limit_seconds), float(settings.max_time_limit_seconds)
        schema["default"] = min(shown, high)
    if settings is not None and place == "solver.threads":
        high = settings.max_threads
    schema |= {"minimum": low, "maximum": high}
    return {**schema, "type": "integer"} if kind is int else {**schema, "type": ["number", "string"]}


def policy_schema(settings: ServiceSettings | None = None) -> Schema:
    """Describe the policy of interface.md section 4.

    Parameters
    ----------
    settings
        Limits of this instance on the time and threads of a plan; None where nothing is solved.
    """
    sections: Schema = {}
    for section, kind in SECTIONS.items():
        defaults = {item.name: item.default for item in fields(kind)}
        sections[section] = {
            "type": "object",
            "properties": {
                name: _knob_schema(value_kind, knob, defaults[name], settings, f"{section}.{name}")
                for name, (value_kind, knob) in knobs_of(kind).items()
            },
            "additionalProperties": False,
        }
    return {
        "type": ["object", "null"],
        "description": "Every knob of the plan; every key optional. Decimals may be numbers or text, and are exact.",
        "properties": {"strategy": {"type": "string", "enum": [OPTIMAL, *RULES], "default": OPTIMAL}, **sections},
        "additionalProperties": False,
    }


def brought_plan_schema(reference: str) -> Schema:
    """Describe a plan to evaluate: the answer of ``/v1/plan`` as it is, or as little of it as its tables.

    Parameters
    ----------
    reference
        Where schemas are referred to.
    """
    properties: Schema = {name: {} for name in PlanAnswer.model_fields}
    amount = {"type": "string", "pattern": f"^{MONEY_PATTERN}$", "examples": ["12.50"]}
    for table, columns in TABLES.items():
        row = {
            "type": "object",
            "properties": {name: _cell_schema(name, required=name in required_columns(table)) for name in columns},
            "required": list(required_columns(table)),
            "additionalProperties": False,
        }
        properties[table] = {"type": "array" if table in REQUIRED_PLAN_TABLES else ["array", "null"], "items": row}
    properties["policy"] = {"$ref": f"{reference}AnyPolicy"}
    properties["objective"] = {
        "type": ["object", "null"],
        "description": "the cost the plan claims: every term, or the total, or both",
        "properties": dict.fromkeys(Cost.model_fields, amount),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "Any plan. What is well-formed but wrong (an unknown node) is answered as a violation.",
        "properties": properties,
        "required": list(REQUIRED_PLAN_TABLES),
        "additionalProperties": False,
    }


def _cell_schema(column: str, *, required: bool) -> Schema:
    if column in WHOLE_COLUMNS:
        schema: Schema = {"type": ["integer"], "minimum": -MAX_WHOLE, "maximum": MAX_WHOLE}
    elif column in MONEY_COLUMNS:
        schema = {"type": ["string", "number"], "pattern": f"^{MONEY_PATTERN}$", "examples": ["12.50"]}
    else:
        schema = {"type": ["string"]}
        if required and column != MAY_BE_EMPTY:
            schema["minLength"] = 1
    if not required:
        schema["type"].append("null")
    return schema
