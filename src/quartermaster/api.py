"""The public functions: everything the command line, the service and notebooks call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from quartermaster import io
from quartermaster.demo import demo_snapshot
from quartermaster.domain.certificate import Certificate, StockPrices
from quartermaster.domain.plan import Plan
from quartermaster.domain.scarcity import ScarceResource, scarcest
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.evaluation import Evaluation, evaluate_tables
from quartermaster.finishing import check, finish, with_solver_faults
from quartermaster.io import read_policy
from quartermaster.planning import pipeline
from quartermaster.planning.stopwatch import Progress, Stopwatch
from quartermaster.policy import OPTIMAL, RULES, Policy
from quartermaster.report import report_html
from quartermaster.solver_processes import SolverProcesses
from quartermaster.verification import Verification, verify_plan
from quartermaster.verification.verdict import CELLS
from solver_models.runner import Recorded

__all__ = ["compare", "demo_snapshot", "evaluate", "plan", "prices", "read_policy", "report_html", "verify"]

START_EARLY = 2_000
"""Orders times nodes from which solver processes start at once, beside the named rules; else when one is needed."""
SECONDS_TO_START = 0.5
"""Time limit below which none is started early: it would not be ready in time, and slow the named rules down."""
SECONDS_TO_CHECK = 0.0001
"""Seconds per order line that writing a plan down and checking it take."""
CHECK_AFTER_LIMIT = 0.25
"""Seconds of that which may come after the time limit, half of what a run may overrun it; the rest is kept from it."""
SHARE_TO_CHECK = 0.5
"""Share of the time limit that may be kept for it: what is checked must first be planned."""


def plan(
    snapshot: Snapshot,
    policy: Policy | None = None,
    *,
    stock_prices: StockPrices | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Plan all open orders of a snapshot.

    Parameters
    ----------
    snapshot
        From `read_snapshot` and its kin, or built from row objects (then it is checked first).
    policy
        How to plan; the defaults when None.
    stock_prices
        What a unit of stock is worth to orders still to come, for the strategy optimal. None = what the snapshot's
        forecast makes it worth over the policy's `future.horizon_days`, if both are given.
    progress
        Told the phase and the share of it that is done.
    stop
        Asked now and then, from this thread, whether to end with the best plan so far, as if the time were over.

    Returns
    -------
    Plan
        Checked by `quartermaster.evaluation`: every constraint holds and the cost is recomputed to the last integer.

    Raises
    ------
    InputError
        If the snapshot is not valid, or a price is of a node or SKU that it does not have.
    ModelError
        If evaluation and planner disagree: our bug.
    """
    policy = policy or Policy()
    ready = io.ready(snapshot)
    if stock_prices is not None:
        _refuse_any(io.stock_price_problems(stock_prices, ready))
    limit = float(policy.solver.time_limit_seconds)
    to_check = min(SHARE_TO_CHECK * limit, SECONDS_TO_CHECK * len(ready.order_lines) - CHECK_AFTER_LIMIT)
    watch = Stopwatch(monotonic, limit - max(0.0, to_check), progress, stop)
    with SolverProcesses(policy.solver.threads) as processes:
        large = len(ready.orders) * len(ready.nodes) >= START_EARLY
        if policy.strategy == OPTIMAL and large and limit >= SECONDS_TO_START:
            processes.start()
        recorded = Recorded(processes)
        draft = pipeline.plan(ready, policy, watch, recorded, stock_prices)
    with watch.phase("evaluate"):
        check(ready, policy, draft)
    return finish(ready, policy, with_solver_faults(draft, recorded, processes), watch)


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


def verify(
    snapshot: Snapshot,
    plan: Plan | str | Path,
    *,
    cells: int = CELLS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Verification:
    """Check a plan and its certificate without a solver: every rule, every cost, and the lower bound.

    The bound is recomputed from the prices of the certificate under the plan's own policy, and the rating that it rests
    on is compared with evaluation on cells drawn at random.

    Parameters
    ----------
    snapshot
        What was planned.
    plan
        A plan, or the folder of one. A plan of a named rule has no certificate; the rest is checked all the same.
    cells, seed
        How many rating cells to compare, and which.
    progress
        Told the phase and the share of it that is done.

    Raises
    ------
    InputError
        If the snapshot, the plan folder or the certificate cannot be read, or the certificate prices what the snapshot
        does not have.
    ModelError
        If the recomputed bound is above the cost of a plan that breaks no rule: our bug.
    """
    tell = progress or (lambda phase, share: None)
    ready = io.ready(snapshot)
    brought, certificate = _with_certificate(plan)
    sha256 = io.snapshot_sha256(ready)
    if certificate is not None and certificate.snapshot_sha256 == sha256:
        _refuse_any(io.certificate_problems(certificate, ready, sha256))
    tell("evaluate", 0.0)
    evaluation = evaluate(ready, brought)
    tell("evaluate", 1.0)
    made_for = plan.snapshot_sha256 if isinstance(plan, Plan) else brought.document.get("snapshot_sha256")
    return verify_plan(
        ready,
        brought.policy or Policy(),
        evaluation,
        certificate,
        snapshot_sha256=sha256,
        plan_sha256=None if made_for is None else str(made_for),
        claimed_in_plan_micro=brought.certified_bound_micro,
        cells=cells,
        seed=seed,
        tell=tell,
    )


def prices(snapshot: Snapshot, plan: Plan | str | Path, *, top: int | None = None) -> list[ScarceResource]:
    """List the scarcest resources of a plan: an estimate of what one more unit would save, dearest first.

    Parameters
    ----------
    snapshot
        What was planned.
    plan
        A plan by the optimum, or the folder of one.
    top
        How many; None = every resource that has a price.

    Raises
    ------
    InputError
        If the snapshot or the plan folder cannot be read, the plan has no prices, or they are of another snapshot.
    """
    ready = io.ready(snapshot)
    brought, certificate = _with_certificate(plan)
    if certificate is None:
        detail = "has no prices: named rules find none, plan with the strategy optimal"
        raise InputError([Problem("file_missing", detail, file="certificate.json")])
    _refuse_any(io.certificate_problems(certificate, ready, io.snapshot_sha256(ready)))
    return scarcest(ready, certificate, brought.allocations, brought.shipments, top)


def _with_certificate(plan: Plan | str | Path) -> tuple[io.BroughtPlan, Certificate | None]:
    """Read a plan and its certificate, with the problems of both; None where it has none and claims none."""
    if isinstance(plan, Plan):
        return _brought(plan), plan.certificate
    problems: list[Problem] = []
    brought, certificate = None, None
    try:
        brought = io.read_plan(plan)
    except InputError as error:
        problems += error.problems
    claims = brought is not None and brought.certified_bound_micro is not None
    if claims or (Path(plan) / io.CERTIFICATE_FILE).exists():
        try:
            certificate = io.read_certificate(plan)
        except InputError as error:
            problems += error.problems
    if brought is None or problems:
        raise InputError(problems)
    return brought, certificate


def _refuse_any(problems: Sequence[Problem]) -> None:
    if problems:
        raise InputError(problems)


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
        certified_bound_micro=plan.certified_bound_micro,
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
