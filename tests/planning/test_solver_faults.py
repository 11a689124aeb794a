"""Whatever solvers say or do: a checked plan, not dearer than the best rule, no bound above its cost, and a warning."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from decimal import Decimal
from functools import cache
from random import Random
from threading import Timer

import pytest
from instances import crowded_instance
from plan_checks import check_plan
from solver_doubles import DUAL_DOUBLES, HARMLESS, LIES, doubled
from solver_process_doubles import LATE, MISDEEDS, NEVER_READY, command

from quartermaster import api
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import RULES, Policy
from quartermaster.solver_processes import SolverProcesses, pool
from solver_models.backend import Answer, LinearModel, Solver, solve_linear
from solver_models.runner import InProcess, Runner

KILLS = int(os.environ.get("QUARTERMASTER_KILLS", "10"))


@cache
def contended() -> tuple[Snapshot, Policy, int, int]:
    """The first crowded instance whose plan needs an integer program; the cost of its optimum and of its best rule."""
    for seed in range(100):
        snapshot, policy = crowded_instance(seed)
        asked: list[Solver] = []

        def noted(model: LinearModel, solver: Solver, *, asked: list[Solver] = asked, **limits) -> Answer:
            asked.append(solver)
            return solve_linear(model, solver, **limits)

        with pytest.MonkeyPatch.context() as patch:
            best = planned(patch, InProcess(noted), snapshot, policy)
        rules = [api.plan(snapshot, replace(policy, strategy=name)).objective.total_micro for name in RULES]
        if set(asked) - {Solver.GLOP} and best.objective.total_micro < min(rules):
            return snapshot, policy, best.objective.total_micro, min(rules)
    raise AssertionError("no such instance")


def planned(patch: pytest.MonkeyPatch, runner: Runner, snapshot: Snapshot, policy: Policy) -> Plan:
    """Plan with all solving done by a runner in this process."""
    patch.setattr(api, "SolverProcesses", lambda workers: SolverProcesses(workers, small=10**9, fallback=runner))
    return api.plan(snapshot, policy)


def check(plan: Plan) -> None:
    snapshot, policy, best, best_rule = contended()
    check_plan(snapshot, replace(policy, solver=plan.policy.solver), plan)
    assert best <= plan.objective.total_micro <= best_rule
    assert plan.bound_micro is not None
    assert plan.bound_micro <= plan.objective.total_micro


def faults(plan: Plan) -> int:
    return plan.run.counters["solver_contradictions"] + plan.run.counters["solver_failures"]


def check_said(plan: Plan) -> None:
    """Counted, and a sentence for it."""
    assert faults(plan) >= 1
    assert any("solver" in warning for warning in plan.run.warnings)


def test_honest_solvers_are_not_accused(monkeypatch):
    snapshot, policy, best, _ = contended()
    plan = planned(monkeypatch, InProcess(), snapshot, policy)
    check(plan)
    assert plan.objective.total_micro == best
    assert faults(plan) == 0


@pytest.mark.parametrize("name", LIES)
def test_programs_that_lie(name, monkeypatch):
    snapshot, policy, _, _ = contended()
    plan = planned(monkeypatch, doubled(programs=LIES[name]), snapshot, policy)
    check(plan)
    check_said(plan)


@pytest.mark.parametrize("name", ["says infeasible", "returns noise", "raises status 99", "returns nothing at all"])
def test_everything_lies(name, monkeypatch):
    """Masters too."""
    snapshot, policy, _, _ = contended()
    plan = planned(monkeypatch, InProcess(LIES[name]), snapshot, policy)
    check(plan)
    check_said(plan)


@pytest.mark.parametrize("name", DUAL_DOUBLES)
def test_masters_that_lie(name, monkeypatch):
    snapshot, policy, best, _ = contended()
    plan = planned(monkeypatch, doubled(masters=DUAL_DOUBLES[name]), snapshot, policy)
    check(plan)
    assert plan.objective.total_micro == best
    assert (faults(plan) > 0) == (name in {"duals of NaN", "infinite duals", "a value far too high", "a value of NaN"})


@pytest.mark.parametrize("name", HARMLESS)
def test_rounding_is_no_lie(name, monkeypatch):
    snapshot, policy, best, _ = contended()
    plan = planned(monkeypatch, doubled(programs=HARMLESS[name]), snapshot, policy)
    check(plan)
    assert plan.objective.total_micro == best
    assert faults(plan) == 0


def planned_by(patch: pytest.MonkeyPatch, kind: str, seconds: int) -> Plan:
    """Plan with solver processes of a kind that misbehaves."""
    snapshot, policy, _, _ = contended()
    patch.setattr(pool, "GRACE_SECONDS", 0.1)
    patch.setattr(
        api, "SolverProcesses", lambda workers: SolverProcesses(workers, small=0, command=lambda: command(kind))
    )
    return api.plan(snapshot, replace(policy, solver=replace(policy.solver, time_limit_seconds=Decimal(seconds))))


@pytest.mark.parametrize("kind", MISDEEDS)
def test_solver_processes_that_misbehave(kind, monkeypatch):
    plan = planned_by(monkeypatch, kind, 3 if kind in LATE else 60)
    check(plan)
    check_said(plan)


def test_solver_processes_that_never_start(monkeypatch):
    """Then solvers run in this process, and the plan says so."""
    plan = planned_by(monkeypatch, NEVER_READY, 60)
    check(plan)
    assert any("no process of theirs could be started" in warning for warning in plan.run.warnings)


def test_kill_9_at_a_random_time(monkeypatch):
    """QUARTERMASTER_KILLS says how often (10 by default; the long run takes 100)."""
    snapshot, policy, _, _ = contended()
    killed = 0
    for number in range(KILLS):
        with pytest.MonkeyPatch.context() as patch:
            started: list[SolverProcesses] = []

            def make(workers: int, *, started: list[SolverProcesses] = started) -> SolverProcesses:
                started.append(SolverProcesses(workers, small=0))
                started[0].start()
                return started[0]

            patch.setattr(api, "SolverProcesses", make)
            begun = Timer(Random(number).uniform(0.0, 1.2), lambda started=started: kill(started[0]))
            begun.start()
            plan = api.plan(snapshot, policy)
            begun.cancel()
            check(plan)
            killed += started[0].started > 1
    assert killed >= KILLS // 10


def kill(processes: SolverProcesses) -> None:
    for child in list(processes._children):
        os.kill(child.pid, signal.SIGKILL)
