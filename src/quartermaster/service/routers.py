"""A router for each scope, kept in step with the store: its stock is the store's, its prices those of the last plan.

Between two requests only what the ledger says is counted again. Entries may become visible out of turn, and time alone
frees what is held, so everything is counted anew now and then; the store guards every unit either way.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import numpy as np

from quartermaster.domain.snapshot import Snapshot
from quartermaster.router import Router
from quartermaster.service.prices import prices_of_plan
from quartermaster.service.references import Reference, References
from quartermaster.store.database import Transaction
from quartermaster.store.instants import time_of
from quartermaster.store.ledger import changed_since
from quartermaster.store.plans import current_plan
from quartermaster.store.scopes import scope_state
from quartermaster.store.stock import availability

RECOUNT_MICROS = 30_000_000
"""Microseconds after which everything is counted anew."""
MOST_CHANGES = 5_000
"""Pairs that are counted one by one; beyond, everything is."""


@dataclass(slots=True, eq=False)
class _Held:
    """The router of a scope, and what it is in step with."""

    router: Router
    sha256: str
    stock_version: int
    entry: int
    counted_at: int
    plan_id: str | None
    node_ids: frozenset[str]
    skus: frozenset[str]
    known: dict[tuple[str, str], int] = field(default_factory=dict)


class Routers:
    """Routers by scope, in this process.

    Parameters
    ----------
    references
        The snapshots that scopes stand on.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        self._held: dict[str, _Held] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def lock(self, scope_id: str) -> threading.Lock:
        """Return what must be held while the router of a scope is used.

        Parameters
        ----------
        scope_id
            Which.
        """
        with self._lock:
            return self._locks.setdefault(scope_id, threading.Lock())

    def of(self, transaction: Transaction, scope_id: str, *, recount: bool = False) -> tuple[Router, Reference]:
        """Return the router of a scope, in step with the store, and what the scope stands on; its lock must be held.

        Parameters
        ----------
        transaction, scope_id
            Where.
        recount
            True counts everything anew.
        """
        reference = self._references.of(transaction, scope_id)
        state = scope_state(transaction, scope_id)
        held = self._held.get(scope_id)
        if held is None or held.sha256 != reference.stored.sha256:
            held = _made(reference)
            self._held[scope_id] = held
        changed = changed_since(transaction, scope_id, held.entry, MOST_CHANGES)
        old = transaction.now - held.counted_at > RECOUNT_MICROS or transaction.now < held.counted_at
        if recount or old or held.stock_version != state.stock_version or changed is None:
            self._count(held, availability(transaction, scope_id), whole=True)
            held.stock_version, held.counted_at = state.stock_version, transaction.now
            changed = changed_since(transaction, scope_id, held.entry, None)
        elif changed.pairs:
            self._count(held, availability(transaction, scope_id, changed.pairs), whole=False)
        held.entry = max(held.entry, changed.last if changed is not None else held.entry)
        self._reprice(transaction, scope_id, held, reference)
        now = time_of(transaction.now)
        if now > held.router.as_of:
            held.router.advance(now)
        return held.router, reference

    def _count(self, held: _Held, found: dict[tuple[str, str], int], *, whole: bool) -> None:
        """Put the units of some pairs in place; pairs that the snapshot does not know are nobody's to route."""
        for pair, units in found.items():
            if held.known.get(pair) != units and pair[0] in held.node_ids and pair[1] in held.skus:
                held.router.recount(*pair, units)
                held.known[pair] = units
        if whole:
            for pair in held.known.keys() - found.keys():
                held.router.recount(*pair, 0)
                held.known[pair] = 0

    def _reprice(self, transaction: Transaction, scope_id: str, held: _Held, reference: Reference) -> None:
        plan = current_plan(transaction, scope_id)
        plan_id = None if plan is None else plan.plan_id
        if plan_id != held.plan_id:
            prices = None if plan_id is None else prices_of_plan(transaction, scope_id, plan_id, reference.snapshot)
            held.router.reprice(prices)
            held.plan_id = plan_id


def _made(reference: Reference) -> _Held:
    snapshot = reference.snapshot
    pairs = zip(snapshot.inventory["node_id"].tolist(), snapshot.inventory["sku"].tolist(), strict=True)
    router = Router(_without_orders(snapshot))
    return _Held(
        router=router,
        sha256=reference.stored.sha256,
        stock_version=-1,
        entry=0,
        counted_at=0,
        plan_id=None,
        node_ids=frozenset(snapshot.nodes["node_id"].tolist()),
        skus=frozenset(snapshot.products["sku"].tolist()),
        known={pair: router.available(*pair) for pair in pairs},
    )


def _without_orders(snapshot: Snapshot) -> Snapshot:
    none = np.empty(0, dtype=np.intp)
    return replace(snapshot, orders=snapshot.orders.take(none), order_lines=snapshot.order_lines.take(none))
