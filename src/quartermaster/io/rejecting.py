"""Quarantine: bad orders are left out one by one, up to a share; anything else still refuses the whole input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quartermaster.errors import Problem
from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Finding, Findings
from quartermaster.io.limits import MAX_REJECTED_SHARE


@dataclass(frozen=True, slots=True)
class Rejected:
    """One order left out.

    Parameters
    ----------
    order_id
        Its id as far as it could be read; empty where it could not.
    problems
        Why.
    """

    order_id: str
    problems: tuple[Problem, ...]


def drop_bad_orders(draft: Draft, findings: Findings) -> tuple[Rejected, ...]:
    """Leave out every order that has a problem, if only orders have problems and few enough.

    Parameters
    ----------
    draft
        Changed: bad orders and their lines are left out.
    findings
        Changed: the problems of the orders left out are taken away; a problem is added when they are too many.

    Returns
    -------
    tuple of Rejected
        The orders left out, in the order of the input; empty when the input stays refused.
    """
    if any(finding.position is None or finding.table not in ("orders", "order_lines") for finding in findings.problems):
        return ()
    rejected: dict[object, list[Finding]] = {}
    for finding in findings.problems:
        rejected.setdefault(_order_of(draft, finding), []).append(finding)
    n_orders = len(draft.tables["orders"])
    if len(rejected) > MAX_REJECTED_SHARE * n_orders:
        share = f"{len(rejected)} of {n_orders} orders are bad, more than {MAX_REJECTED_SHARE:.0%}"
        findings.problem("too_many_rejected", f"{share}; nothing was read", "orders")
        return ()
    ids = {key for key in rejected if isinstance(key, str)}
    spots = {(finding.table, finding.position) for finding in findings.problems}
    for name in ("orders", "order_lines"):
        positions = draft.positions[name].tolist()
        cells = draft.tables[name]["order_id"].tolist()
        bad = [cell in ids or (name, at) in spots for cell, at in zip(cells, positions, strict=True)]
        draft.keep(name, ~np.array(bad, dtype=bool))
    # The lines of an order whose id could not be read have none either, and belong to nothing.
    kept = set(draft.tables["orders"]["order_id"].tolist())
    lines = draft.tables["order_lines"]["order_id"].tolist()
    draft.keep("order_lines", np.array([order_id in kept for order_id in lines], dtype=bool))
    findings.problems = []
    return tuple(
        Rejected(key if isinstance(key, str) else "", tuple(finding.problem for finding in found))
        for key, found in rejected.items()
    )


def _order_of(draft: Draft, finding: Finding) -> object:
    """Return the order's id, or its place where the id itself is bad."""
    order_id = draft.read[finding.table]["order_id"][finding.position or 0]
    return str(order_id) or (finding.table, finding.position)
