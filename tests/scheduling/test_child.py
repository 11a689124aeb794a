"""Planning in a process of its own: whatever it does, a plan comes, or it is said why none does."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace

import pytest
from run_days import canonical

from quartermaster.demo import demo_snapshot
from quartermaster.errors import SolverError
from quartermaster.io import parse_document, read_document, snapshot_document
from quartermaster.policy import Policy, policy_from_mapping
from quartermaster.scheduling import RunSettings
from quartermaster.scheduling.child import Wish, plan_apart, planning_command
from quartermaster.scheduling.commit import brought

OPTIMAL = policy_from_mapping({"solver": {"time_limit_seconds": "0.5"}})
IMPATIENT = RunSettings(
    report=False, start_seconds=120, grace_seconds=0.2, stop_seconds=0.3, patience_seconds=0.3, report_seconds=0.5
)
BEGIN = 'print(\'{"phase": "begin", "share": 0}\', flush=True); '
STOPPABLE = "print('{\"stoppable\": true}', flush=True); "
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PLANNED = (
    "import os, sys; os.mkdir(sys.argv[1] + '/plan'); open(sys.argv[1] + '/plan/plan.json', 'w').write('{}'); "
    "print('{\"planned\": true}', flush=True); "
)


def go_on(progress):
    return Wish.GO_ON


def first(program):
    """A command that runs a program in place of planning, but plans by the rule when that is asked for."""

    def command(folder, settings):
        if json.loads((folder / "policy.json").read_text())["strategy"] == "cheapest":
            return planning_command(folder, settings)
        return [sys.executable, "-c", program, str(folder)]

    return command


def always(program):
    return lambda folder, settings: [sys.executable, "-c", program, str(folder)]


def served(made):
    return int(sum(brought(made.parts).allocations["quantity"]))


@pytest.fixture(scope="module")
def content():
    return canonical(snapshot_document(demo_snapshot(orders=10, nodes=4, skus=10, seed=2)))


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no such luck')", "left with exit code 1: no such luck"),
        (BEGIN + "import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL"),
        (DEAF + BEGIN + "time.sleep(60)", "was ended: it did not stop in time"),
        (DEAF + "print('noise'); print('[1]'); print('{\"phase\": 1}', flush=True); time.sleep(1)", "exit code 0"),
        (BEGIN + "import os, time; os.close(1); time.sleep(60)", "was ended: it said nothing more"),
    ],
)
def test_the_rule_plans_where_the_planning_process_fails(content, program, said):
    made = plan_apart(content, OPTIMAL, IMPATIENT, go_on, first(program))
    assert said in made.fallback
    assert made.fallback.startswith("planning by optimal ")
    assert json.loads(made.parts["plan.json"])["strategy"] == "cheapest"
    assert len(brought(made.parts).allocations) > 0


def test_where_the_rule_fails_too_both_ends_are_told(content):
    with pytest.raises(SolverError) as failed:
        plan_apart(content, OPTIMAL, IMPATIENT, go_on, always("import sys; sys.exit('worn out')"))
    said = "left with exit code 1: worn out"
    assert str(failed.value) == f"planning by optimal {said}; planning by cheapest {said}"
    with pytest.raises(SolverError, match=r"^planning by cheapest could not be started"):
        plan_apart(content, Policy(strategy="cheapest"), IMPATIENT, go_on, lambda *_: ["/no/such/program"])


def test_a_process_that_takes_too_much_memory_ends_there_and_not_here(content):
    tight = replace(IMPATIENT, memory_bytes=50 * 2**20)
    with pytest.raises(SolverError, match=r"^planning by cheapest left with exit code 1"):
        plan_apart(content, Policy(strategy="cheapest"), tight, go_on)


def test_a_plan_that_is_there_is_kept_whatever_becomes_of_its_report(content):
    made = plan_apart(content, OPTIMAL, IMPATIENT, go_on, always(DEAF + BEGIN + PLANNED + "time.sleep(60)"))
    assert (dict(made.parts), made.fallback) == ({"plan.json": b"{}"}, "")


def test_a_process_that_must_end_at_once_is_gone(content):
    pids = []

    def ask(progress):
        return Wish.END if progress["phase"] == "7" else Wish.GO_ON

    def command(folder, settings):
        pids.append(folder / "pid")
        program = (
            DEAF + "import os, sys; open(sys.argv[1] + '/pid.part', 'w').write(str(os.getpid())); "
            "os.link(sys.argv[1] + '/pid.part', PID); print('{\"phase\": \"7\"}', flush=True); time.sleep(60)"
        )
        return [sys.executable, "-c", program.replace("PID", repr(f"{folder}-pid")), str(folder)]

    assert plan_apart(content, OPTIMAL, IMPATIENT, ask, command) is None
    kept = pids[0].parent.with_name(pids[0].parent.name + "-pid")
    pid = int(kept.read_text())
    kept.unlink()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not pids[0].parent.exists()


def test_the_best_plan_so_far_comes_when_it_is_asked_to_stop():
    snapshot = demo_snapshot(orders=400, nodes=20, skus=100, seed=1)
    endless = policy_from_mapping({"solver": {"time_limit_seconds": 600, "relative_gap": 0}})
    settings, phases = RunSettings(report=False, patience_seconds=120), []

    def ask(progress):
        phases.append(progress["phase"])
        return Wish.STOP if progress["phase"] == "solve" else Wish.GO_ON

    begun = time.monotonic()
    made = plan_apart(canonical(snapshot_document(snapshot)), endless, settings, ask)
    document = json.loads(made.parts["plan.json"])
    assert (made.fallback, document["strategy"]) == ("", "optimal")
    assert document["bound"] is not None
    assert phases[0] == "start"
    assert "rule cheapest" in phases
    assert time.monotonic() - begun < 300  # half of its limit


def test_a_wish_to_stop_from_the_first_look_on_has_the_plan_that_there_is(content):
    """It is passed on when there is one: a process that still loads would be ended by the signal, with nothing."""
    made = plan_apart(content, OPTIMAL, RunSettings(report=False), lambda _: Wish.STOP)
    assert (made.fallback, json.loads(made.parts["plan.json"])["strategy"]) == ("", "optimal")
    at_ease = plan_apart(content, Policy(strategy="cheapest"), RunSettings(report=False), go_on)
    assert served(made) == served(at_ease) > 0


def test_the_patience_with_a_process_asked_to_stop_begins_when_it_has_a_plan(content):
    endless = policy_from_mapping({"solver": {"time_limit_seconds": 600}})
    settings = RunSettings(report=False, patience_seconds=0.5)
    slow = always(DEAF + BEGIN + "time.sleep(2); " + STOPPABLE + PLANNED)
    assert plan_apart(content, endless, settings, lambda _: Wish.STOP, slow).parts == {"plan.json": b"{}"}
    deaf = first(DEAF + BEGIN + STOPPABLE + "time.sleep(60)")
    made = plan_apart(content, endless, settings, lambda _: Wish.STOP, deaf)
    assert made.fallback == "planning by optimal was ended: it did not stop in time"
    assert served(made) > 0


def test_a_planning_process_killed_in_the_middle(content):
    """The true planning process, killed from outside while it reads or plans: the rule's plan comes."""
    killed = []

    def command(folder, settings):
        words = planning_command(folder, settings)
        killing = "import os, signal, threading; threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGKILL)).start(); "
        if not killed:
            killed.append(signal.SIGKILL)
            return [*words[:-1], killing + words[-1]]
        return words

    made = plan_apart(content, OPTIMAL, IMPATIENT, go_on, command)
    assert made.fallback == "planning by optimal was ended by SIGKILL"
    snapshot = read_document(parse_document(content)).snapshot
    ordered = sum(line.quantity for line in snapshot.order_lines)
    plan = brought(made.parts)
    assert sum(plan.allocations["quantity"]) + sum(plan.backorders["quantity"]) == ordered
