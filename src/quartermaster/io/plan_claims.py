"""What plan.json says of a plan that is read: its policy, and the cost it claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from quartermaster.domain.money import to_micro
from quartermaster.domain.plan import Objective
from quartermaster.errors import InputError, PolicyError, Problem
from quartermaster.io.files import read_bytes
from quartermaster.io.findings import shown
from quartermaster.io.json_text import parse_document
from quartermaster.io.limits import DEFAULT_LIMITS
from quartermaster.io.plan_cells import plan_money
from quartermaster.io.texts import Refused
from quartermaster.policy import Policy, policy_from_mapping

_FILE = "plan.json"
_TERMS = tuple(item.name.removesuffix("_micro") for item in fields(Objective))


def read_plan_document(path: Path, problems: list[Problem]) -> Mapping[str, Any]:
    """Read plan.json; empty where it cannot be read.

    Parameters
    ----------
    path
        The file.
    problems
        What is wrong is added to it.
    """
    try:
        document = parse_document(read_bytes(path, DEFAULT_LIMITS.max_file_bytes))
    except InputError as error:
        problems += [replace(problem, file=path.name) for problem in error.problems]
        return {}
    if not isinstance(document, Mapping):
        problems.append(Problem("type", "must be a JSON object", file=path.name))
        return {}
    return document


def claimed_policy(document: Mapping[str, Any], problems: list[Problem]) -> Policy | None:
    """Read the policy a plan was made under; None where it does not say.

    Parameters
    ----------
    document
        The content of plan.json.
    problems
        What is wrong is added to it.
    """
    given = document.get("policy")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        problems.append(Problem("type", "must be an object", file=_FILE, column="policy", value=shown(given)))
        return None
    try:
        return policy_from_mapping(given)
    except PolicyError as error:
        problems += [replace(problem, file=_FILE, column=f"policy.{problem.column}") for problem in error.problems]
        return None


def claimed_cost(document: Mapping[str, Any], problems: list[Problem]) -> tuple[Objective | None, int | None]:
    """Read the cost a plan claims: by term, and in total (micro); None for what it does not claim.

    Parameters
    ----------
    document
        The content of plan.json.
    problems
        What is wrong is added to it.
    """
    given = document.get("objective")
    if given is None:
        return None, None
    if not isinstance(given, Mapping):
        problems.append(Problem("type", "must be an object", file=_FILE, column="objective", value=shown(given)))
        return None, None
    amounts: dict[str, int] = {}
    for name, value in given.items():
        try:
            amounts[name] = _amount(name, value)
        except Refused as refused:
            column = f"objective.{shown(name)}"
            problems.append(Problem(refused.code, refused.detail, file=_FILE, column=column, value=shown(value)))
    if any(name in given for name in _TERMS):
        problems += [
            Problem("missing_field", "the term is missing", file=_FILE, column=f"objective.{name}")
            for name in _TERMS
            if name not in given
        ]
    terms = {f"{name}_micro": amounts[name] for name in _TERMS if name in amounts}
    return (Objective(**terms) if len(terms) == len(_TERMS) else None), amounts.get("total")


def claimed_certified_bound(document: Mapping[str, Any], problems: list[Problem]) -> int | None:
    """Read the certified bound a plan claims, in micro; None where it claims none.

    Parameters
    ----------
    document
        The content of plan.json.
    problems
        What is wrong is added to it.
    """
    given = document.get("certified_bound")
    if given is None:
        return None
    try:
        if not isinstance(given, str):
            raise Refused("type", "money must be text, such as 12.50")
        return to_micro(plan_money(given))
    except Refused as refused:
        column, value = "certified_bound", shown(given)
        problems.append(Problem(refused.code, refused.detail, file=_FILE, column=column, value=value))
        return None


def _amount(name: str, value: Any) -> int:
    if name not in (*_TERMS, "total"):
        raise Refused("unknown_field", f"unknown term; known are {', '.join(_TERMS)}, total")
    if not isinstance(value, str):
        raise Refused("type", "money must be text, such as 12.50")
    return to_micro(plan_money(value))
