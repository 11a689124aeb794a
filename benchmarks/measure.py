"""Where and how a figure was measured: machine, versions, commit, memory, and runs in processes of their own."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
"""Root of the repository."""
PACKAGES = ("quartermaster", "ortools", "numpy", "scipy", "pandas")


def provenance() -> dict[str, Any]:
    """Say when, where and on what a results file was made."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far, in 10^6 bytes (Linux counts it in KiB)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note wall and processor seconds of a block as `name` and `name cpu`.

    Parameters
    ----------
    seconds
        Receives both figures.
    name
        Name of the block.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    seconds[name] = round(time.perf_counter() - wall, 3)
    seconds[f"{name} cpu"] = round(time.process_time() - cpu, 3)


def in_own_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run one benchmark module as a process of its own, so that its memory is its own; return the JSON it prints.

    Parameters
    ----------
    module, arguments
        ``python -m module arguments``; the last line of its output is one JSON object.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed:\n{done.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def write_results(path: Path, content: dict[str, Any]) -> None:
    """Write a results file: provenance first, then the content.

    Parameters
    ----------
    path, content
        Where and what.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**provenance(), **content}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """Return the commit that is checked out; empty outside of a repository."""
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()
