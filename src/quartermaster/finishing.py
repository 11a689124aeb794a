"""From a draft to the plan that leaves: judged by its evaluation, with its status, certificate and solver faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib.metadata import version

from quartermaster import io
from quartermaster.domain.certificate import Certificate
from quartermaster.domain.plan import Plan, RunRecord, Status
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.evaluation import evaluate_tables
from quartermaster.machine import machine, peak_memory_bytes, time_zone_version
from quartermaster.planning.optimum import Decision
from quartermaster.planning.pipeline import Draft
from quartermaster.planning.resource_prices import certificate_of
from quartermaster.planning.stock_value import stock_prices_of
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.policy import Policy
from quartermaster.solver_processes import SolverProcesses
from solver_models.runner import Recorded

VERSIONED = ("quartermaster", "geopy", "numpy", "ortools", "scipy", "zipcodes")
"""Packages whose version can change a plan."""
_version = cache(version)  # it reads the disk each time, and a replay makes thousands of plans


def check(snapshot: Snapshot, policy: Policy, draft: Draft) -> None:
    """Have a draft judged by code that shares nothing with the planner.

    Parameters
    ----------
    snapshot, policy
        What it was planned by.
    draft
        The draft.

    Raises
    ------
    ModelError
        If a rule is broken, or a bound is above the cost: our bug.
    """
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
    if draft.foresight is not None:
        decided = judged.objective.total_micro + draft.foresight.stock_value_micro
        if draft.foresight.bound_micro > decided:
            raise ModelError(f"the decision bound {draft.foresight.bound_micro} is above the decision total {decided}")
    for name, bound in (("certified bound", draft.decision.certified_micro), ("bound", draft.decision.bound_micro)):
        if bound is not None and bound > judged.objective.total_micro:
            raise ModelError(f"the {name} {bound} is above the plan's cost {judged.objective.total_micro}")


def with_solver_faults(draft: Draft, recorded: Recorded, processes: SolverProcesses) -> Draft:
    """Add to the decision of a draft what went wrong with solvers, counted and said.

    Parameters
    ----------
    draft
        The draft.
    recorded, processes
        What solvers answered, and the processes they ran in.
    """
    decision = draft.decision
    if decision.bound_micro is None:
        return draft
    claims = decision.counters.get("solver_contradictions", 0)
    counters = {
        **decision.counters,
        "solver_contradictions": claims + len(recorded.contradictions),
        "solver_failures": len(recorded.failures),
        "solver_processes": processes.started,
        "solver_peak_memory_bytes": processes.peak_memory_bytes,
    }
    warnings = list(decision.warnings)
    if claims:
        warnings.append(f"{claims} claims of solvers contradicted plans that are known; they were not used")
    for texts, what in ((recorded.contradictions, "contradicted itself"), (recorded.failures, "failed")):
        warnings += [f"a solver {what}, {count} times: {text}" for text, count in sorted(Counter(texts).items())]
    if processes.unavailable:
        warnings.append(
            f"solvers ran in the planning process, where none can be ended: no process of theirs could be started "
            f"({processes.unavailable})"
        )
    return replace(draft, decision=replace(decision, counters=counters, warnings=tuple(warnings)))


def finish(snapshot: Snapshot, policy: Policy, draft: Draft, watch: Stopwatch) -> Plan:
    """Write a draft that was judged as a plan.

    Parameters
    ----------
    snapshot, policy
        What it was planned by.
    draft
        The draft.
    watch
        Times of the phases.
    """
    tables, decision, foresight = draft.tables, draft.decision, draft.foresight
    total_micro, bound_micro = tables.objective.total_micro, decision.bound_micro
    if foresight is not None:
        total_micro, bound_micro = total_micro + foresight.stock_value_micro, foresight.bound_micro
    sha256 = io.snapshot_sha256(snapshot)
    made = Plan(
        status=_status(total_micro, bound_micro, policy.solver.relative_gap),
        strategy=policy.strategy,
        objective=tables.objective,
        allocations=tables.allocations,
        shipments=tables.shipments,
        backorders=tables.backorders,
        bound_micro=decision.bound_micro,
        kpis=_kpis(tables.kpis, decision.counters),
        snapshot_sha256=sha256,
        policy=policy,
        versions={**{name: _version(name) for name in VERSIONED}, "tzdata": time_zone_version()},
        seed=policy.solver.seed,
        deterministic=decision.deterministic,
        certificate=_certificate(snapshot, decision, sha256),
        stock_prices=None if foresight is None else stock_prices_of(snapshot, foresight.value),
        stock_value_micro=None if foresight is None else foresight.stock_value_micro,
        decision_bound_micro=None if foresight is None else foresight.bound_micro,
    )
    warnings = (*decision.warnings, *_horizon_warnings(snapshot, policy))
    return replace(made, run=_run_record(snapshot, decision.counters, warnings, watch))


def _horizon_warnings(snapshot: Snapshot, policy: Policy) -> tuple[str, ...]:
    """Say that stock is priced for nothing, where the policy looks ahead and the snapshot does not."""
    if not policy.future.horizon_days or len(snapshot.forecast):
        return ()
    return (f"future.horizon_days is {policy.future.horizon_days}, but no forecast is given: it has no effect",)


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
        peak_memory_bytes=peak_memory_bytes(),
        machine=machine(),
        warnings=(*warnings, *(str(problem) for problem in snapshot.warnings)),
        counters=counters,
    )
