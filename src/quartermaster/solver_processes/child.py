"""One solver process as its parent sees it: started, asked, and ended for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, BinaryIO, cast

import quartermaster
import solver_models
from quartermaster.solver_processes.messages import BrokenMessageError, frame, read_frame

FIRST_MESSAGE = 65_536
"""Bytes of the longest message before the first job."""
LEAVE_SECONDS = 0.2
"""Time in which a process that has closed its output leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """Something that a child did.

    Parameters
    ----------
    child
        Which one.
    fields
        Its message; None when there will be no more of them.
    fault
        What was wrong with the last one; empty when the stream just ended.
    """

    child: Child
    fields: dict[str, Any] | None
    fault: str = ""


class Child:
    """A solver process.

    Parameters
    ----------
    command
        What to run.
    tell
        Called from another thread with each `Event`.

    Raises
    ------
    OSError
        If the process cannot be started.
    """

    def __init__(self, command: Sequence[str], tell: Callable[[Event], None]) -> None:
        # numbers are crunched by the solver, not by numpy: its threads would cost memory and start-up time
        settings = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        apart: dict[str, Any] = {"process_group": 0} if sys.platform != "win32" else {}
        self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=settings,
            **apart,
        )
        self.pid = self._process.pid
        self.ready = False
        self.longest_message = FIRST_MESSAGE
        self._reader = threading.Thread(target=self._read, args=(tell,), daemon=True)
        try:
            self._reader.start()
        except RuntimeError as error:
            self._process.kill()
            self._process.wait()
            raise OSError(f"no thread can be started: {error}") from error

    def send(self, fields: dict[str, Any]) -> None:
        """Begin to write a message; a child that does not read it keeps nobody waiting.

        Parameters
        ----------
        fields
            The message.
        """
        threading.Thread(target=self._write, args=(frame(fields),), daemon=True).start()

    def gone(self) -> bool:
        """Tell whether the process has ended by itself; what it started may still hold its output open."""
        if sys.platform == "win32":
            return self._process.poll() is not None
        # it is left unburied, so that its number, which is also its group's, stays its own until `end`
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def end(self) -> str:
        """End the process, whatever it does, and everything it started; say how it ended. To be called once."""
        patience = monotonic() + LEAVE_SECONDS
        while not (gone := self.gone()) and not self._reader.is_alive() and monotonic() < patience:
            sleep(0.01)  # it has closed its output: the moment that a process takes to leave, so as to learn why
        with contextlib.suppress(OSError):
            if sys.platform != "win32":
                os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()
        status = self._process.wait()
        self._reader.join(1.0)
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                cast(BinaryIO, stream).close()
        return _ending(status) if gone else "was ended"

    def _read(self, tell: Callable[[Event], None]) -> None:
        stream, fault = cast(BinaryIO, self._process.stdout), ""
        try:
            while (fields := read_frame(stream, lambda: self.longest_message)) is not None:
                tell(Event(self, fields))
        except (BrokenMessageError, OSError, ValueError) as error:
            fault = str(error)
        tell(Event(self, None, fault))

    def _write(self, message: bytes) -> None:
        stream = cast(BinaryIO, self._process.stdin)
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was ended: the reader learns that
            stream.write(message)
            stream.flush()


def _ending(status: int) -> str:
    if status >= 0:
        return f"left with exit code {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def worker_command(memory_bytes: int) -> list[str]:
    """Return the command that starts a solver process with this interpreter and these very packages.

    It runs no main module of anybody's, and looks for modules where this process does.

    Parameters
    ----------
    memory_bytes
        Memory that it may take; 0 = no limit.

    Raises
    ------
    OSError
        If this process is no Python interpreter (a frozen program, Python inside a server).
    """
    return program_command(
        f"from quartermaster.solver_processes.worker import main; main({os.getpid()}, {memory_bytes})"
    )


def program_command(program: str) -> list[str]:
    """Return the command that runs a program with this interpreter and these very packages.

    Parameters
    ----------
    program
        Python text.

    Raises
    ------
    OSError
        If this process is no Python interpreter (a frozen program, Python inside a server).
    """
    homes = [str(Path(package.__file__ or "").resolve().parents[1]) for package in (quartermaster, solver_models)]
    paths = [path for path in sys.path if os.path.isabs(path)]
    paths += [home for home in homes if home not in paths]
    return [_interpreter(), "-P", "-c", f"import sys; sys.path[:] = {paths!r}; {program}"]


def _interpreter() -> str:
    if getattr(sys, "frozen", False):
        raise OSError("this program is frozen; it has no interpreter to start")
    named = [sys.executable, *(str(Path(sys.prefix, *at)) for at in (("bin", "python3"), ("python.exe",)))]
    for path in named:
        if path and Path(path).name.lower().startswith("python") and Path(path).is_file():
            return path
    raise OSError(f"{sys.executable or 'this process'!r} is no Python interpreter")
