"""Measuring for the scripts of this folder; the rest lives in the package: `quartermaster.bench.measure`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from quartermaster.bench.measure import commit, peak_memory_mb, provenance, timed
from quartermaster.bench.results import write_results

__all__ = ["ROOT", "commit", "in_own_process", "peak_memory_mb", "provenance", "timed", "write_results"]

ROOT = Path(__file__).resolve().parents[1]
"""Root of the repository."""


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
