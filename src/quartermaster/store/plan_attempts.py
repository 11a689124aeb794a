"""How often a plan is taken up: one that ends its planners, by their memory say, must not do so for ever."""

from __future__ import annotations

from sqlalchemy import update

from quartermaster.store.database import Transaction
from quartermaster.store.fail_points import fail_point
from quartermaster.store.plans import QUEUED, QUEUED_AGAIN, RUNNING, StoredPlan, fail_plan, next_queued, stored_plan
from quartermaster.store.run_totals import count_run
from quartermaster.store.tables import PLANS

MOST_ATTEMPTS = 3
"""Planners that may end over a plan."""


def take_up(transaction: Transaction, scope_id: str) -> StoredPlan | None:
    """Take up the plan of a scope that has waited longest; None where none waits.

    One that ended `MOST_ATTEMPTS` planners, none of which could say why, fails instead: its orders stay as they are.

    Parameters
    ----------
    transaction, scope_id
        Where; the scope must be locked.
    """
    while (plan := next_queued(transaction, scope_id)) is not None:
        if plan.attempts < MOST_ATTEMPTS:
            own = PLANS.c.plan_id == plan.plan_id
            transaction.run(update(PLANS).where(own).values(attempts=PLANS.c.attempts + 1))
            fail_point("plan taken up")
            return stored_plan(transaction, scope_id, plan.plan_id)
        failure = f"{plan.attempts} planners were ended while they made it, or were stopped past their lease"
        if fail_plan(transaction, scope_id, plan.plan_id, failure):
            count_run(transaction, scope_id, plan.plan_id)
    return None


def hand_back(transaction: Transaction, scope_id: str, plan_id: str) -> None:
    """Queue a plan again that its planner has taken up and leaves in good order: that was no attempt.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which; the caller holds the lease.
    """
    own = (PLANS.c.scope_id == scope_id, PLANS.c.plan_id == plan_id, PLANS.c.state.in_([QUEUED, RUNNING]))
    transaction.run(update(PLANS).where(*own).values(attempts=PLANS.c.attempts - 1, **QUEUED_AGAIN))
