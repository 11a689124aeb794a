"""The public functions: everything the command line, the service and notebooks call."""

from __future__ import annotations

import platform
import sys
import zoneinfo
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from time import monotonic

from quartermaster import io
from quartermaster.demo import demo_snapshot
from quartermaster.domain.certificate import Certificate
from quartermaster.domain.plan import Plan, RunRecord, Status
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.evaluation import Evaluation, evaluate_tables
from quartermaster.io import read_policy
from quartermaster.planning import pipeline
from quartermaster.planning.optimum import Decision
from quartermaster.planning.pipeline import Draft
from quartermaster.planning.resource_prices import certificate_of
from quartermaster.planning.stopwatch import Progress, Stopwatch
from quartermaster.policy import OPTIMAL, RULES, Policy
from quartermaster.report import report_html

__all__ = ["compare", "demo_snapshot", "evaluate", "plan", "read_policy", "report_html"]

VERSIONED = ("quartermaster", "geopy", "numpy", "ortools", "scipy", "zipcodes")
"""Packages whose version can change a plan."""


def plan(snapshot: Snapshot, policy: Policy | None = None, *, progress: Progress | None = None) -> Plan:
    """Plan all open orders of a snapshot.

    Parameters
    ----------
    snapshot
        From `read_snapshot` and its kin, or built from row objects (then it is checked first).
    policy
        How to plan; the defaults when None.
    progress
        Told the phase and the share of it that is done.

    Returns
    -------
    Plan
        Checked by `quartermaster.evaluation`: every constraint holds and the cost is recomputed to the last integer.

    Raises
    ------
    InputError
        If the snapshot is not valid.
    ModelError
        If evaluation and planner disagree: our bug.
    """
    policy = policy or Policy()
    ready = io.ready(snapshot)
    watch = Stopwatch(monotonic, float(policy.solver.time_limit_seconds), progress)
    draft = pipeline.plan(ready, policy, watch)
    with watch.phase("evaluate"):
        _check(ready, policy, draft)
    return _finish(ready, policy, draft, watch)


def evaluate(snapshot: Snapshot, plan: Plan | io.BroughtPlan | str | Path, policy: Policy | None = None) -> Evaluation:
    """Recompute the cost of a plan and check every constraint, without a solver.

    Parameters
    ----------
    snapshot
        What was planned.
    plan
        A plan, one that was read, or the folder of one (allocations.csv and shipments.csv suffice).
    policy
        The policy to judge by; the plan's own when None (the defaults when it has none). What a plan claims under a
        policy of other costs is not compared: under another policy it costs something else.

    Returns
    -------
    Evaluation
        `objective` and `violations`; no violation = feasible.

    Raises
    ------
    InputError
        If the snapshot or the plan folder cannot be read.
    """
    ready = io.ready(snapshot)
    brought = _brought(plan)
    policy = policy or brought.policy or Policy()
    comparable = brought.policy is None or _same_costs(policy, brought.policy)
    return evaluate_tables(
        ready,
        policy,
        brought.allocations,
        brought.shipments if comparable else brought.shipments.drop(columns=["distance", "late"], errors="ignore"),
        brought.backorders,
        brought.claimed if comparable else None,
        claimed_total_micro=brought.claimed_total_micro if comparable else None,
    )


def _brought(plan: Plan | io.BroughtPlan | str | Path) -> io.BroughtPlan:
    if isinstance(plan, io.BroughtPlan):
        return plan
    if not isinstance(plan, Plan):
        return io.read_plan(plan)
    return io.BroughtPlan(
        allocations=plan.allocations,
        shipments=plan.shipments,
        backorders=plan.backorders,
        policy=plan.policy,
        claimed=plan.objective,
    )


def _same_costs(one: Policy, other: Policy) -> bool:
    """Whether a plan costs the same under both: strategy, solver and limits have no say in that."""
    costs, other_costs = (
        (policy.objective, policy.backorder, policy.service.late, policy.service.cost_per_late_day)
        for policy in (one, other)
    )
    return costs == other_costs


def compare(snapshot: Snapshot, policy: Policy | None = None, *, progress: Progress | None = None) -> list[Plan]:
    """Plan a snapshot by the optimum and by every named rule.

    Parameters
    ----------
    snapshot, policy, progress
        As in `plan`; the policy's strategy is not used.

    Returns
    -------
    list of Plan
        The optimum first, then the rules in the order of `quartermaster.policy.RULES`.
    """
    policy = policy or Policy()
    ready = io.ready(snapshot)
    return [plan(ready, replace(policy, strategy=name), progress=progress) for name in (OPTIMAL, *RULES)]


def _check(snapshot: Snapshot, policy: Policy, draft: Draft) -> None:
    tables = draft.tables
    judged = evaluate_tables(
        snapshot, policy, tables.allocations, tables.shipments, tables.backorders, tables.objective
    )
    if judged.violations:
        first = judged.violations[0]
        raise ModelError(
            f"the plan breaks {len(judged.violations)} rules by its evaluation; the first is {first.rule} at "
            f"{first.where}: {first.message}"
        )
    for name, bound in (("certified bound", draft.decision.certified_micro), ("bound", draft.decision.bound_micro)):
        if bound is not None and bound > judged.objective.total_micro:
            raise ModelError(f"the {name} {bound} is above the plan's cost {judged.objective.total_micro}")


def _finish(snapshot: Snapshot, policy: Policy, draft: Draft, watch: Stopwatch) -> Plan:
    tables, decision = draft.tables, draft.decision
    sha256 = io.snapshot_sha256(snapshot)
    made = Plan(
        status=_status(tables.objective.total_micro, decision.bound_micro, policy.solver.relative_gap),
        strategy=policy.strategy,
        objective=tables.objective,
        allocations=tables.allocations,
        shipments=tables.shipments,
        backorders=tables.backorders,
        bound_micro=decision.bound_micro,
        kpis=_kpis(tables.kpis, decision.counters),
        snapshot_sha256=sha256,
        policy=policy,
        versions={**{name: version(name) for name in VERSIONED}, "tzdata": _time_zone_version()},
        seed=policy.solver.seed,
        deterministic=decision.deterministic,
        certificate=_certificate(snapshot, decision, sha256),
    )
    return replace(made, run=_run_record(snapshot, decision.counters, decision.warnings, watch))


def _certificate(snapshot: Snapshot, decision: Decision, sha256: str) -> Certificate | None:
    if decision.prices is None or decision.certified_micro is None:
        return None
    return certificate_of(snapshot, decision.prices, decision.certified_micro, sha256)


def _status(total_micro: int, bound_micro: int | None, relative_gap: Decimal) -> Status:
    if bound_micro is None:
        return Status.HEURISTIC
    return Status.OPTIMAL if total_micro - bound_micro <= relative_gap * max(total_micro, 1) else Status.FEASIBLE


def _kpis(kpis: Mapping[str, Decimal], counters: Mapping[str, int]) -> dict[str, Decimal]:
    """Add how many orders the rule `cheapest` could not take exactly, where it was asked."""
    inexact = {"inexact": Decimal(counters["inexact"]).quantize(Decimal("0.000001"))} if "inexact" in counters else {}
    return {**kpis, **inexact}


def _run_record(snapshot: Snapshot, counters: dict[str, int], warnings: tuple[str, ...], watch: Stopwatch) -> RunRecord:
    return RunRecord(
        seconds=dict(watch.seconds),
        peak_memory_bytes=_peak_memory_bytes(),
        machine={
            "system": platform.system(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        warnings=(*warnings, *(str(problem) for problem in snapshot.warnings)),
        counters=counters,
    )


def _time_zone_version() -> str:
    """Version of the time zone data in use: the system's, else that of the package ``tzdata``."""
    for folder in zoneinfo.TZPATH:
        listing = Path(folder) / "tzdata.zi"
        if listing.is_file():
            with listing.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version").strip()
    return version("tzdata")


def _peak_memory_bytes() -> int:
    """Peak resident memory of this process; 0 on systems that do not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
