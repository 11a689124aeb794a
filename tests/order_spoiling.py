"""One order of the good document, and cells that may stand in it or may not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from catalogue import CASES, HERE
from hypothesis import strategies as st
from reading_cases import good_document

from quartermaster import io
from quartermaster.domain.columns import columns_of
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.errors import InputError

NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)
GOOD = good_document()

CELLS: list[Any] = [
    None, "", " ", "x", "US", "DE", "uk", "10001", "10001-1234", "1000", "99999", "ab\ncd", "a;b", "=1", "A" * 129, "é",
    "\ud800", 0, 1, 2, 3, 99, 100, -1, 10**6, 10**6 + 1, 10**30, True, False, [], ["x"], ["NYC"], ["NYC", ""], {},
    {"a": 1}, "12.50", "-1", "1e3", "0.0000001", "1000000000", "1000000001", "12 USD", "2026-11-02", "2026-11-01",
    "2026-10-30", "2026-02-30", "1999-01-01", "2101-01-01", "2026-11-02T12:00:00Z", "2026-11-02T13:04:59Z",
    "2026-11-02T13:05:01Z", "2026-11-02T12:00:00", "2026-11-02T23:59:59+14:00", "mon-fri", "S-1", "s-1",
]  # fmt: skip
"""Good somewhere, bad elsewhere."""
NUMBERS = ["1.5", "3.0", "0", "-0.0", "42.36", "-71.06", "91", "180.0", "-180", "1e2", "1e-7", "12345.678901"]
"""JSON numbers, as `parse_document` reads them."""


PLACES = [(0, 0), (42.36, -71.06), (-71.06, 42.36), (None, 0), (0, 0.0001)]
"""Latitude and longitude: null island, right, swapped, half."""


def number(text: str) -> Any:
    return io.parse_document(f'{{"n": {text}}}'.encode())["n"]


def known_cells() -> list[Any]:
    """Ids that the network knows."""
    return [row["node_id"] for row in GOOD["nodes"]] + [row["sku"] for row in GOOD["products"]]


CELL = st.sampled_from(CELLS + [number(text) for text in NUMBERS] + known_cells()) | st.lists(
    st.sampled_from([*known_cells(), "x"]), max_size=3
)
FIELDS = [*columns_of(Order), "lines", "colour"]
LINE_FIELDS = [*columns_of(OrderLine), "colour"]


@st.composite
def orders(draw: st.DrawFn) -> Any:
    """An order with a few cells changed, lines doubled or left out; now and then something that is no order."""
    order = copy.deepcopy(draw(st.sampled_from(GOOD["orders"])))
    if draw(st.integers(0, 30)) == 0:
        return draw(st.sampled_from([None, [], "x", 1, {}, {"order_id": "x"}]))
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        order[field] = draw(CELL)
    lines = order.get("lines")
    if isinstance(lines, list) and lines and all(isinstance(line, dict) for line in lines):
        for field in draw(st.lists(st.sampled_from(LINE_FIELDS), max_size=2)):
            draw(st.sampled_from(lines))[field] = draw(CELL)
        if draw(st.integers(0, 5)) == 0:
            lines.append({**lines[0], "line_id": draw(st.sampled_from(["9", lines[0].get("line_id")]))})
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=1)):
        order.pop(field, None)
    if draw(st.integers(0, 3)) == 0:
        order["lat"], order["lon"] = draw(st.sampled_from(PLACES))
    return order


def catalogued() -> Iterator[Any]:
    """Every order of every document of the catalogue of bad inputs."""
    for case in CASES:
        path = HERE / case / "document.json"
        if path.exists():
            try:
                document = io.parse_document(path.read_bytes())
            except InputError:
                continue
            given = document.get("orders") if isinstance(document, dict) else None
            yield from given if isinstance(given, list) else ()


def shown(order: Any) -> str:
    """An order as text, for messages."""
    return json.dumps(order, default=str)[:500]
