"""The results file: what was measured, with its provenance, whole at any time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from quartermaster.bench.families import FAMILIES
from quartermaster.bench.measure import provenance

Run = dict[str, Any]
"""Figures of one instance, as `quartermaster.bench.suite` writes them."""


def write_results(path: Path, content: dict[str, Any]) -> None:
    """Write a results file: provenance first, then the content; a reader never sees half of it.

    Parameters
    ----------
    path, content
        Where and what.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**provenance(), **content}, indent=1, ensure_ascii=False)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)


def read_runs(path: Path) -> list[Run]:
    """Read the runs of a results file; none where there is no file.

    Parameters
    ----------
    path
        Where.
    """
    if not path.exists():
        return []
    runs: list[Run] = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return runs


def sorted_runs(runs: Iterable[Run]) -> list[Run]:
    """Put runs in the order of the families, then of the seeds; what is no family comes last.

    Parameters
    ----------
    runs
        Any runs.
    """
    place = {name: at for at, name in enumerate(FAMILIES)}
    return sorted(runs, key=lambda run: (place.get(run["family"], len(place)), run["family"], run["seed"]))
