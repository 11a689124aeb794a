"""The words beside the template: what every file, column and knob means, from the one place that knows each."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any

from quartermaster.domain.columns import Column, Kind, columns_of
from quartermaster.domain.snapshot import KEYS, OUTLOOK_TABLES, REQUIRED_TABLES, ROW_TYPES
from quartermaster.domain.values import array_of
from quartermaster.io.cell_text import file_cells
from quartermaster.policy import MAX_DECIMALS, OPTIMAL, RULES, SECTIONS, Knob, Policy, knobs_of, policy_document

WRITTEN_AS: dict[Kind, str] = {
    Kind.ID: "text",
    Kind.TEXT: "text",
    Kind.TEXTS: "texts separated by `;`",
    Kind.WHOLE: "whole number",
    Kind.FLAG: "`true` or `false`",
    Kind.MONEY: "amount, at most 6 decimals",
    Kind.DECIMAL: f"decimal number, at most {MAX_DECIMALS} decimals",
    Kind.DEGREES: "decimal number",
    Kind.DATE: "`YYYY-MM-DD`",
    Kind.INSTANT: "ISO 8601 with offset, `2026-09-04T15:30:00-04:00`",
    Kind.CLOCK: "`HH:MM`",
    Kind.WEEKDAYS: "`mon-fri`, `mon;wed;fri`",
}
"""How a value of each kind is written."""

_OPENING = """\
# A snapshot to start from

This folder is one snapshot: all open orders, the stock picture, the network and the carriers at one instant, as CSV.
Replace the rows by your own; every figure here is invented. `policy.toml` holds every knob with its default. In this
folder:

```
quartermaster validate .
quartermaster plan . --policy policy.toml --out plan
```

Ids, postal codes and SKUs are text and stay as they are, leading zeros included. Amounts are in the currency of
`snapshot.toml`. An empty cell means "not given"; columns that are not required may be left out, and so may optional
files. A table may also be a Parquet file with the same name and columns. Text files are UTF-8, and commas separate
cells.

## snapshot.toml

- `as_of` (required): the instant of the stock picture, with offset; the planner's only "now".
- `currency` (required): ISO 4217 code.
- `version`: free text.
"""


def readme() -> str:
    """Write the README of a snapshot folder: every file and every column."""
    parts = [_OPENING]
    for name, row_type in ROW_TYPES.items():
        needed = "required" if name in REQUIRED_TABLES else "optional"
        needed += ", not in this folder" if name in OUTLOOK_TABLES else ""
        summary = (inspect.getdoc(row_type) or "").partition("\n")[0]
        keys = ", ".join(f"`{key}`" for key in KEYS[name])
        parts.append(f"\n## {name}.csv ({needed})\n\n{summary} A row is identified by {keys}.\n\n")
        parts.append("| column | default | unit | written as | meaning |\n|---|---|---|---|---|\n")
        parts += [_row(column) for column in columns_of(row_type).values()]
    return "".join(parts)


def _row(column: Column) -> str:
    cells = (f"`{column.name}`", _default(column), column.unit, _written_as(column), column.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(column: Column) -> str:
    if column.required:
        return "required"
    text = file_cells(column, array_of(column, [column.default]), guard=False)[0]
    return f"`{text}`" if text else ""


def _written_as(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    written = WRITTEN_AS[column.kind]
    if column.low is not None and column.high is not None:
        return f"{written}, {column.low:.0f} to {column.high:.0f}"
    return written if column.low is None else f"{written}, at least {column.low:.0f}"


def policy_toml() -> str:
    """Write a policy file with every key at its default, its meaning, unit and range above it."""
    defaults = policy_document(Policy())
    lines = [
        "# Every key is optional; the values below are the defaults.",
        "",
        f"# {OPTIMAL}: all orders planned together; or a named rule, order by order: {', '.join(RULES)}",
        f"strategy = {_toml(defaults['strategy'], str)}",
    ]
    for section, section_type in SECTIONS.items():
        lines += ["", f"[{section}]"]
        for name, (kind, knob) in knobs_of(section_type).items():
            lines.append(f"# {_comment(kind, knob)}")
            lines.append(f"{name} = {_toml(defaults[section][name], kind)}")
    return "\n".join(lines) + "\n"


def _comment(kind: type, knob: Knob) -> str:
    unit = f" ({knob.unit})" if knob.unit else ""
    allowed = " or ".join(knob.choices) if knob.choices else f"{knob.low:.0f} to {knob.high:.0f}"
    if kind is bool:
        allowed = "true or false"
    return f"{knob.meaning}{unit}: {allowed}"


def _toml(value: Any, kind: type) -> str:
    if kind is str:
        return f'"{value}"'
    if kind is bool:
        return str(value).lower()
    # A decimal is written as one, so that nobody thinks only whole numbers are allowed.
    return f"{value}.0" if kind is Decimal and "." not in value else str(value)
