"""Runs: what waits in the store is frozen, planned in a process that can be ended, checked, and committed.

    settings     how often, how long, how many
    request      what a plan was asked for with
    freeze       snapshot + what is available + what waits → one document to plan
    child        planning in a process of its own, as its parent sees it
    child_side   the same, as the process itself sees it
    commit       the rows of a plan, and their commit
    run          lease → freeze → plan → check → commit, once
    cutoffs      when the next run is due
    scheduler    runs of every scope in one process (APScheduler)
    worker       runs on many machines over PostgreSQL (procrastinate)

Everything a run leaves is in the store: it may be ended anywhere, and the next one goes on.
"""

from quartermaster.scheduling.commit import commit_run, rows_of
from quartermaster.scheduling.request import PlanRequest, read_request, request_text
from quartermaster.scheduling.run import run_all, run_next
from quartermaster.scheduling.settings import RunSettings

__all__ = [
    "PlanRequest",
    "RunSettings",
    "commit_run",
    "read_request",
    "request_text",
    "rows_of",
    "run_all",
    "run_next",
]
