"""The solver process: reads jobs from its standard input, solves them, writes answers where its output was.

It must not outlive its parent: the parent's end closes the input, at which it leaves even in the middle of a solve; on
Linux the kernel ends it besides.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, BinaryIO

from quartermaster.solver_processes.messages import (
    MAX_REQUEST,
    BrokenMessageError,
    answer_fields,
    frame,
    job_of,
    read_frame,
)
from solver_models.backend import Answer, Solver, solve_linear
from solver_models.runner import InProcess

Fields = dict[str, Any]


def main(parent: int, memory_bytes: int = 0, solve: Callable[..., Answer] = solve_linear) -> None:
    """Serve one parent until it closes the input.

    Parameters
    ----------
    parent
        Its process id.
    memory_bytes
        Memory that this process may take; 0 = no limit.
    solve
        Called like `backend.solve_linear`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to deal with
    end_with(parent)
    limit_memory(memory_bytes)
    jobs, answers = take_streams()
    waiting: SimpleQueue[Fields] = SimpleQueue()
    threading.Thread(target=_read_jobs, args=(jobs, waiting), daemon=True).start()
    _load()
    send(answers, {"ready": True})
    while True:
        fields = waiting.get()
        answer = InProcess(solve).answer(job_of(fields))
        send(answers, {**answer_fields(answer, fields["token"]), "peak_memory_bytes": _peak_memory_bytes()})


def send(answers: BinaryIO, fields: Fields) -> None:
    """Write one message.

    Parameters
    ----------
    answers
        Where the parent reads.
    fields
        The message.
    """
    answers.write(frame(fields))
    answers.flush()


def _read_jobs(jobs: BinaryIO, waiting: SimpleQueue[Fields]) -> None:
    """Pass jobs on as they come; the end of the input is the end of this process."""
    with contextlib.suppress(BrokenMessageError, OSError):
        while fields := read_frame(jobs, lambda: MAX_REQUEST):
            waiting.put(fields)
    os._exit(0)


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep input and output for messages, and return them: what solvers print goes where errors go."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return jobs, answers


def end_with(parent: int) -> None:
    """Ask the kernel to end this process when the thread that started it ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_parent_death_signal = 1
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # it has ended before it could be asked
    # where memory runs out, the solver is to go, not the program that plans
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("500")


def limit_memory(memory_bytes: int) -> None:
    """Limit what this process may take.

    Parameters
    ----------
    memory_bytes
        0 = no limit.
    """
    if memory_bytes:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))


def _load() -> None:
    """Import the solvers before the first job comes."""
    import numpy as np

    from solver_models.backend import LinearModel

    nothing, none = np.zeros(0), np.zeros(0, dtype=np.int64)
    from quartermaster.solver_processes.messages import PlainRows

    matrix: Any = PlainRows((0, 0), np.zeros(1, dtype=np.int64), none, nothing)
    empty = LinearModel(nothing, nothing, nothing, np.zeros(0, dtype=bool), matrix, nothing, nothing)
    solve_linear(empty, Solver.GLOP, time_limit=1.0)


def _peak_memory_bytes() -> int:
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
