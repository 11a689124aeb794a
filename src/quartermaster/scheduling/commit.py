"""The rows of a plan as the store wants them, and their commit."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quartermaster.errors import StoreError
from quartermaster.io import read_plan
from quartermaster.store.database import Transaction
from quartermaster.store.plan_commit import Allocation, Backorder, commit_plan
from quartermaster.store.plans import StoredPlan, part_of

if TYPE_CHECKING:
    from quartermaster.io import BroughtPlan

TABLES = ("allocations.csv", "shipments.csv", "backorders.csv")
"""Files of a plan from which it is read again."""
ORDERS_PART = "orders.json"
"""Part of a plan that says which orders it was made from: the SHA-256 of the document of each, by id."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a plan gives and what it leaves.

    Parameters
    ----------
    allocations, backorders
        Its rows.
    """

    allocations: Sequence[Allocation]
    backorders: Sequence[Backorder]

    @property
    def orders(self) -> set[str]:
        """The orders it is about."""
        return {row.order_id for row in self.allocations} | {row.order_id for row in self.backorders}

    def without(self, orders: Collection[str]) -> Rows:
        """Return the rows of the other orders.

        Parameters
        ----------
        orders
            Ids.
        """
        return Rows(
            [row for row in self.allocations if row.order_id not in orders],
            [row for row in self.backorders if row.order_id not in orders],
        )


def brought(parts: Mapping[str, bytes]) -> BroughtPlan:
    """Read a plan from its files.

    Parameters
    ----------
    parts
        Files by name.

    Raises
    ------
    InputError
        If they are no plan.
    """
    with tempfile.TemporaryDirectory(prefix="quartermaster-") as folder:
        for name in (*TABLES, "plan.json"):
            if name in parts:
                Path(folder, name).write_bytes(parts[name])
        return read_plan(folder)


def rows_in(plan: BroughtPlan) -> Rows:
    """Return the rows of a plan that was read.

    Parameters
    ----------
    plan
        The plan.
    """
    given = ("order_id", "line_id", "sku", "node_id", "quantity", "shipment_id")
    left = ("order_id", "line_id", "quantity", "reason")
    allocations = zip(*(plan.allocations[name].tolist() for name in given), strict=True)
    backorders = [] if plan.backorders is None else zip(*(plan.backorders[n].tolist() for n in left), strict=True)
    return Rows([Allocation(*row) for row in allocations], [Backorder(*row) for row in backorders])


def rows_of(transaction: Transaction, scope_id: str, plan_id: str) -> Rows:
    """Read the rows of a plan that is in the store.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``; ``plan_state`` where it is not made yet.
    """
    return rows_in(brought({name: part_of(transaction, scope_id, plan_id, name) for name in TABLES}))


def commit_run(
    transaction: Transaction,
    scope_id: str,
    plan_id: str,
    *,
    fence: int | None = None,
    recheck: bool = False,
    most_age: int | None = None,
) -> StoredPlan:
    """Commit a plan from its files: all of it, or nothing.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    fence, recheck, most_age
        See `quartermaster.store.plan_commit.commit_plan`.

    Raises
    ------
    StoreError
        What `rows_of` and `commit_plan` say.
    """
    rows = rows_of(transaction, scope_id, plan_id)
    orders = json.loads(part_of(transaction, scope_id, plan_id, ORDERS_PART))
    return commit_plan(
        transaction,
        scope_id,
        plan_id,
        rows.allocations,
        rows.backorders,
        orders=orders,
        fence=fence,
        recheck=recheck,
        most_age=most_age,
    )


def hashes_of(orders: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of the documents of orders, by id.

    Parameters
    ----------
    orders
        The documents by id.
    """
    return {order_id: hashlib.sha256(document.encode()).hexdigest() for order_id, document in orders.items()}


def in_the_way(refused: StoreError, rows: Rows) -> set[str]:
    """Return the orders of a plan that a refused commit would go through without; none where it says of none.

    Parameters
    ----------
    refused
        Why it was refused: orders have changed, or units are gone.
    rows
        The rows that were to be committed.
    """
    if refused.code == "order_state":
        changed = refused.facts.get("changed", ())
        return {str(entry["order_id"]) for entry in _entries(changed)}
    if refused.code != "snapshot_stale":
        return set()
    takers: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows.allocations:
        takers[row.node_id, row.sku][row.order_id] += row.quantity
    left_out: set[str] = set()
    for entry in _entries(refused.facts.get("lacking", ())):
        units = takers[str(entry["node_id"]), str(entry["sku"])]
        over = sum(quantity for order_id, quantity in units.items() if order_id not in left_out)
        over -= int(str(entry["available"]))
        for order_id in sorted(units.keys() - left_out, reverse=True):  # the last by id wait
            if over <= 0:
                break
            left_out.add(order_id)
            over -= units[order_id]
    return left_out


def _entries(told: object) -> list[Mapping[str, object]]:
    return [entry for entry in told if isinstance(entry, Mapping)] if isinstance(told, list) else []
