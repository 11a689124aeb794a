"""Whether plans keep their time limit: many instances, short limits, every plan checked.

::

    python -m benchmarks.deadlines                  # a few of each: some minutes
    python -m benchmarks.deadlines --full           # 100 of S x 4 limits, 10 of M x 2: about 20 minutes

Each plan is checked by its evaluation (`quartermaster.plan` does so, and raises otherwise), must not be dearer than the
rule `cheapest` where that has run to its end within the limit, and must come back within limit + max(0.5 s, 10 %),
counted from the end of reading. Run it on a machine that does nothing else. Exits with 1 when a plan breaks any of it.
"""

from __future__ import annotations

import argparse
import gc
import sys
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import quartermaster as qm
from benchmarks.families import FAMILIES, family_snapshot
from benchmarks.measure import ROOT, write_results
from quartermaster import io
from quartermaster.domain.snapshot import Snapshot

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "deadlines.json"
LIMITS = {"S": ("0.05", "0.2", "1", "5"), "M-typical": ("5", "20"), "M-scarce": ("5", "20")}
FEW = {"S": 5, "M-typical": 1, "M-scarce": 0}
FULL = {"S": 100, "M-typical": 5, "M-scarce": 5}


@dataclass(frozen=True, slots=True)
class Run:
    """One plan against its limit; money in micro.

    Parameters
    ----------
    family, seed, limit
        The instance, and its time limit in seconds.
    wall
        Seconds that planning took.
    total, cheapest
        Cost of the plan, and of the rule `cheapest` run without a limit.
    rule_finished
        Whether that rule ran to its end within this plan's limit.
    gap
        As the plan states it.
    failures
        Answers of solvers that failed or contradicted themselves.
    """

    family: str
    seed: int
    limit: float
    wall: float
    total: int
    cheapest: int
    rule_finished: bool
    gap: float | None
    failures: int

    @property
    def overrun(self) -> float:
        """Seconds after the limit."""
        return self.wall - self.limit

    @property
    def allowed(self) -> float:
        """Seconds that a plan may come after its limit."""
        return max(0.5, 0.1 * self.limit)

    @property
    def dearer(self) -> bool:
        """Whether the plan costs more than a rule that had finished."""
        return self.rule_finished and self.total > self.cheapest


def run(snapshot: Snapshot, family: str, seed: int, limit: str, cheapest: int) -> Run:
    """Plan one instance within a limit.

    Parameters
    ----------
    snapshot, family, seed
        The instance, checked.
    limit
        Seconds.
    cheapest
        Cost of the rule `cheapest`.
    """
    policy = qm.Policy()
    policy = replace(policy, solver=replace(policy.solver, time_limit_seconds=Decimal(limit)))
    gc.collect()  # what earlier plans left is not this one's to clear away
    begin = perf_counter()
    plan = qm.plan(snapshot, policy)
    wall = perf_counter() - begin
    counters = plan.run.counters
    return Run(
        family=family,
        seed=seed,
        limit=float(limit),
        wall=round(wall, 3),
        total=plan.objective.total_micro,
        cheapest=cheapest,
        rule_finished=counters.get("rules_finished", 0) > 0,  # `cheapest` is the first of them
        gap=None if plan.gap is None else float(plan.gap),
        failures=counters.get("solver_contradictions", 0) + counters.get("solver_failures", 0),
    )


def runs_of(family: str, seed: int, limits: tuple[str, ...]) -> list[Run]:
    """Plan one instance within each limit.

    Parameters
    ----------
    family, seed, limits
        Which.
    """
    snapshot = io.ready(family_snapshot(FAMILIES[family], seed))
    rule = qm.plan(snapshot, qm.Policy(strategy="cheapest")).objective.total_micro
    return [run(snapshot, family, seed, limit, rule) for limit in limits]


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write the results file; return the exit code.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deadlines", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100 instances of S, 10 of M")
    parser.add_argument("--families", nargs="+", choices=list(LIMITS), default=list(LIMITS))
    parser.add_argument("--instances", type=int, help="of each family, in place of the usual number")
    parser.add_argument("--limits", nargs="+", help="seconds, in place of the usual ones")
    parser.add_argument("--ignore-time", action="store_true", help="judge the plans only: for a busy machine")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args(arguments)
    qm.plan(qm.demo_snapshot(orders=20, nodes=3))  # imports are not planning
    done: list[Run] = []
    for family in given.families:
        count = (FULL if given.full else FEW)[family] if given.instances is None else given.instances
        for seed in range(1, count + 1):
            done += runs_of(family, seed, tuple(given.limits or LIMITS[family]))
    for text in _table(done):
        print(text)
    bad = [one for one in done if one.dearer or (one.overrun > one.allowed and not given.ignore_time)]
    for one in bad:
        print("BROKEN:", one, file=sys.stderr)
    print(f"{len(done)} checked plans, {sum(one.dearer for one in done)} dearer than cheapest, {len(bad)} broken")
    write_results(given.out, {"runs": [asdict(one) for one in done]})
    return 1 if bad else 0


def _table(runs: list[Run]) -> list[str]:
    rows = [
        f"{'family':<10} {'limit':>6} {'plans':>6} {'late':>5} {'worst overrun':>14} {'rule done':>10} {'mean gap':>9}"
    ]
    for family, limit in sorted({(one.family, one.limit) for one in runs}):
        own = [one for one in runs if (one.family, one.limit) == (family, limit)]
        gaps = [one.gap for one in own if one.gap is not None]
        rows.append(
            f"{family:<10} {limit:>6} {len(own):>6} {sum(one.overrun > one.allowed for one in own):>5} "
            f"{max(one.overrun for one in own):>+13.2f}s {sum(one.rule_finished for one in own):>10} "
            f"{sum(gaps) / max(1, len(gaps)):>9.4f}"
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
