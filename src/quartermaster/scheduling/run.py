"""One run: lease → freeze → plan in a process that can be ended → check → commit. Ended anywhere, the next goes on.

A plan stays queued or running in the store until what was made of it is there whole; a planner that has lost its lease
can neither write its plan nor commit it, and what dead planners left running is queued again by the next.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import monotonic, sleep
from typing import Any, Protocol
from uuid import uuid4

from quartermaster.errors import QuartermasterError, StoreError
from quartermaster.policy import Policy
from quartermaster.scheduling.child import Ask, Made, Wish, plan_apart
from quartermaster.scheduling.commit import ORDERS_PART, Rows, hashes_of, in_the_way
from quartermaster.scheduling.freeze import Frozen, frozen, readable
from quartermaster.scheduling.judging import judged
from quartermaster.scheduling.request import PlanRequest, read_request, request_text
from quartermaster.scheduling.settings import RunSettings
from quartermaster.store import Store
from quartermaster.store.database import Transaction, answering
from quartermaster.store.instants import SECOND
from quartermaster.store.leases import Lease, acquire, check_fence, give_up, renew
from quartermaster.store.plan_attempts import hand_back, take_up
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.plans import (
    StoredPlan,
    begin_plan,
    fail_plan,
    finish_plan,
    queue_plan,
    requeue_lost,
    stored_plan,
    tell_progress,
)
from quartermaster.store.reserved_orders import settle_reserved
from quartermaster.store.run_facts import reject_order
from quartermaster.store.run_totals import count_run
from quartermaster.store.scopes import scope_state

LOG = logging.getLogger("quartermaster.runs")
TELL_SECONDS = 1.0
"""Shortest time between two words on the progress of a plan that are written down."""
ANY = 10**9
"""Plans that may be queued where one is made again."""
COMMITS_TRIED = 25
"""How often orders are left out of a commit, some at a time, until it goes through."""
AGAIN_SECONDS = 0.1
"""Time between two tries of a commit that nothing stands in the way of any more."""
AWAY = "store_unreachable"
"""What is said of a database that does not answer."""


class Ended(Protocol):
    """Whether runs are to end at once; a `threading.Event` will do."""

    def is_set(self) -> bool:
        """Tell it."""
        ...


Planner = Callable[[bytes, Policy, RunSettings, Ask], Made | None]


def run_all(
    store: Store,
    scope_id: str,
    settings: RunSettings,
    ended: Ended | None = None,
    *,
    planner: Planner = plan_apart,
) -> int:
    """Run a scope until no plan is queued, or another planner has it; return how many runs there were.

    Parameters
    ----------
    store, scope_id, settings, ended, planner
        See `run_next`.
    """
    runs = 0
    while not (ended is not None and ended.is_set()) and run_next(store, scope_id, settings, ended, planner=planner):
        runs += 1
    return runs


def run_next(
    store: Store,
    scope_id: str,
    settings: RunSettings,
    ended: Ended | None = None,
    *,
    planner: Planner = plan_apart,
) -> StoredPlan | None:
    """Run the plan of a scope that has waited longest.

    Parameters
    ----------
    store, scope_id
        Where.
    settings
        How.
    ended
        When set, planning is ended at once, and the plan is left to the next run.
    planner
        Makes the plan.

    Returns
    -------
    StoredPlan or None
        The plan as it is then: finished, committed or failed; None where none waits, another planner has the scope, or
        this one lost it or was ended.

    Raises
    ------
    StoreError
        If the store cannot be reached, or has no such scope.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4()}"
    lease = store.transact(lambda transaction: acquire(transaction, scope_id, holder, settings.lease))
    if lease is None:
        LOG.info("another planner has the scope", extra={"scope_id": scope_id})
        return None
    LOG.info("lease taken", extra={"scope_id": scope_id, "fence": lease.fence})
    plan = None
    try:
        with answering(), _kept(store, lease, settings) as lost:
            plan = store.transact(lambda transaction: _next(transaction, lease))
            if plan is None:
                return None
            LOG.info("run begun", extra=_named(plan, fence=lease.fence))
            if not _run(store, plan, lease, settings, lost, ended, planner):
                LOG.warning("plan left to another run", extra=_named(plan, lease_lost=lost.is_set()))
                _leave(store, plan, lease)
                return None
    except Exception as error:  # a plan that fails must not come back for ever, whatever it failed for
        if plan is None:
            raise
        if isinstance(error, StoreError) and error.code in ("lease_lost", "store_busy", AWAY):
            LOG.warning("plan left to another run", extra=_named(plan, code=error.code))
            if error.code != AWAY:  # that stays an attempt: what is asked of the database may be why it went away
                _leave(store, plan, lease)
            return None
        failed, why = plan, _failure(error)
        # without the words of the fault, which may tell of orders: those the plan has
        LOG.warning("run failed", extra=_named(plan), exc_info=True)
        if not store.transact(lambda transaction: _fail(transaction, failed, lease, why)):
            return None
    finally:
        with suppress(Exception):  # the store is away: the lease ends by itself
            store.transact(lambda transaction: give_up(transaction, lease))
            LOG.info("lease given back", extra={"scope_id": scope_id, "fence": lease.fence})
    named = plan
    with store.read() as transaction:
        done = stored_plan(transaction, scope_id, named.plan_id)
    LOG.info("run done", extra=_told_of(done))
    return done


@contextmanager
def _kept(store: Store, lease: Lease, settings: RunSettings) -> Iterator[threading.Event]:
    """Renew a lease while the block runs; the event is set when somebody else has taken it."""
    lost, done = threading.Event(), threading.Event()

    def keep() -> None:
        while not done.wait(settings.renew_seconds):
            try:
                if store.transact(lambda transaction: renew(transaction, lease, settings.lease)) is None:
                    lost.set()
                    LOG.warning("lease lost", extra={"scope_id": lease.scope_id, "fence": lease.fence})
                    return
            except Exception:  # the store is away: the fence keeps order, and the next word may get through
                LOG.warning("a lease could not be renewed", extra={"scope_id": lease.scope_id}, exc_info=True)

    thread = threading.Thread(target=keep, name="quartermaster-lease", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()


def _fenced(transaction: Transaction, lease: Lease) -> None:
    """Lock the scope, then the lease, which must still be ours: everybody takes them in this order."""
    scope_state(transaction, lease.scope_id, lock=True)
    check_fence(transaction, lease.scope_id, lease.fence)


def _next(transaction: Transaction, lease: Lease) -> StoredPlan | None:
    _fenced(transaction, lease)
    requeue_lost(transaction, lease.scope_id, lease.fence)
    settle_reserved(transaction, lease.scope_id)  # an order and the commit of its reservation came in at once
    return take_up(transaction, lease.scope_id)


def _leave(store: Store, plan: StoredPlan, lease: Lease) -> None:
    """Leave a plan to the next run, if it is still ours to leave."""

    def leave(transaction: Transaction) -> None:
        _fenced(transaction, lease)
        hand_back(transaction, plan.scope_id, plan.plan_id)

    with suppress(StoreError):
        store.transact(leave)


def _run(
    store: Store,
    plan: StoredPlan,
    lease: Lease,
    settings: RunSettings,
    lost: threading.Event,
    ended: Ended | None,
    planner: Planner,
) -> bool:
    """Make a plan and write it; False where it was left to another run."""
    request = read_request(plan.policy)
    with store.read() as transaction:
        found = frozen(transaction, plan.scope_id, most_shipments=request.policy.service.max_shipments)
    found, snapshot = readable(found)
    if not store.transact(lambda transaction: _begin(transaction, plan, lease, found)):
        return False
    told: list[Any] = [None, 0.0, Wish.GO_ON]

    def ask(progress: Mapping[str, Any]) -> Wish:
        if lost.is_set() or (ended is not None and ended.is_set()):
            return Wish.END
        if progress["phase"] != told[0] or monotonic() - told[1] >= TELL_SECONDS:
            stop = _told(store, plan, lease, progress)
            told[:] = [progress["phase"], monotonic(), told[2] if stop is None else Wish.STOP if stop else Wish.GO_ON]
        return Wish(told[2])

    made = planner(found.content, request.policy, replace(settings, report=settings.report and request.report), ask)
    if made is None:
        return False
    rows, summary = judged(snapshot, request.policy, made, found)
    orders = hashes_of(found.orders)
    parts = {**made.parts, ORDERS_PART: json.dumps(orders, sort_keys=True).encode()}
    return _finish(store, plan, lease, settings, request, rows, summary, parts, orders)


def _told(store: Store, plan: StoredPlan, lease: Lease, progress: Mapping[str, Any]) -> bool | None:
    """Write how far a plan is; tell whether it was asked to stop, None where the store cannot be had for it now."""
    own = (plan.scope_id, plan.plan_id, lease.fence)
    try:
        with answering():
            return store.transact(lambda transaction: tell_progress(transaction, *own, progress))
    except StoreError as error:
        if error.code not in ("store_busy", AWAY):
            raise
        LOG.warning("the progress of a plan could not be written", extra=_named(plan, code=error.code))
        return None


def _begin(transaction: Transaction, plan: StoredPlan, lease: Lease, found: Frozen) -> bool:
    _fenced(transaction, lease)
    for order_id, (document, reason) in sorted(found.rejected.items()):  # as everybody locks orders
        reject_order(transaction, plan.scope_id, order_id, document, reason)
    return begin_plan(
        transaction, plan.scope_id, plan.plan_id, lease.fence, found.snapshot_version, found.stock_version
    )


def _finish(
    store: Store,
    plan: StoredPlan,
    lease: Lease,
    settings: RunSettings,
    request: PlanRequest,
    rows: Rows,
    summary: dict[str, Any],
    parts: Mapping[str, bytes],
    orders: Mapping[str, str],
) -> bool:
    """Write a plan, in one transaction with its commit where that is wanted; have it made again where it is refused."""

    def finish(transaction: Transaction, told: Mapping[str, Any]) -> bool:
        _fenced(transaction, lease)
        if not finish_plan(transaction, plan.scope_id, plan.plan_id, lease.fence, told, parts):
            return False
        count_run(transaction, plan.scope_id, plan.plan_id)
        return True

    if not request.commit:
        return store.transact(lambda transaction: finish(transaction, summary))
    left_out: set[str] = set()
    most = settings.most_left_out * max(1, len(rows.orders))
    for _ in range(COMMITS_TRIED):
        kept, told = rows.without(left_out), {**summary, "left_out": sorted(left_out)}

        def commit(transaction: Transaction, kept: Rows = kept, told: Mapping[str, Any] = told) -> bool:
            if not finish(transaction, told):
                return False
            commit_plan(
                transaction,
                plan.scope_id,
                plan.plan_id,
                kept.allocations,
                kept.backorders,
                orders=orders,
                fence=lease.fence,
                recheck=True,
            )
            return True

        try:
            return store.transact(commit)
        except StoreError as refused:
            found = in_the_way(refused, kept)
            code = refused.code
            if not found and code != "snapshot_stale":
                raise
            if not found:  # all that was lacking is there: somebody had it locked for a moment
                sleep(AGAIN_SECONDS)
        left_out |= found
        if len(left_out) > most and len(left_out) > 1:
            break
    again = request.attempt < settings.attempts

    def refuse(transaction: Transaction) -> bool:
        if not finish(transaction, {**summary, "commit_refused": code}):
            return False
        if again:
            queue_plan(
                transaction,
                plan.scope_id,
                request_text(replace(request, attempt=request.attempt + 1)),
                ANY,
            )
        return True

    return store.transact(refuse)


def _fail(transaction: Transaction, plan: StoredPlan, lease: Lease, why: str) -> bool:
    try:
        _fenced(transaction, lease)
    except StoreError:
        return False
    if fail_plan(transaction, plan.scope_id, plan.plan_id, why):
        count_run(transaction, plan.scope_id, plan.plan_id)
    return True


def _failure(error: Exception) -> str:
    if isinstance(error, QuartermasterError):
        return str(error)
    return f"internal error: {type(error).__name__}"


def _named(plan: StoredPlan, **more: object) -> dict[str, object]:
    return {"scope_id": plan.scope_id, "plan_id": plan.plan_id, **more}


def _told_of(plan: StoredPlan) -> dict[str, object]:
    """Return what the log says of a run that is done: how it stands, how good, how long, how much."""
    seconds = None
    if plan.started_at is not None and plan.finished_at is not None:
        seconds = round((plan.finished_at - plan.started_at) / SECOND, 3)
    told = {name: plan.summary.get(name) for name in ("status", "gap", "orders", "backorders", "solver_contradictions")}
    return _named(plan, state=plan.state, seconds=seconds, **told)
