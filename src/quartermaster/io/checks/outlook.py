"""What is to come and what stands: sums fit, regions exist, supply is still due, no more is taken than there is.

What no reader could use is a problem, reported cell by cell before these checks. What can be used but is hardly meant
is a warning, and each says what it counts as:

- ``forecast``: a prefix that begins no postal code (``prefix_unknown``) and a SKU that no node stocks or awaits
  (``forecast_not_stocked``) are demand that nothing can serve. Prefixes of a SKU may nest: the rows add up.
- ``replenishment``: what was due before the day of the snapshot, in the time zone of its node, counts as due now
  (``arrival_past``).
- ``fixed``: rows that take more than is available at their node, or than its capacity, leave 0 there
  (``fixed_clamped``). Its orders need not be open, so they are not looked up.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.io.checks.draft import Draft
from quartermaster.io.checks.orders import MAX_SUM
from quartermaster.io.findings import Findings
from quartermaster.io.postal_prefixes import begins_postal_code

Ints = NDArray[np.int64]


def check_outlook(draft: Draft, findings: Findings) -> None:
    """Check forecast, replenishment and fixed.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    for name, column in (("forecast", "units_per_day"), ("replenishment", "quantity"), ("fixed", "quantity")):
        total = sum(units for units in draft.tables[name][column].tolist() if units is not None)
        if total > MAX_SUM:
            findings.problem("qty_too_large", f"the sum of {column} is over {MAX_SUM}", name)
    _check_regions(draft, findings)
    _check_stocked(draft, findings)
    _check_arrivals(draft, findings)
    _check_fixed(draft, findings)


def _check_regions(draft: Draft, findings: Findings) -> None:
    prefixes = draft.tables["forecast"]["destination_prefix"].tolist()
    countries = {"US", *draft.tables["orders"]["country"].tolist()}
    strange = {prefix for prefix in set(prefixes) if not any(begins_postal_code(prefix, at) for at in countries)}
    for row, prefix in enumerate(prefixes):
        if prefix in strange:
            detail = "begins no postal code of the US or of a country that an order comes from"
            position = draft.at("forecast", row)
            findings.warning("prefix_unknown", detail, "forecast", position, "destination_prefix", prefix)


def _check_stocked(draft: Draft, findings: Findings) -> None:
    held = {sku for name in ("inventory", "replenishment") for sku in draft.tables[name]["sku"].tolist()}
    for row, sku in enumerate(draft.tables["forecast"]["sku"].tolist()):
        if sku not in held:
            detail = "no node stocks it and none awaits it; its demand cannot be served"
            findings.warning("forecast_not_stocked", detail, "forecast", draft.at("forecast", row), "sku", sku)


def _check_arrivals(draft: Draft, findings: Findings) -> None:
    arriving = draft.tables["replenishment"]
    node = draft.rows("nodes", "node_id", "replenishment", "node_id")
    if draft.as_of is None or not len(arriving):
        return
    zones = draft.tables["nodes"]["timezone"].tolist()
    today = {zone: np.datetime64(draft.as_of.astimezone(ZoneInfo(zone)).date(), "D") for zone in set(zones)}
    unknown = np.datetime64("NaT", "D")  # stands last, where the row -1 of an unknown node finds it
    here = np.array([*map(today.__getitem__, zones), unknown])[node]
    for row in np.flatnonzero(arriving["arrives_on"] < here):
        detail = f"is before {here[row]}, the day of as_of at its node; it counts as due now"
        position = draft.at("replenishment", row)
        findings.warning("arrival_past", detail, "replenishment", position, "arrives_on", arriving["arrives_on"][row])


def _check_fixed(draft: Draft, findings: Findings) -> None:
    fixed, nodes = draft.tables["fixed"], draft.tables["nodes"]
    node = draft.rows("nodes", "node_id", "fixed", "node_id")
    known = np.flatnonzero((node >= 0) & (draft.rows("products", "sku", "fixed", "sku") >= 0))
    if not len(known):
        return
    node, units = node[known], fixed["quantity"][known]
    pairs = node * len(draft.tables["products"]) + draft.rows("products", "sku", "fixed", "sku")[known]
    shipment = _numbers(*(fixed[name][known] for name in ("order_id", "node_id", "shipment_id")))
    first = np.zeros(len(known), dtype=np.int64)
    first[np.unique(shipment, return_index=True)[1]] = 1
    for column, what, key, taken, limit in (
        ("quantity", "units available at its node", pairs, units, _available(draft, pairs)),
        ("node_id", "max_units of its node", node, units, _limit(nodes["max_units"])[node]),
        ("node_id", "max_shipments of its node", node, first, _limit(nodes["max_shipments"])[node]),
    ):
        for at in _first_over(key, taken, limit):
            row = known[at]
            detail = f"takes, with the rows before it, more than the {limit[at]} {what}; 0 is left"
            findings.warning("fixed_clamped", detail, "fixed", draft.at("fixed", row), column, fixed[column][row])


def _available(draft: Draft, pairs: Ints) -> Ints:
    """Look up the units available at pairs, numbered node · n_skus + SKU; 0 where not stocked."""
    stock = draft.tables["inventory"]
    wanted, where = np.unique(pairs, return_inverse=True)
    node = draft.rows("nodes", "node_id", "inventory", "node_id")
    held = node * len(draft.tables["products"]) + draft.rows("products", "sku", "inventory", "sku")
    at = np.minimum(np.searchsorted(wanted, held), len(wanted) - 1)
    found = np.flatnonzero(wanted[at] == held)
    units = np.zeros(len(wanted), dtype=np.int64)
    units[at[found]] = np.maximum(0, stock["on_hand"] - stock["safety_stock"] - stock["reserved"])[found]
    return units[where]


def _limit(column: Ints) -> Ints:
    return np.where(column == NOT_GIVEN, np.iinfo(np.int64).max, column)


def _numbers(*columns: NDArray[Any]) -> Ints:
    """Number the rows so that equal ones have equal numbers."""
    number: dict[tuple[Any, ...], int] = {}
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return np.array([number.setdefault(row, len(number)) for row in rows], dtype=np.int64)


def _first_over(key: Ints, taken: Ints, limit: Ints) -> list[int]:
    """Return, for each key whose rows take more than its limit, the first row that does so with those before it."""
    order = np.argsort(key, kind="stable")
    total = np.cumsum(taken[order])
    starts = np.searchsorted(key[order], key[order])
    running = total - (total - taken[order])[starts]
    over = (running > limit[order]) & (running - taken[order] <= limit[order])
    return sorted(order[over].tolist())
