"""Where and how a figure was measured: machine, versions, commit, seconds and memory."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from quartermaster.domain.snapshot import Snapshot

PACKAGES = ("quartermaster", "ortools", "numpy", "scipy", "pandas", "pyarrow")
TABLES = ("orders", "order_lines", "nodes", "products", "inventory")
"""Tables whose sizes stand in the results."""


def provenance() -> dict[str, Any]:
    """Say when, where and on what a results file was made."""
    return {
        "date": today(),
        "commit": commit(),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_mb": _memory_mb(),
            "system": platform.system(),
        },
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def today() -> str:
    """Return the date, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def commit() -> str:
    """Return the commit that the package's source is checked out at; empty outside of a repository."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, cwd=Path(__file__).parent, check=False
        )
    except OSError:  # no git here
        return ""
    return done.stdout.strip()


def load_average() -> float | None:
    """Return how many processes wanted a core over the last minute: beyond the cores, wall clock says little."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far, in 10^6 bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # rusage would count what the process that started this one held
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note wall and processor seconds of a block as `name` and `name cpu`, those of ended child processes with it.

    Parameters
    ----------
    seconds
        Receives both figures.
    name
        Name of the block.
    """
    wall, cpu = time.perf_counter(), _cpu_seconds()
    yield
    seconds[name] = round(time.perf_counter() - wall, 3)
    seconds[f"{name} cpu"] = round(_cpu_seconds() - cpu, 3)


def sizes(snapshot: Snapshot) -> dict[str, int]:
    """Count what a snapshot holds.

    Parameters
    ----------
    snapshot
        Any snapshot.
    """
    return {name: len(snapshot.table(name)) for name in TABLES}


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_mb() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6)
    except (AttributeError, OSError, ValueError):
        return None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
