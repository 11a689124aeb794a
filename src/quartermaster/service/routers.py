"""A router for each scope, kept in step with the store: its stock is the store's, its prices those of the last plan.

Before an order is routed the units of its SKUs are counted in the store; those of other SKUs do not matter to it. The
store guards every unit either way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.orders import OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.router import Router
from quartermaster.service.kept import Kept
from quartermaster.service.prices import prices_of_plan
from quartermaster.service.references import Reference, References, rows_of
from quartermaster.store.available import availability_of_skus
from quartermaster.store.database import Transaction
from quartermaster.store.instants import time_of
from quartermaster.store.standing import Standing, standing

MOST_ROWS = 4_000_000
"""Rows of the snapshots that the routers held in memory are of: some 300 MB."""


@dataclass(slots=True, eq=False)
class _Held:
    """A router, the rows of its snapshot, the plan whose prices it has, and by when what arrived is stock to it."""

    router: Router
    rows: int
    plan_id: str | None = None
    fed_at: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What an order is routed by, read from the store.

    Parameters
    ----------
    scope_id
        Where.
    reference
        What the scope stands on.
    plan_id
        Its current plan; None before the first.
    prices
        Of that plan, where the router did not have them yet; else ().
    units
        Units that may be reserved, by SKU and node.
    fed_at
        The latest instant that feeds have shown stock of, microseconds.
    now
        The instant of all that, microseconds.
    """

    scope_id: str
    reference: Reference
    plan_id: str | None
    prices: StockPrices | tuple[()] | None
    units: Mapping[str, Mapping[str, int]]
    fed_at: int
    now: int


class Routers:
    """Routers by scope and snapshot, in this process.

    Parameters
    ----------
    references
        The snapshots that scopes stand on.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        self._held: Kept[tuple[str, str], _Held] = Kept(MOST_ROWS, lambda held: held.rows)

    def standing(self, transaction: Transaction, scope_id: str) -> tuple[Standing, Reference]:
        """Return what a scope stands on.

        Parameters
        ----------
        transaction, scope_id
            Where.

        Raises
        ------
        StoreError
            ``no_snapshot`` before the first.
        """
        stands = standing(transaction, scope_id)
        return stands, self._references.of_stored(transaction, stands.stored)

    def counted(
        self, transaction: Transaction, stands: Standing, reference: Reference, lines: Iterable[OrderLine]
    ) -> Counted:
        """Count the units that an order may be given.

        Parameters
        ----------
        transaction
            Where.
        stands, reference
            From `standing`.
        lines
            The lines of the order.
        """
        scope_id, plan_id = stands.stored.scope_id, stands.plan_id
        held = self._held.known((scope_id, stands.stored.sha256))
        prices: StockPrices | tuple[()] | None = ()
        if plan_id != (None if held is None else held.plan_id):
            prices = None if plan_id is None else prices_of_plan(transaction, scope_id, plan_id, reference.snapshot)
        units = availability_of_skus(transaction, scope_id, (line.sku for line in lines))
        return Counted(scope_id, reference, plan_id, prices, units, stands.fed_at, transaction.now)

    @contextmanager
    def lent(self, counted: Counted) -> Iterator[Router]:
        """Lend the router of a scope for the block, in step with the store as far as these units go.

        Parameters
        ----------
        counted
            What it is to be in step with.
        """
        held = self._router(counted)
        with held.lock:
            if counted.prices != () and counted.plan_id != held.plan_id:
                held.router.reprice(counted.prices or None)
                held.plan_id = counted.plan_id
            _count(held.router, counted.units)
            if counted.fed_at > max(held.fed_at, counted.reference.stored.as_of):
                held.router.fed(time_of(counted.fed_at))
                held.fed_at = counted.fed_at
            now = time_of(counted.now).replace(second=0, microsecond=0)  # cut-offs are of whole minutes
            if now > held.router.as_of:
                held.router.advance(now)
            yield held.router

    def _router(self, counted: Counted) -> _Held:
        snapshot = counted.reference.snapshot
        key = (counted.scope_id, counted.reference.stored.sha256)
        return self._held.of(key, lambda: _Held(Router(_without_orders(snapshot)), rows_of(snapshot)))


def _count(router: Router, units: Mapping[str, Mapping[str, int]]) -> None:
    """Put the units of some SKUs in place, at every node; what the snapshot does not know is nobody's to route."""
    for sku, there in units.items():
        known = router.stock_of(sku)
        for node_id in known.keys() | there.keys():
            now = there.get(node_id, 0)
            if known.get(node_id, 0) != now and router.knows(node_id, sku):
                router.recount(node_id, sku, now)


def _without_orders(snapshot: Snapshot) -> Snapshot:
    none = np.empty(0, dtype=np.intp)
    return replace(snapshot, orders=snapshot.orders.take(none), order_lines=snapshot.order_lines.take(none))
