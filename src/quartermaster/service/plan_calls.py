"""Plans that are asked for now and made by a run: queued, watched, stopped, read, committed."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from typing import Any

from quartermaster.errors import InputError, PolicyError
from quartermaster.policy import Policy
from quartermaster.scheduling.commit import commit_run
from quartermaster.scheduling.request import PlanRequest, request_text
from quartermaster.service.asked import Answered, Asked
from quartermaster.service.calls import read_policy_document
from quartermaster.service.pages import Cursors, limit_of
from quartermaster.service.requests import CommitBody, PlanBody, read_as
from quartermaster.service.settings import ServiceSettings
from quartermaster.service.stock_calls import instant
from quartermaster.store import plans
from quartermaster.store.database import Transaction
from quartermaster.store.instants import SECOND
from quartermaster.store.plans import StoredPlan, page_of, part_of, stored_plan

TABLES = ("allocations", "shipments", "backorders", "prices")
"""Parts of a plan that are tables; they are answered in pages."""


def queue_call(transaction: Transaction, asked: Asked, settings: ServiceSettings) -> Answered:
    """Ask for a plan of all open orders.

    Parameters
    ----------
    transaction, asked
        As for every call; its body is a `PlanBody`.
    settings
        Limits.
    """
    body = read_as(PlanBody, asked.document)
    request = PlanRequest(policy=_policy(body.policy, settings), commit=body.commit, report=body.report)
    queued = plans.queue_plan(transaction, asked.scope_id, request_text(request), settings.most_queued)
    return Answered(plan_state_document(queued), 202)


def _policy(document: Any, settings: ServiceSettings) -> Policy:
    try:
        return read_policy_document(document, settings)
    except PolicyError as error:
        keys = ((problem, problem.column.replace(".", "/")) for problem in error.problems)
        placed = [(problem, f"/policy/{key}".rstrip("/")) for problem, key in keys]
        raise InputError(
            [replace(problem, pointer=at, file="", row=None, column="") for problem, at in placed]
        ) from None


def plan_state_call(transaction: Transaction, asked: Asked, plan_id: str) -> Answered:
    """Say how a plan stands.

    Parameters
    ----------
    transaction, asked, plan_id
        As for every call, and which.
    """
    return Answered(plan_state_document(stored_plan(transaction, asked.scope_id, plan_id)))


def stop_call(transaction: Transaction, asked: Asked, plan_id: str) -> Answered:
    """Ask for the best plan so far.

    Parameters
    ----------
    transaction, asked, plan_id
        As for every call, and which.
    """
    return Answered(plan_state_document(plans.ask_to_stop(transaction, asked.scope_id, plan_id)))


def table_call(transaction: Transaction, asked: Asked, plan_id: str, name: str, cursors: Cursors) -> Answered:
    """Read a page of a table of a plan.

    Parameters
    ----------
    transaction, asked, plan_id
        As for every call, and which; the query may have ``limit`` and ``cursor``.
    name
        One of `TABLES`.
    cursors
        Of lists.
    """
    (first,), limit = cursors.read(asked) or [0], limit_of(asked)
    content, total = page_of(transaction, asked.scope_id, plan_id, f"{name}.csv", first, limit)
    rows = list(csv.DictReader(StringIO(content.decode("utf-8"))))
    following = cursors.written(asked, [first + limit]) if first + limit < total else None
    return Answered({"rows": rows, "rows_total": total, "cursor": following})


def certificate_call(transaction: Transaction, asked: Asked, plan_id: str) -> Answered:
    """Read the certificate of a plan.

    Parameters
    ----------
    transaction, asked, plan_id
        As for every call, and which.
    """
    document: Mapping[str, Any] = json.loads(part_of(transaction, asked.scope_id, plan_id, "certificate.json"))
    return Answered(document)


def commit_call(transaction: Transaction, asked: Asked, plan_id: str, settings: ServiceSettings) -> Answered:
    """Commit a plan: its units are taken for good, if all of them are still there.

    Parameters
    ----------
    transaction, asked, plan_id
        As for every call, and which; its body is a `CommitBody`.
    settings
        Limits.
    """
    body = read_as(CommitBody, asked.document)
    most_age = settings.max_plan_age_seconds * SECOND
    committed = commit_run(transaction, asked.scope_id, plan_id, recheck=body.recheck, most_age=most_age)
    return Answered(plan_state_document(committed))


def plan_state_document(plan: StoredPlan) -> Mapping[str, Any]:
    """Write how a plan stands.

    Parameters
    ----------
    plan
        The plan.
    """
    return {
        "plan_id": plan.plan_id,
        "state": plan.state,
        "is_current": plan.is_current,
        "snapshot_version": plan.snapshot_version,
        "stock_version": plan.stock_version,
        "progress": dict(plan.progress),
        "summary": dict(plan.summary),
        "failure": plan.failure,
        "stop_asked": plan.stop_asked,
        "created_at": instant(plan.created_at),
        "started_at": instant(plan.started_at),
        "finished_at": instant(plan.finished_at),
        "committed_at": instant(plan.committed_at),
    }
