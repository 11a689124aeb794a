"""References: what a row names must exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np

from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Findings

_MANY = 20_000
"""With more known ids than this no nearest one is looked for: it would take longer than the reading."""
_HINTS = 10
"""Unknown ids of a table for which the nearest known one is looked for."""

_REFERENCES = (
    ("order_lines", "order_id", "orders", "order_id", "unknown_order"),
    ("order_lines", "sku", "products", "sku", "unknown_sku"),
    ("order_lines", "pinned_node", "nodes", "node_id", "unknown_node"),
    ("inventory", "node_id", "nodes", "node_id", "unknown_node"),
    ("inventory", "sku", "products", "sku", "unknown_sku"),
    ("zones", "carrier", "services", "carrier", "unknown_carrier"),
    ("holidays", "node_id", "nodes", "node_id", "unknown_node"),
    ("holidays", "carrier", "services", "carrier", "unknown_carrier"),
    ("forecast", "sku", "products", "sku", "unknown_sku"),
    ("replenishment", "node_id", "nodes", "node_id", "unknown_node"),
    ("replenishment", "sku", "products", "sku", "unknown_sku"),
    ("fixed", "sku", "products", "sku", "unknown_sku"),
    ("fixed", "node_id", "nodes", "node_id", "unknown_node"),
)
_LISTS = (
    ("order_lines", "allowed_nodes"),
    ("order_lines", "excluded_nodes"),
    ("services", "nodes"),
)


def check_references(draft: Draft, findings: Findings) -> None:
    """Report every id that refers to nothing.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    broken = findings.broken()
    for name, column, target, key, code in _REFERENCES:
        if target in broken:
            continue
        known = draft.index(target, key)
        cells = draft.tables[name][column]
        missing = np.flatnonzero(draft.rows(target, key, name, column) < 0)
        missing = missing[cells[missing] != ""]
        hints = _Hints(known, target)
        for row in missing:
            findings.problem(code, hints.of(cells[row]), name, draft.at(name, row), column, cells[row])
    nodes = draft.index("nodes", "node_id")
    for name, column in _LISTS if "nodes" not in broken else ():
        _check_list(draft, findings, name, column, nodes)
    if "services" not in broken:
        _check_cards(draft, findings)


def _check_list(draft: Draft, findings: Findings, name: str, column: str, nodes: dict[str, int]) -> None:
    lists = draft.tables[name][column].tolist()
    strange = {texts for texts in set(lists) if any(text not in nodes for text in texts)}
    if not strange:
        return
    hints = _Hints(nodes, "nodes")
    for row, texts in enumerate(lists):
        if texts in strange:
            for text in texts:
                if text not in nodes:
                    findings.problem("unknown_node", hints.of(text), name, draft.at(name, row), column, text)


def _check_cards(draft: Draft, findings: Findings) -> None:
    """Rates and transit name a service and a zone of its carrier."""
    services, zones = draft.tables["services"], draft.tables["zones"]
    known = set(zip(services["carrier"].tolist(), services["service"].tolist(), strict=True))
    carriers = {carrier for carrier, _ in known}
    zoned = set(zip(zones["carrier"].tolist(), zones["zone"].tolist(), strict=True))
    hints = _Hints(carriers, "services")
    for name in ("rates", "transit"):
        table = draft.tables[name]
        rows = zip(table["carrier"].tolist(), table["service"].tolist(), table["zone"].tolist(), strict=True)
        for row, (carrier, service, zone) in enumerate(rows):
            if "" in (carrier, service, zone):
                continue
            position = draft.at(name, row)
            if carrier not in carriers:
                findings.problem("unknown_carrier", hints.of(carrier), name, position, "carrier", carrier)
            elif (carrier, service) not in known:
                detail = f"is no service of {carrier} in services"
                findings.problem("unknown_service", detail, name, position, "service", service)
            elif (carrier, zone) not in zoned:
                detail = f"is no zone of {carrier} in zones; the row is never used"
                findings.warning("unknown_zone", detail, name, position, "zone", zone)


class _Hints:
    """Says of an unknown id which known one is nearest; of the first few only, for that is slow."""

    def __init__(self, known: Iterable[str], target: str) -> None:
        self._known = list(known)
        self._target = target
        self._said: dict[str, str] = {}

    def of(self, cell: str) -> str:
        """Say that an id is not known."""
        if cell in self._said:
            return self._said[cell]
        detail = f"is not in {self._target}"
        if len(self._said) < _HINTS and len(self._known) <= _MANY:
            near = get_close_matches(cell, self._known, n=1, cutoff=0.8)
            detail += f"; did you mean {near[0]}?" if near else ""
            self._said[cell] = detail
        return detail
