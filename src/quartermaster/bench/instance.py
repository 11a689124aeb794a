"""The measured process: read a folder, plan it together, verify that plan, then plan it by named rules.

``python -m quartermaster.bench.instance '{"folder": …, "seconds": …, "strategies": […], "policy": {…}}'`` prints an
event after each step, so that a step that fails or never ends costs only itself and those after it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from typing import Any

import quartermaster as qm
from quartermaster import api
from quartermaster.bench.children import leave_with_parent, tell
from quartermaster.bench.figures import figures, verified
from quartermaster.bench.measure import peak_memory_mb, sizes, timed
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL, Policy, policy_from_mapping


def measure(order: dict[str, Any]) -> None:
    """Take each step of an order and tell its figures.

    Parameters
    ----------
    order
        ``folder``, ``seconds`` (time limit of each plan), ``strategies`` (the optimum first, if it is wanted) and
        ``policy`` (other sections of the policy).
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "wall"):
        snapshot = qm.read_snapshot(order["folder"])
    # far beyond the limit, so that a plan that comes late is told as late, and one that never comes ends
    allow = 3.0 * order["seconds"] + 600
    tell("read", rows=sizes(snapshot), seconds=seconds, peak_memory_mb=peak_memory_mb(), allow=allow)
    for strategy in order["strategies"]:
        solver = {**order["policy"].get("solver", {}), "time_limit_seconds": order["seconds"]}
        policy = policy_from_mapping({**order["policy"], "solver": solver, "strategy": strategy})
        plan = _planned(snapshot, policy, allow)
        if plan is not None and strategy == OPTIMAL:
            _verify(snapshot, plan, allow)


def _planned(snapshot: Snapshot, policy: Policy, allow: float) -> Plan | None:
    seconds: dict[str, float] = {}
    try:
        with timed(seconds, "wall"):
            plan = api.plan(snapshot, policy)
    except Exception as error:  # the suite goes on, whatever one strategy does
        tell("failed", step=policy.strategy, error=f"{type(error).__name__}: {error}"[:1000], allow=allow)
        return None
    tell("plan", **figures(plan, seconds), peak_memory_mb=peak_memory_mb(), allow=allow)
    return plan


def _verify(snapshot: Snapshot, plan: Plan, allow: float) -> None:
    """Verify a plan where the package can, as anyone would who is given its folder."""
    verify = getattr(qm, "verify", None)
    if verify is None:
        return
    seconds: dict[str, float] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="quartermaster-bench-plan-") as folder:
            with timed(seconds, "write"):
                plan.write(folder)
            with timed(seconds, "wall"):
                check = verify(snapshot, folder)
    except Exception as error:
        tell("failed", step="verify", error=f"{type(error).__name__}: {error}"[:1000], allow=allow)
        return
    tell("verify", **verified(check, seconds), peak_memory_mb=peak_memory_mb(), allow=allow)


if __name__ == "__main__":
    leave_with_parent()
    measure(json.loads(sys.argv[1]))
