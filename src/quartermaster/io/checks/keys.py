"""Keys: no row stands twice, and no two ids look alike."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import numpy as np

from quartermaster.domain.columns import columns_of
from quartermaster.domain.snapshot import KEYS, ROW_TYPES
from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Findings


def check_duplicates(draft: Draft, findings: Findings) -> None:
    """Drop orders that stand twice with the same content; report every other repeated key.

    Parameters
    ----------
    draft
        Changed: repeated orders and their lines are left out.
    findings
        Where findings go.
    """
    conflicting = _merge_orders(draft, findings)
    for name in ROW_TYPES:
        if name == "orders":
            continue
        table = draft.tables[name]
        bad = findings.bad_positions(name, KEYS[name])
        order, repeated = draft.order(name)
        for place in np.flatnonzero(repeated):
            row, before = draft.at(name, order[place]), draft.at(name, order[place - 1])
            if row in bad or before in bad:
                continue
            if name == "order_lines" and table["order_id"][order[place]] in conflicting:
                continue  # the orders themselves are reported
            source = findings.sources[name]
            key = ", ".join(str(table[column][order[place]]) for column in KEYS[name])
            findings.problem(
                "rate_duplicate" if name == "rates" else "duplicate_row",
                f"{source.place(row)} has the same {', '.join(KEYS[name])} as {source.place(before)}",
                name,
                row,
                KEYS[name][-1],
                key,
            )


def _merge_orders(draft: Draft, findings: Findings) -> set[str]:
    """Drop repeated orders; return the ids that stand twice with different content."""
    orders = draft.tables["orders"]
    order, repeated = draft.order("orders")
    if not repeated.any():
        return set()
    groups: dict[str, list[int]] = defaultdict(list)
    twice = set(orders["order_id"][order[repeated]].tolist()) - {""}
    for row in range(len(orders)):
        if orders["order_id"][row] in twice:
            groups[orders["order_id"][row]].append(row)
    lines_of = _lines_of(draft, findings, twice)
    dropped: set[int] = set()
    conflicting: set[str] = set()
    source = findings.sources["orders"]
    for order_id, rows in groups.items():
        contents = {(_content(draft, "orders", row), lines_of.get((order_id, draft.at("orders", row)))) for row in rows}
        first = draft.at("orders", rows[0])
        if len(contents) > 1:
            conflicting.add(order_id)
        for row in rows if len(contents) > 1 else rows[1:]:
            position = draft.at("orders", row)
            if len(contents) > 1:
                others = [source.place(draft.at("orders", other)) for other in rows if other != row]
                detail = f"stands also, with other content, in {', '.join(others)}"
                findings.problem("order_conflict", detail, "orders", position, "order_id", order_id)
            else:
                detail = f"{source.place(position)} repeats {source.place(first)}; it counts once"
                findings.warning("duplicate_ignored", detail, "orders", position, "order_id", order_id)
                dropped.add(row)
    _drop_orders(draft, findings, dropped)
    return conflicting


def _content(draft: Draft, name: str, row: int) -> tuple[str, ...]:
    table = draft.tables[name]
    return tuple(repr(table[column][row]) for column in columns_of(ROW_TYPES[name]))


def _lines_of(draft: Draft, findings: Findings, ids: set[str]) -> dict[tuple[str, int], tuple[tuple[str, ...], ...]]:
    """Collect the lines of some orders, by id and by the place of the order they stand in (documents only)."""
    owner = findings.sources["order_lines"].owner if "order_lines" in findings.sources else None
    if owner is None:
        return {}
    collected: dict[tuple[str, int], list[tuple[str, ...]]] = defaultdict(list)
    for row, order_id in enumerate(draft.tables["order_lines"]["order_id"].tolist()):
        if order_id in ids:
            collected[order_id, int(owner[row])].append(_content(draft, "order_lines", row))
    return {key: tuple(sorted(lines)) for key, lines in collected.items()}


def _drop_orders(draft: Draft, findings: Findings, dropped: set[int]) -> None:
    """Leave out repeated orders, and the lines that came with them."""
    if not dropped:
        return
    orders, lines = draft.tables["orders"], draft.tables["order_lines"]
    gone = {draft.at("orders", row) for row in dropped}
    merged = {orders["order_id"][row] for row in dropped}
    owner = findings.sources["order_lines"].owner if "order_lines" in findings.sources else None
    kept_lines = np.ones(len(lines), dtype=bool)
    seen: set[tuple[str, ...]] = set()
    for row, order_id in enumerate(lines["order_id"].tolist()):
        if order_id not in merged:
            continue
        if owner is not None:
            kept_lines[row] = int(owner[row]) not in gone
        else:
            content = _content(draft, "order_lines", row)
            kept_lines[row] = content not in seen
            seen.add(content)
    kept_orders = np.ones(len(orders), dtype=bool)
    kept_orders[list(dropped)] = False
    draft.keep("orders", kept_orders)
    draft.keep("order_lines", kept_lines)


def check_ambiguous_ids(draft: Draft, findings: Findings) -> None:
    """Report SKUs and node ids that differ only in case or in Unicode form.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    for name, column in (("products", "sku"), ("nodes", "node_id")):
        seen: dict[str, int] = {}
        cells = draft.tables[name][column].tolist()
        source = findings.sources.get(name)
        for row, cell in enumerate(cells):
            folded = cell.casefold() if cell.isascii() else unicodedata.normalize("NFC", cell).casefold()
            before = seen.setdefault(folded, row)
            if cells[before] != cell and source is not None:
                place = source.place(draft.at(name, before))
                detail = f"differs only in case or Unicode form from {cells[before]!r} in {place}"
                findings.problem("id_ambiguous", detail, name, draft.at(name, row), column, cell)
