"""One JSON document as a snapshot, and a snapshot as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np

from quartermaster.domain.columns import columns_of
from quartermaster.domain.snapshot import REQUIRED_TABLES, ROW_TYPES, Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.assemble import Heading, Reading, assemble, ready
from quartermaster.io.cell_text import document_cells
from quartermaster.io.cells import Form
from quartermaster.io.findings import Findings, Source, shown
from quartermaster.io.json_text import pointer_part
from quartermaster.io.limits import DEFAULT_LIMITS, Limits
from quartermaster.io.options import ReadOptions
from quartermaster.io.raw import RawTable, unknown_name

HEADING = ("as_of", "currency", "version")
"""Keys of the `snapshot` object and of snapshot.toml."""


def snapshot_from_document(document: Mapping[str, Any]) -> Snapshot:
    """Read a snapshot from a parsed JSON document.

    Parameters
    ----------
    document
        As in interface.md section 2, parsed by `parse_document` (numbers as Decimal). A table is a list of row
        objects, or one object of equally long columns; order lines stand in their order's ``lines``.

    Raises
    ------
    InputError
        If it is not valid; carries every problem, with JSON pointers.
    """
    return read_document(document).snapshot


def read_document(document: Any, options: ReadOptions | None = None, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read a parsed JSON document, with a choice of how strictly.

    Parameters
    ----------
    document
        As for `snapshot_from_document`.
    options
        How strict to be.
    limits
        Caps.

    Raises
    ------
    InputError
        If it is not valid; carries every problem.
    """
    if not isinstance(document, Mapping) or not document:
        needed = ", ".join(["snapshot", "orders", *REQUIRED_TABLES[2:]])
        raise InputError([Problem("missing_field", f"must be an object with {needed}", value=shown(document))])
    findings = Findings()
    heading = _heading(document, findings)
    names = [name for name in document if name != "snapshot"]
    for name in names:
        if name not in ROW_TYPES:
            detail = unknown_name(str(name), ["snapshot", *ROW_TYPES])
            findings.at(Problem("unknown_field", detail, pointer=f"/{pointer_part(shown(name))}", value=shown(name)))
    raws: dict[str, RawTable] = {}
    for name in ROW_TYPES:
        given = document.get(name)
        if name == "orders":
            orders, lines = _split_orders(given, findings)
            raws[name] = _raw(name, orders, findings, skip=("lines",))
            if "order_lines" not in document or lines.rows:
                raws["order_lines"] = _raw_lines(lines, findings)
        elif name == "order_lines" and name in raws:
            if given is not None:
                detail = "order lines stand either in their orders or in order_lines"
                findings.at(Problem("duplicate_row", detail, pointer="/order_lines"), name)
        elif given is None:
            if name in REQUIRED_TABLES:
                findings.at(Problem("missing_field", "is required", pointer=f"/{name}"), name)
        else:
            raws[name] = _raw(name, given, findings)
    if document.get("orders") is None:
        findings.at(Problem("missing_field", "is required", pointer="/orders"), "orders")
    return assemble(heading, raws, findings, options, limits)


def _heading(document: Mapping[str, Any], findings: Findings) -> Heading:
    given = document.get("snapshot")
    if given is not None and not isinstance(given, Mapping):
        findings.at(Problem("type", "must be an object", pointer="/snapshot", value=shown(given)))
        given = None
    held = given or {}
    for name in held:
        if name not in HEADING:
            place = f"/snapshot/{pointer_part(shown(name))}"
            findings.at(Problem("unknown_field", unknown_name(str(name), HEADING), pointer=place, value=shown(name)))
    return Heading(held.get("as_of"), held.get("currency"), held.get("version"), pointer="/snapshot")


class _Lines:
    """Order lines gathered from their orders, with the place of each."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.orders: list[int] = []
        self.places: list[int] = []
        self.inherited: set[int] = set()


def _split_orders(given: Any, findings: Findings) -> tuple[Any, _Lines]:
    """Take the lines out of the orders; each line gets its order's id."""
    lines = _Lines()
    if not isinstance(given, list):
        return given, lines
    for place, order in enumerate(given):
        held = order.get("lines") if isinstance(order, Mapping) else None
        if held is None:
            continue
        if not isinstance(held, list):
            findings.at(Problem("type", "must be a list of lines", pointer=f"/orders/{place}/lines"), "order_lines")
            continue
        for number, line in enumerate(held):
            inherits = isinstance(line, Mapping) and "order_id" not in line
            own = line.get("order_id") if isinstance(line, Mapping) else None
            if own is not None and own != order.get("order_id"):
                at = f"/orders/{place}/lines/{number}/order_id"
                detail = "must be the id of the order it stands in, or left out"
                findings.at(Problem("order_conflict", detail, pointer=at, value=shown(own)), "order_lines")
            if inherits:
                lines.inherited.add(len(lines.rows))
            lines.rows.append({"order_id": order.get("order_id"), **line} if inherits else line)
            lines.orders.append(place)
            lines.places.append(number)
    return given, lines


def _raw_lines(lines: _Lines, findings: Findings) -> RawTable:
    def pointer(position: int | None, column: str) -> str:
        if position is None:
            return "/orders"
        place = f"/orders/{lines.orders[position]}/lines/{lines.places[position]}"
        return f"{place}/{pointer_part(column)}" if column else place

    owner = np.array(lines.orders, dtype=np.int64)
    source = Source("order_lines", pointer=pointer, owner=owner, inherited=frozenset(lines.inherited))
    findings.sources["order_lines"] = source
    return _raw_rows(source, lines.rows, findings)


def _raw(name: str, given: Any, findings: Findings, skip: Sequence[str] = ()) -> RawTable:
    """View a list of row objects, or an object of columns, as a raw table."""
    if isinstance(given, Mapping):
        return _raw_columns(name, given, findings)

    def pointer(position: int | None, column: str) -> str:
        place = f"/{name}" if position is None else f"/{name}/{position}"
        return f"{place}/{pointer_part(column)}" if column else place

    source = Source(name, pointer=pointer)
    findings.sources[name] = source
    if given is None:
        return RawTable(source, Form.DOCUMENT, (), iter(()))
    if not isinstance(given, list):
        findings.problem("type", "must be a list of rows", name, value=given)
        return RawTable(source, Form.DOCUMENT, (), iter(()))
    return _raw_rows(source, given, findings, skip)


def _raw_rows(source: Source, rows: list[Any], findings: Findings, skip: Sequence[str] = ()) -> RawTable:
    known = list(columns_of(ROW_TYPES[source.table]))
    expected = {*known, *skip}
    empty: Mapping[str, Any] = {}
    held: list[Mapping[str, Any]] = []
    for position, row in enumerate(rows):
        if not isinstance(row, Mapping):
            findings.problem("type", "must be an object", source.table, position, value=row)
            held.append(empty)
            continue
        held.append(row)
        for name in row.keys() - expected:
            detail = unknown_name(name, [*known, *skip])
            findings.problem("unknown_field", detail, source.table, position, shown(name), name)
    return RawTable(source, Form.DOCUMENT, known, iter([{name: [row.get(name) for row in held] for name in known}]))


def _raw_columns(name: str, given: Mapping[str, Any], findings: Findings) -> RawTable:
    def pointer(position: int | None, column: str) -> str:
        place = f"/{name}/{pointer_part(column)}" if column else f"/{name}"
        return place if position is None else f"{place}/{position}"

    source = Source(name, pointer=pointer)
    findings.sources[name] = source
    columns = {key: cells for key, cells in given.items() if isinstance(cells, list)}
    for key, cells in given.items():
        if key not in columns:
            findings.problem("type", "must be a list of cells", name, column=shown(key), value=cells)
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        findings.problem("type", "columns must be equally long", name)
        columns = {}
    known = columns_of(ROW_TYPES[name])
    length = lengths.pop() if len(lengths) == 1 else 0
    block = {key: columns.get(key, [None] * length) for key in known}
    names = list(dict.fromkeys([*known, *columns]))
    return RawTable(source, Form.DOCUMENT, names, iter([block]))


def snapshot_document(snapshot: Snapshot) -> dict[str, Any]:
    """Write a snapshot as the document it can be read from; values that are not given are left out.

    Parameters
    ----------
    snapshot
        Any snapshot; it is made ready first.

    Raises
    ------
    InputError
        If it is not valid.
    """
    snapshot = ready(snapshot)
    heading = {
        "as_of": snapshot.as_of.astimezone(UTC).isoformat(),
        "currency": snapshot.currency,
        "version": snapshot.version,
    }
    document: dict[str, Any] = {"snapshot": heading}
    for name, table in snapshot.tables().items():
        cells = {column: document_cells(spec, table[column]) for column, spec in columns_of(table.row_type).items()}
        rows = [
            {column: cell for column, cell in zip(cells, row, strict=True) if cell is not None}
            for row in zip(*cells.values(), strict=True)
        ]
        document[name] = rows
    lines = document.pop("order_lines")
    by_order: dict[str, list[Any]] = {order["order_id"]: [] for order in document["orders"]}
    for line in lines:
        by_order[line.pop("order_id")].append(line)
    for order in document["orders"]:
        order["lines"] = by_order[order["order_id"]]
    return document
