"""Plans: queued → running → finished | failed; finished → committed | superseded. At most one is current in a scope.

A plan is told apart from its commit: what a reader sees of a plan is there whole or not at all, and what a commit gives
(units of orders, stock, reservations, events) is given in one transaction, see `quartermaster.store.plan_commit`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import uuid4

from sqlalchemy import insert, select, update

from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.leases import check_fence
from quartermaster.store.plan_blocks import file_of, rows_of, write_files
from quartermaster.store.scopes import scope_state
from quartermaster.store.tables import PLANS

QUEUED, RUNNING, FINISHED, FAILED = "queued", "running", "finished", "failed"
COMMITTED, SUPERSEDED = "committed", "superseded"
QUEUED_AGAIN = {"state": QUEUED, "started_at": None, "fence": None, "progress": "{}"}
"""What is written where a plan that is not made goes back to the queue."""


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it is.

    Parameters
    ----------
    plan_id, scope_id, state
        Which, where, how it stands.
    is_current
        True for the one that was committed last.
    policy
        As JSON text.
    snapshot_version, stock_version
        What it was made from; None before it runs.
    fence
        Of the lease it is made under; None before it runs.
    progress, summary
        How far it is, and how good, as JSON values.
    failure
        Why it failed; empty where it did not.
    stop_asked
        True when it is to end with the best plan so far.
    attempts
        How many planners took it up and have not handed it back.
    created_at, started_at, finished_at, committed_at
        Instants, microseconds.
    """

    plan_id: str
    scope_id: str
    state: str
    is_current: bool
    policy: str
    snapshot_version: str | None
    stock_version: int | None
    fence: int | None
    progress: Mapping[str, Any]
    summary: Mapping[str, Any]
    failure: str
    stop_asked: bool
    attempts: int
    created_at: int
    started_at: int | None
    finished_at: int | None
    committed_at: int | None


def queue_plan(transaction: Transaction, scope_id: str, policy: str, most_waiting: int) -> StoredPlan:
    """Ask for a plan.

    Parameters
    ----------
    transaction, scope_id
        Where.
    policy
        As JSON text.
    most_waiting
        Plans of the scope that may be queued, this one among them.

    Raises
    ------
    StoreError
        ``not_found`` where there is no such scope; ``queue_full``.
    """
    scope_state(transaction, scope_id, lock=True)
    waiting = transaction.all(select(PLANS.c.plan_id).where(PLANS.c.scope_id == scope_id, PLANS.c.state == QUEUED))
    if len(waiting) >= most_waiting:
        raise StoreError("queue_full", f"{len(waiting)} plans are waiting already")
    plan_id = str(uuid4())
    transaction.run(
        insert(PLANS).values(
            plan_id=plan_id, scope_id=scope_id, state=QUEUED, policy=policy, created_at=transaction.now
        )
    )
    fail_point("plan queued")
    return stored_plan(transaction, scope_id, plan_id)


def next_queued(transaction: Transaction, scope_id: str) -> StoredPlan | None:
    """Return the plan of a scope that has waited longest; None where none waits.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    row = transaction.first(
        select(PLANS)
        .where(PLANS.c.scope_id == scope_id, PLANS.c.state == QUEUED)
        .order_by(PLANS.c.created_at, PLANS.c.plan_id)
        .limit(1)
    )
    return None if row is None else _plan(row)


def begin_plan(
    transaction: Transaction, scope_id: str, plan_id: str, fence: int, snapshot_version: str, stock_version: int
) -> bool:
    """Mark a queued plan as running; False where it is not queued any more.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    fence
        Of the planner's lease.
    snapshot_version, stock_version
        What it is made from.
    """
    return bool(
        transaction.run(
            update(PLANS)
            .where(*_own(scope_id, plan_id), PLANS.c.state == QUEUED)
            .values(
                state=RUNNING,
                started_at=transaction.now,
                fence=fence,
                snapshot_version=snapshot_version,
                stock_version=stock_version,
            )
        )
    )


def tell_progress(
    transaction: Transaction, scope_id: str, plan_id: str, fence: int, progress: Mapping[str, Any]
) -> bool:
    """Say how far a running plan is; True when it was asked to stop.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    fence
        Of the planner's lease.
    progress
        JSON values.

    Raises
    ------
    StoreError
        ``lease_lost`` where another planner has the scope, or the plan is not running under this lease any more.
    """
    check_fence(transaction, scope_id, fence)
    own = (*_own(scope_id, plan_id), PLANS.c.state == RUNNING, PLANS.c.fence == fence)
    if not transaction.run(update(PLANS).where(*own).values(progress=json.dumps(progress, sort_keys=True))):
        raise StoreError("lease_lost", "the plan is not running under this lease any more")
    return stored_plan(transaction, scope_id, plan_id).stop_asked


def finish_plan(
    transaction: Transaction,
    scope_id: str,
    plan_id: str,
    fence: int,
    summary: Mapping[str, Any],
    parts: Mapping[str, bytes],
) -> bool:
    """Write a plan that is made; False where it is not running under this lease any more.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    fence
        Of the planner's lease.
    summary
        How good it is, as JSON values.
    parts
        Its files, by name.
    """
    own = (*_own(scope_id, plan_id), PLANS.c.state == RUNNING, PLANS.c.fence == fence)
    values = {"state": FINISHED, "finished_at": transaction.now, "summary": json.dumps(summary, sort_keys=True)}
    if not transaction.run(update(PLANS).where(*own).values(**values)):
        return False
    write_files(transaction, plan_id, parts)
    fail_point("plan written")
    return True


def fail_plan(transaction: Transaction, scope_id: str, plan_id: str, failure: str, *, fence: int | None = None) -> int:
    """Mark a plan that is queued or running as failed; return how many it was, 1 or 0.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    failure
        Why, in words.
    fence
        Of the planner's lease: one that another planner works on stays as it is; None = whoever works on it.
    """
    own = [*_own(scope_id, plan_id), PLANS.c.state.in_([QUEUED, RUNNING])]
    if fence is not None:
        own.append(PLANS.c.fence == fence)
    values = {"state": FAILED, "finished_at": transaction.now, "failure": failure}
    return transaction.run(update(PLANS).where(*own).values(**values))


def requeue_lost(transaction: Transaction, scope_id: str, fence: int) -> int:
    """Queue again what planners of earlier leases left running; return how many plans.

    Parameters
    ----------
    transaction, scope_id
        Where.
    fence
        Of the lease that is held now.
    """
    own = (PLANS.c.scope_id == scope_id, PLANS.c.state == RUNNING, PLANS.c.fence < fence)
    return transaction.run(update(PLANS).where(*own).values(**QUEUED_AGAIN))


def ask_to_stop(transaction: Transaction, scope_id: str, plan_id: str) -> StoredPlan:
    """Ask for the best plan so far of one that is running; one that is queued fails at once.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    stored_plan(transaction, scope_id, plan_id)
    own = _own(scope_id, plan_id)
    transaction.run(update(PLANS).where(*own, PLANS.c.state == RUNNING).values(stop_asked=True))
    stopped = {"state": FAILED, "finished_at": transaction.now, "failure": "stopped before it began"}
    transaction.run(update(PLANS).where(*own, PLANS.c.state == QUEUED).values(stop_asked=True, **stopped))
    return stored_plan(transaction, scope_id, plan_id)


def stored_plan(transaction: Transaction, scope_id: str, plan_id: str) -> StoredPlan:
    """Read a plan.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.

    Raises
    ------
    StoreError
        ``not_found``.
    """
    row = transaction.first(select(PLANS).where(*_own(scope_id, plan_id)))
    if row is None:
        raise StoreError("not_found", "there is no such plan")
    return _plan(row)


def current_plan(transaction: Transaction, scope_id: str) -> StoredPlan | None:
    """Return the plan of a scope that was committed last; None before the first.

    Parameters
    ----------
    transaction, scope_id
        Where.
    """
    row = transaction.first(select(PLANS).where(PLANS.c.scope_id == scope_id, PLANS.c.is_current))
    return None if row is None else _plan(row)


def part_of(transaction: Transaction, scope_id: str, plan_id: str, name: str) -> bytes:
    """Return a file of a plan.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    name
        Of the file.

    Raises
    ------
    StoreError
        ``not_found`` where there is no such plan or file; ``plan_state`` where the plan is not made yet.
    """
    plan = stored_plan(transaction, scope_id, plan_id)
    content = file_of(transaction, plan_id, name)
    return content if content is not None else _no_part(plan)


def page_of(
    transaction: Transaction, scope_id: str, plan_id: str, name: str, first: int, count: int
) -> tuple[bytes, int]:
    """Return some rows of a table of a plan below its header, and how many it has.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which.
    name
        Of the file.
    first, count
        Rows that are passed over, and rows at the most.

    Raises
    ------
    StoreError
        As `part_of`.
    """
    plan = stored_plan(transaction, scope_id, plan_id)
    found = rows_of(transaction, plan_id, name, first, count)
    return found if found is not None else _no_part(plan)


def _no_part(plan: StoredPlan) -> NoReturn:
    if plan.state in (QUEUED, RUNNING):
        raise StoreError("plan_state", f"the plan is {plan.state}", state=plan.state)
    raise StoreError("not_found", "the plan has no such part")


def _own(scope_id: str, plan_id: str) -> tuple[Any, Any]:
    return PLANS.c.scope_id == scope_id, PLANS.c.plan_id == plan_id


def _plan(row: Any) -> StoredPlan:
    return StoredPlan(
        row.plan_id,
        row.scope_id,
        row.state,
        bool(row.is_current),
        row.policy,
        row.snapshot_version,
        row.stock_version,
        row.fence,
        json.loads(row.progress),
        json.loads(row.summary),
        row.failure,
        bool(row.stop_asked),
        row.attempts,
        row.created_at,
        row.started_at,
        row.finished_at,
        row.committed_at,
    )
