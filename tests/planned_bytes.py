"""Plan a folder in a process of its own: ``python planned_bytes.py SNAPSHOT SHUFFLE_SEED STRATEGY OUT``.

Prints the SHA-256 of every promised file of the plan. The snapshot's rows are shuffled first.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

from instances import shuffled

import quartermaster as qm
from quartermaster.io import ready
from quartermaster.policy import Policy, SolverPolicy

FREE = ("run.json", "report.html")
"""Files outside the byte-for-byte promise."""


def main(source: str, seed: str, strategy: str, out: str) -> None:
    solver = SolverPolicy(time_limit_seconds=Decimal(600), relative_gap=Decimal("0.001"), work_limit=5000)
    snapshot = ready(shuffled(qm.read_snapshot(source), Random(seed)))
    plan = qm.plan(snapshot, replace(Policy(strategy=strategy), solver=solver))
    if not plan.deterministic:
        raise SystemExit("the clock ended the search, so nothing is promised")
    plan.write(out)
    for path in sorted(Path(out).rglob("*")):
        if path.is_file() and path.name not in FREE:
            print(path.relative_to(out), hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
