"""What a plan was asked for with: its policy, whether to commit it, and by whom; kept as text with the plan."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from quartermaster.io import parse_document
from quartermaster.policy import Policy, policy_document, policy_from_mapping

ASKED, SCHEDULED = "request", "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A wish for a plan.

    Parameters
    ----------
    policy
        How to plan.
    commit
        True commits it as soon as it is made.
    report
        True makes report.html too, which takes seconds.
    asked_by
        ``request`` (somebody) or ``schedule``.
    attempt
        1, and one more each time it is done again because too much had changed when it was to be committed.
    """

    policy: Policy = field(default_factory=Policy)
    commit: bool = False
    report: bool = True
    asked_by: str = ASKED
    attempt: int = 1


def request_text(request: PlanRequest) -> str:
    """Write a request as the text that `quartermaster.store.plans.queue_plan` keeps.

    Parameters
    ----------
    request
        The request.
    """
    document = {
        "asked_by": request.asked_by,
        "attempt": request.attempt,
        "commit": request.commit,
        "policy": policy_document(request.policy),
        "report": request.report,
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def text_begins(asked_by: str) -> str:
    """Return how the text of a request of somebody begins, whatever else it asks for.

    Parameters
    ----------
    asked_by
        See `PlanRequest`.
    """
    return json.dumps({"asked_by": asked_by})[:-1] + ","


def read_request(text: str) -> PlanRequest:
    """Read a request from its text.

    Parameters
    ----------
    text
        As `request_text` writes it.

    Raises
    ------
    InputError
        If it is no such text.
    """
    document = parse_document(text.encode())
    return PlanRequest(
        policy=policy_from_mapping(document.get("policy", {})),
        commit=bool(document.get("commit", False)),
        report=bool(document.get("report", True)),
        asked_by=str(document.get("asked_by", ASKED)),
        attempt=int(document.get("attempt", 1)),
    )
