"""The real solver processes: the same answers as in this process, nothing left behind, nobody's main module run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from solver_process_doubles import command

from quartermaster.solver_processes import SolverProcesses, child, pool
from solver_models.backend import LinearModel, Solver
from solver_models.runner import IN_PROCESS, SolveJob

LONG = 60.0


def program(n: int = 12, seed: int = 1, *, integer: bool = True) -> LinearModel:
    rng = np.random.default_rng(seed)
    weight = rng.integers(20, 90, (3, n)).astype(float)
    return LinearModel(
        -weight.sum(axis=0) - rng.integers(0, 9, n),
        np.zeros(n),
        np.ones(n),
        np.full(n, integer),
        sparse.csr_array(weight),
        np.full(3, -np.inf),
        np.full(3, 20.0 * n),
    )


@pytest.fixture(scope="module")
def two() -> Iterator[SolverProcesses]:
    with SolverProcesses(2, small=0) as processes:
        yield processes


def test_answers_are_those_of_this_process_in_the_order_of_the_jobs(two):
    jobs = [
        SolveJob(program(seed=seed, integer=solver is not Solver.GLOP), solver, LONG, seed=3, hint=hint)
        for seed in range(3)
        for solver, hint in ((Solver.HIGHS, np.full(12, np.nan)), (Solver.SCIP, None), (Solver.GLOP, None))
    ]
    for there, here in zip(two.run(jobs), IN_PROCESS.run(jobs), strict=True):
        assert there.failure == here.failure == ""
        assert there.bound == here.bound
        assert there.objective == here.objective
        assert np.array_equal(there.values, here.values)
        assert (there.row_duals is None) == (here.row_duals is None)
        assert there.row_duals is None or np.array_equal(there.row_duals, here.row_duals)
    assert two.peak_memory_bytes > 10**7


def test_a_long_answer_may_follow_a_short_one():
    with SolverProcesses(1, small=0) as one:
        jobs = [SolveJob(program(n, integer=False), Solver.GLOP, LONG) for n in (12, 20_000)]
        assert [answer.failure for answer in one.run(jobs)] == ["", ""]
        assert one.started == 1


def test_no_jobs_no_answers(two):
    assert two.run([]) == []


def test_what_the_solver_refuses_is_said(two):
    answer = two.run([SolveJob(program(), Solver.GLOP, LONG)])[0]
    assert answer.values is None
    assert "integer" in answer.failure


def test_ctrl_c_is_for_the_parent(two):
    two.run([SolveJob(program(), Solver.HIGHS, LONG)] * 2)
    before = two.started
    for own in two._children:
        os.kill(own.pid, signal.SIGINT)
    assert [answer.failure for answer in two.run([SolveJob(program(), Solver.HIGHS, LONG)] * 2)] == ["", ""]
    assert two.started == before


def test_a_process_that_was_killed_between_two_runs_is_replaced_and_nobody_is_blamed(two):
    two.run([SolveJob(program(), Solver.HIGHS, LONG)] * 2)
    for own in two._children:
        os.kill(own.pid, signal.SIGKILL)
        until(own.gone)
    time.sleep(0.2)  # for the word of it
    assert [answer.failure for answer in two.run([SolveJob(program(), Solver.HIGHS, LONG)] * 2)] == ["", ""]


def until(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    patience = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < patience
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


@pytest.mark.parametrize("seconds", [0.0, 1.1])
def test_a_program_is_waited_for_as_long_as_its_size_may_overrun_the_limit(seconds, monkeypatch):
    monkeypatch.setattr(pool, "overrun", lambda model: seconds)
    with SolverProcesses(1, small=0, command=lambda: command("hangs and ignores SIGTERM")) as processes:
        (answer,) = processes.run([SolveJob(program(), Solver.HIGHS, 1.0)])
    assert f"did not answer within {1.0 + max(pool.GRACE_SECONDS, seconds):.1f} s" in answer.failure


def test_closing_leaves_nothing_and_may_be_repeated():
    processes = SolverProcesses(2)
    processes.start()
    pids = [own.pid for own in processes._children]
    assert len(pids) == 2
    for _ in range(2):
        processes.close()
        for pid in pids:
            with pytest.raises(ProcessLookupError):  # not even a zombie
                os.kill(pid, 0)
    with pytest.raises(ValueError, match="closed"):
        processes.run([SolveJob(program(), Solver.HIGHS, LONG)])


def test_small_programs_and_short_limits_start_no_process():
    with SolverProcesses() as processes:
        assert processes.run([SolveJob(program(), Solver.HIGHS, LONG)])[0].finished
        answer = processes.run([SolveJob(program(5_000), Solver.HIGHS, 0.05)])[0]
        assert answer.values is None
        assert answer.failure == ""
        assert processes.started == 0


@pytest.mark.parametrize("why", ["frozen", "no interpreter"])
def test_without_an_interpreter_solvers_run_here(why, monkeypatch):
    if why == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(sys, "executable", "/usr/sbin/uwsgi")
        monkeypatch.setattr(sys, "prefix", "/nowhere")
    with SolverProcesses(3, small=0) as processes:
        assert processes.run([SolveJob(program(), Solver.HIGHS, LONG)])[0].finished
        assert processes.unavailable
        assert processes.workers == 1


def test_a_system_that_starts_no_process(monkeypatch):
    def refuse(*given, **named):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(child.subprocess, "Popen", refuse)
    with SolverProcesses(small=0) as processes:
        assert processes.run([SolveJob(program(), Solver.HIGHS, LONG)])[0].finished
        assert "temporarily unavailable" in processes.unavailable


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are Linux's")
def test_a_solver_that_needs_more_memory_than_it_may_take_costs_its_answer_only():
    with SolverProcesses(small=0, memory_bytes=200_000_000) as processes:
        heavy = program(300_000, integer=False)
        answers = processes.run([SolveJob(model, Solver.HIGHS, LONG) for model in (program(), heavy, program())])
    assert [answer.values is not None for answer in answers] == [True, False, True]
    assert answers[1].failure


PRINTS = """
import os
from quartermaster.solver_processes import worker
from solver_models.backend import solve_linear
def loud(*given, **limits):
    for stream in (1, 2):
        os.write(stream, b"Running HiGHS" * 300_000)
    print("and more", flush=True)
    return solve_linear(*given, **limits)
worker.main(os.getppid(), solve=loud)
"""


def test_what_solvers_print_does_no_harm():
    paths = [path for path in sys.path if os.path.isabs(path)]
    start = [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {paths!r}\n{PRINTS}"]
    with SolverProcesses(small=0, command=lambda: start) as processes:
        answers = processes.run([SolveJob(program(), Solver.HIGHS, LONG)] * 2)
    assert all(answer.finished for answer in answers)


SCRIPT = """
import sys
import numpy as np
from scipy import sparse
from quartermaster.solver_processes import SolverProcesses
from solver_models.backend import LinearModel, Solver
from solver_models.runner import SolveJob
print("main", flush=True)
one = np.ones(1)
model = LinearModel(-one, 0 * one, one, one > 0, sparse.csr_array([[1.0]]), -one, one)
processes = SolverProcesses(1, small=0)
answer = processes.run([SolveJob(model, Solver.HIGHS, 60.0)])[0]
print(answer.objective, processes.started, processes.unavailable, processes._children[0].pid, flush=True)
sys.stdin.read() if "wait" in sys.argv else processes.close()
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if os.path.isabs(path))}


@pytest.mark.parametrize("way", ["-c", "file", "stdin", "thread"])
def test_it_works_from_anywhere_and_runs_no_main_module_again(way, tmp_path):
    script, given = tmp_path / "unguarded.py", None
    script.write_text(SCRIPT)
    if way == "thread":
        inside = textwrap.indent(SCRIPT, "    ")
        script.write_text(
            f"import threading\ndef work():\n{inside}\nt = threading.Thread(target=work)\nt.start()\nt.join()"
        )
    command = {"-c": ["-c", SCRIPT], "stdin": ["-"]}.get(way, [str(script)])
    given = SCRIPT if way == "stdin" else ""
    done = subprocess.run(
        [sys.executable, *command], input=given, capture_output=True, text=True, env=environment(), cwd=tmp_path,
        check=True,
    )  # fmt: skip
    first, second = done.stdout.splitlines()
    assert first == "main"
    assert second.split()[:2] == ["-1.0", "1"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_solver_process_does_not_outlive_its_parent(number):
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "wait"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
    ) as parent:  # fmt: skip
        assert parent.stdout.readline() == "main\n"
        pid = int(parent.stdout.readline().split()[-1])
        assert alive(pid)
        parent.send_signal(number)
        parent.wait()
        until(lambda: not alive(pid))


def test_a_solver_process_loads_neither_scipy_nor_pandas():
    """They take longer to load than most programs to solve."""
    code = "import sys, quartermaster.solver_processes.worker as w; w._load(); print(*sys.modules, sep=chr(10))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )  # fmt: skip
    assert "ortools.math_opt.python.mathopt" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith(("scipy", "pandas"))] == []
