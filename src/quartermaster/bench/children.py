"""Measured processes: started, listened to, watched for memory and time, and ended with all they have started.

A child prints one JSON object a line: ``{"event": name, …}``. With ``"allow": seconds`` it says how long it may take to
its next line; a child that takes longer is ended, and what it had said by then counts.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import quartermaster
import solver_models

SAMPLE_SECONDS = 0.25
"""Time between two looks at a child's memory."""
EXIT_SECONDS = 60.0
"""Time a child may take to end after it has closed its output: large memories take their time."""
DEFAULT_ALLOWED_SECONDS = 1800.0
"""Time to the next line of a child that does not say."""


@dataclass(slots=True)
class Heard:
    """What a child said, and how it ended.

    Parameters
    ----------
    events
        Its lines; each with ``tree_memory_mb``, the most that it and what it started held since the line before, in
        10^6 bytes (shared pages count for each process).
    error
        Why it failed; empty when it did not.
    last_memory_mb
        The most it held after its last line.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    last_memory_mb: float = 0.0

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the events of one name, without the name.

        Parameters
        ----------
        name
            Of the events.
        """
        return [
            {key: value for key, value in event.items() if key not in ("event", "allow")}
            for event in self.events
            if event["event"] == name
        ]


def tell(event: str, **figures: Any) -> None:
    """Say something to the process that started this one.

    Parameters
    ----------
    event
        Name of it.
    figures
        Anything JSON can write; ``allow`` = seconds to the next line.
    """
    sys.stdout.write(json.dumps({"event": event, **figures}) + "\n")
    sys.stdout.flush()


def leave_with_parent() -> None:
    """End this process when the one that started it is gone, whatever ended that one."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def listen(
    module: str, arguments: Iterable[str], *, folder: Path | None = None, allow: float = DEFAULT_ALLOWED_SECONDS
) -> Heard:
    """Run ``python -m module arguments`` to its end, or to the end of its time.

    Parameters
    ----------
    module, arguments
        What to run.
    folder
        Where to run it; None = here.
    allow
        Seconds to its first line, and to the next after one that does not say.
    """
    heard = Heard()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603
            # -P: a json.py in the user's folder is none of ours
            [sys.executable, "-P", "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": _search_path(folder)},
        )
        try:
            _follow(child, heard, allow)
            if not heard.error:
                child.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            heard.error = "did not end after its last word"
        finally:
            _end(child)
        if child.returncode and not heard.error:
            errors.seek(0)
            heard.error = f"ended with {child.returncode}: {errors.read().decode(errors='replace').strip()[-2000:]}"
    return heard


def _search_path(folder: Path | None) -> str:
    """Where the child finds the same code as this process, wherever it runs."""
    packages = [Path(module.__file__ or "").resolve().parents[1] for module in (quartermaster, solver_models)]
    own = [str(place) for place in packages if place.name != "site-packages"]
    given = [str(Path(place).resolve()) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    return os.pathsep.join([*own, *([] if folder is None else [str(folder.resolve())]), *given])


def _follow(child: subprocess.Popen[bytes], heard: Heard, allow: float) -> None:
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    if child.stdout is None:
        raise ValueError("the child has no output to listen to")
    threading.Thread(target=_forward, args=(child.stdout, lines), daemon=True).start()
    allowed, most = allow, 0.0
    deadline = time.monotonic() + allowed
    while True:
        most = heard.last_memory_mb = round(max(most, resident_mb(tree_of(child.pid))), 1)
        try:
            line = lines.get(timeout=SAMPLE_SECONDS)
        except queue.Empty:
            if time.monotonic() > deadline:
                heard.error = f"ended after {allowed:.0f} s without a word"
                return
            continue
        if line is None:
            return
        event = _event(line)
        if event is None:
            continue
        event["tree_memory_mb"], most = most, 0.0
        allowed = float(event.get("allow", allow))
        deadline = time.monotonic() + allowed
        heard.events.append(event)


def _forward(stream: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _event(line: bytes) -> dict[str, Any] | None:
    """Read a line; None where something else than an event was printed (a solver's own words)."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _end(child: subprocess.Popen[bytes]) -> None:
    for pid in reversed(tree_of(child.pid)) if child.poll() is None else ():
        try:
            os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        except (ProcessLookupError, PermissionError):
            continue
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def tree_of(root: int) -> list[int]:
    """List a process and all below it; itself alone where the system has no /proc.

    Parameters
    ----------
    root
        Its id.
    """
    below: dict[int, list[int]] = {}
    for entry in os.scandir("/proc") if os.path.isdir("/proc") else ():
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text(encoding="ascii", errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            below.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    tree = [root]
    for pid in tree:
        tree += below.get(pid, [])
    return tree


def resident_mb(pids: Iterable[int]) -> float:
    """Return the resident memory of processes, 10^6 bytes; 0 where the system has no /proc.

    Parameters
    ----------
    pids
        Their ids.
    """
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0
