"""One instance planned by the optimum and by every named rule.

``python -m benchmarks.quality FAMILY SEED [TIME_LIMIT]`` prints one JSON object on its last line. Reading is timed from
files in a temporary folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import quartermaster as qm
import quartermaster.api
from benchmarks.families import FAMILIES, Family, family_snapshot
from benchmarks.measure import commit, peak_memory_mb, timed
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import write_snapshot
from quartermaster.policy import OPTIMAL, RULES, Policy, SolverPolicy

KPIS = ("fill_rate", "split_rate", "on_time_rate", "cost_per_order")


def measured(family: Family, seed: int, *, file_format: str = "csv") -> dict[str, Any]:
    """Plan one instance every way and return the figures.

    Parameters
    ----------
    family, seed
        The instance.
    file_format
        Format of the snapshot files that are read.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(family_snapshot(family, seed), Path(folder), format=file_format)
        start = time.perf_counter()
        snapshot = qm.read_snapshot(folder)
        read = time.perf_counter() - start
    return {
        "commit": commit(),
        "family": family.name,
        "seed": seed,
        **sizes(snapshot),
        "scarce": family.scarce,
        "time_limit_seconds": family.time_limit_seconds,
        "read_seconds": round(read, 3),
        "plans": every_plan(snapshot, family.time_limit_seconds),
        "peak_memory_mb": peak_memory_mb(),
    }


def sizes(snapshot: Snapshot) -> dict[str, int]:
    """Count what a snapshot holds.

    Parameters
    ----------
    snapshot
        Any snapshot.
    """
    names = ("orders", "order_lines", "nodes", "products", "inventory")
    return {name: len(snapshot.table(name)) for name in names}


def every_plan(snapshot: Snapshot, time_limit_seconds: int, **policy: Any) -> list[dict[str, Any]]:
    """Plan by the optimum first, then by each named rule.

    Parameters
    ----------
    snapshot
        Checked.
    time_limit_seconds
        Wall clock of each plan.
    policy
        Other sections of the policy.
    """
    solver = SolverPolicy(time_limit_seconds=Decimal(time_limit_seconds))
    plans = []
    for strategy in (OPTIMAL, *RULES):
        seconds: dict[str, float] = {}
        with timed(seconds, "wall"):
            plan = qm.plan(snapshot, Policy(strategy=strategy, solver=solver, **policy))
        plans.append(figures(plan, seconds))
    return plans


def figures(plan: Plan, seconds: dict[str, float]) -> dict[str, Any]:
    """Put one plan into a results file.

    Parameters
    ----------
    plan
        The plan.
    seconds
        Wall and processor seconds it took in all, as `benchmarks.measure.timed` notes them under "wall".
    """
    return {
        "strategy": plan.strategy,
        "status": str(plan.status),
        "total": str(plan.objective.total),
        "terms": {name: str(amount) for name, amount in plan.objective.terms().items()},
        "bound": _text(plan.bound),
        "gap": _text(plan.gap),
        "gap_served": _text(plan.gap_served),
        "kpis": {name: str(plan.kpis[name]) for name in KPIS if plan.kpis.get(name) is not None},
        "deterministic": plan.deterministic,
        "wall_seconds": seconds["wall"],
        "cpu_seconds": seconds["wall cpu"],
        "seconds": {name: round(seconds, 3) for name, seconds in plan.run.seconds.items()},
        "counters": dict(plan.run.counters),
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


if __name__ == "__main__":
    name, seed, *limit = sys.argv[1:]
    chosen = FAMILIES[name] if not limit else replace(FAMILIES[name], time_limit_seconds=int(limit[0]))
    print(json.dumps(measured(chosen, int(seed))))
