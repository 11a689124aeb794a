"""Products, nodes and stock: weights are of one unit, capacities allow a plan, supply is what it seems."""

from __future__ import annotations

import numpy as np

from quartermaster.io.checks.draft import Draft
from quartermaster.io.checks.orders import MAX_SUM
from quartermaster.io.findings import Findings

SUSPECT_FACTOR = 100
"""A weight or price over so many times the median is suspect: grams for kilograms, cents for dollars."""


def check_network(draft: Draft, findings: Findings) -> None:
    """Check products, nodes and inventory.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    _check_weights(draft, findings)
    _check_capacity(draft, findings)
    _check_stock(draft, findings)


def _check_weights(draft: Draft, findings: Findings) -> None:
    weights = draft.tables["products"]["weight_g"]
    if not len(weights):
        return
    median = float(np.median(weights))
    report = findings.problem if draft.options.strict else findings.warning
    for row in np.flatnonzero(weights > SUSPECT_FACTOR * median):
        detail = f"is more than {SUSPECT_FACTOR} times the median of {median:g} g; is the unit grams?"
        report("weight_suspect", detail, "products", draft.at("products", row), "weight_g", weights[row])


def _check_capacity(draft: Draft, findings: Findings) -> None:
    nodes = draft.tables["nodes"]
    if not len(nodes):
        return
    closed = (nodes["max_shipments"] == 0) | (nodes["max_units"] == 0) | ~nodes["enabled"]
    if closed.all():
        findings.warning("capacity_zero", "no node has capacity left; every unit will be backordered", "nodes")


def _check_stock(draft: Draft, findings: Findings) -> None:
    stock = draft.tables["inventory"]
    on_hand, safety, reserved = stock["on_hand"], stock["safety_stock"], stock["reserved"]
    if int(on_hand.sum()) > MAX_SUM:
        findings.problem("qty_too_large", f"the sum of all stock is over {MAX_SUM}", "inventory")
    for row in np.flatnonzero(safety > on_hand):
        detail = f"is above on_hand {on_hand[row]}; available is 0"
        findings.warning("supply_clamped", detail, "inventory", draft.at("inventory", row), "safety_stock", safety[row])
    for row in np.flatnonzero(reserved > on_hand):
        detail = f"is above on_hand {on_hand[row]}; available is 0"
        findings.warning("shortfall", detail, "inventory", draft.at("inventory", row), "reserved", reserved[row])
