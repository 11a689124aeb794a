"""Reading a run of the results: gap, memory, savings, and which aims it missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quartermaster.bench.families import FAMILIES, Aim
from quartermaster.bench.results import Run
from quartermaster.policy import OPTIMAL

SLACK_SECONDS = 0.5
SLACK_SHARE = 0.1
"""A limit is kept to within the greater of the two."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the optimum of one instance came to.

    Parameters
    ----------
    total
        Its cost.
    gap
        As its best bound says, as a fraction; None = no bound.
    certified_gap
        As its certificate says, recomputed where it was verified; None = no certificate.
    wall_seconds, cpu_seconds
        Of the planning run.
    memory_mb
        Peak of reading and planning, with every process they started.
    violations
        What verifying found; None = not verified.
    missed
        Words on each aim that it missed.
    """

    total: Decimal
    gap: float | None
    certified_gap: float | None
    wall_seconds: float
    cpu_seconds: float
    memory_mb: float
    violations: int | None
    missed: tuple[str, ...]


def plan_of(run: Run, strategy: str = OPTIMAL) -> dict[str, Any] | None:
    """Find the figures of one strategy; None where it gave none.

    Parameters
    ----------
    run, strategy
        Which.
    """
    return next((plan for plan in run["plans"] if plan["strategy"] == strategy), None)


def outcome_of(run: Run) -> Outcome | None:
    """Read the optimum of a run; None where there is none.

    Parameters
    ----------
    run
        The run.
    """
    plan = plan_of(run)
    if plan is None:
        return None
    check = run.get("verify") or {}
    certified = _number(check.get("certified_gap") or plan.get("certified_gap"))
    memory = max(plan["peak_memory_mb"], plan.get("tree_memory_mb", 0.0)) if "peak_memory_mb" in plan else 0.0
    gap, violations = _number(plan["gap"]), check.get("violations")
    aim = FAMILIES[run["family"]].aim if run["family"] in FAMILIES else None
    missed = _missed(aim, gap, certified, plan["wall_seconds"], memory) if aim else []
    limit = run["time_limit_seconds"]
    if plan["wall_seconds"] > limit + max(SLACK_SECONDS, SLACK_SHARE * limit):
        missed.append(f"limit of {limit} s passed: {plan['wall_seconds']:.1f} s")
    if violations:
        missed.append(f"{violations} violations")
    missed += [f"verify: {fault}" for fault in check.get("faults", [])]
    return Outcome(
        total=Decimal(plan["total"]),
        gap=gap,
        certified_gap=certified,
        wall_seconds=plan["wall_seconds"],
        cpu_seconds=plan["cpu_seconds"],
        memory_mb=memory,
        violations=violations,
        missed=tuple(missed),
    )


def saving(run: Run, rule: str) -> float | None:
    """Compute the share of a rule's cost that the optimum saves; None where either has no whole plan.

    Parameters
    ----------
    run, rule
        Which.
    """
    best, other = plan_of(run), plan_of(run, rule)
    if best is None or other is None or not other.get("finished", True):
        return None
    return float(1 - Decimal(best["total"]) / Decimal(other["total"]))


def plain_words(run: Run, answer: dict[str, Any]) -> str:
    """Say what a plain model came to, beside the optimum.

    Parameters
    ----------
    run, answer
        The run, and one of its ``plain``.
    """
    size = answer["size"]
    if size and not size["built"]:
        return f"not built: {size['columns'] / 1e6:,.1f} million columns"
    if answer["total"] is None:
        return f"no plan{', ended from outside' if answer.get('error') else ''}" if size else "failed before solving"
    best = plan_of(run)
    words = f"{answer['total']:,.2f}"
    if best is not None:
        words = f"{100 * (answer['total'] / float(best['total']) - 1):+.2f} %"
    gap = plain_gap(answer)
    proven = "" if gap is None else ", proven" if gap <= 1e-4 else f", gap {100 * gap:.2f} %"
    return f"{words}{proven}, {answer['wall_seconds']:.0f} s"


def plain_gap(answer: dict[str, Any]) -> float | None:
    """Compute the gap that the solver of a plain model claims.

    Parameters
    ----------
    answer
        One of a run's ``plain``.
    """
    if answer["total"] is None or answer["bound"] is None:
        return None
    return max(0.0, float((answer["total"] - answer["bound"]) / max(abs(answer["total"]), 1e-6)))


def worst(values: Sequence[float | None]) -> float | None:
    """Return the greatest of some figures; None where any is missing.

    Parameters
    ----------
    values
        The figures.
    """
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _missed(aim: Aim, gap: float | None, certified: float | None, seconds: float, memory: float) -> list[str]:
    known = [value for value in ((gap, certified) if aim.by_solver else (certified,)) if value is not None]
    missed = []
    if not known:
        missed.append("no certificate" if not aim.by_solver else "no bound")
    elif min(known) > aim.gap:
        missed.append(f"gap {100 * min(known):.2f} % > {100 * aim.gap:.2f} %")
    if seconds > aim.seconds + max(SLACK_SECONDS, SLACK_SHARE * aim.seconds):
        missed.append(f"{seconds:.0f} s > {aim.seconds:.0f} s")
    if aim.memory_mb and memory > aim.memory_mb:
        missed.append(f"{memory:,.0f} MB > {aim.memory_mb:,.0f} MB")
    return missed


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
