"""Weeks of real baskets, replayed under every policy.

::

    python -m benchmarks.real_weeks --data DATA --workers 2 --write      # README table: benchmarks.table

`benchmarks.real_stream` says what the stream is. The orders of a day are planned together at midnight. What a node does
not have is lost (no order waits for stock), at `BACKORDER` a unit: about twice a parcel and its handling, as in the
published experiment (`benchmarks.ma_network`). Lateness is priced, a day at the default. In each window stock is priced
for the days to the next replenishment.

Beside the policies and the clairvoyant bound stands `week known`: the optimum of each week's orders together, planned
at its end without promises. Unlike the bound it uses no stock before it arrives, and it pays for nothing late: what a
policy costs beyond it is due to not knowing the week, and to promises.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

import quartermaster as qm
from benchmarks.measure import ROOT, write_results
from benchmarks.real_baskets import START
from benchmarks.real_stream import WEEK, ZONE, Size, Sources, read_sources, real_stream
from benchmarks.weeks_table import WEEK_KNOWN, block
from quartermaster.policy import BackorderPolicy, FuturePolicy, ServicePolicy, SolverPolicy, policy_document
from quartermaster.replay import Clairvoyant, Knobs, Replay, clairvoyant, document, stream_of

RESULTS = ROOT / "benchmarks" / "results" / "real_weeks.json"
COVERS = (2.0, 1.0)
"""Stock for a week, in expected sales of a week: comfortable, and scarce."""
SEEDS = (1, 2, 3)
BACKORDER = Decimal(30)
SECONDS, GAP = 30, Decimal("0.002")
"""Of each window's plan."""
BOUND_SECONDS = 30
Progress = Callable[[str, float], None]


def policy(seconds: int = SECONDS) -> qm.Policy:
    """Say what everything costs, and how long a plan may take.

    Parameters
    ----------
    seconds
        Time limit.
    """
    return qm.Policy(
        service=ServicePolicy(late="price"),
        backorder=BackorderPolicy(cost_per_unit=BACKORDER),
        solver=SolverPolicy(time_limit_seconds=Decimal(seconds), relative_gap=GAP),
        future=FuturePolicy(horizon_days=WEEK),
    )


def week_known(snapshot: qm.Snapshot, progress: Progress | None = None) -> Replay:
    """Plan each week's orders together, as if they were known when its stock is there.

    Parameters
    ----------
    snapshot
        The stream.
    progress
        Told what runs.
    """
    promise = np.full(len(snapshot.orders), np.datetime64("NaT", "D"))
    arrives = snapshot.replenishment["arrives_on"] + np.timedelta64(
        1, "D"
    )  # a week's window closes on a day of arrival
    return qm.replay_stream(
        replace(
            snapshot,
            orders=snapshot.orders.with_columns(promise_date=promise),
            replenishment=snapshot.replenishment.with_columns(arrives_on=arrives),
        ),
        policy(BOUND_SECONDS),
        window=timedelta(days=WEEK),
        policies=["optimal"],
        begin=START.tz_localize(ZONE).to_pydatetime(),
        bound=False,
        progress=progress,
    )


def run(
    sources: Sources,
    size: Size,
    cover: float,
    seed: int,
    *,
    policies: Sequence[str] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Replay one stream and return its figures.

    Parameters
    ----------
    sources, size, cover, seed
        As for `benchmarks.real_stream.real_stream`.
    policies
        Names; None = all.
    workers
        Processes.
    progress
        Told what runs.
    """
    snapshot = real_stream(sources, size, cover, seed)
    begin = START.tz_localize(ZONE).to_pydatetime()
    replay = qm.replay_stream(
        snapshot,
        policy(),
        policies=policies,
        begin=begin,
        knobs=Knobs(until_arrival=True),
        workers=workers,
        bound=False,
        progress=progress,
    )
    bound: Clairvoyant = clairvoyant(stream_of(snapshot, timedelta(days=1), begin), policy(BOUND_SECONDS))
    held = document(replace(replay, bound=bound))
    known = document(week_known(snapshot, progress))["policies"]
    return {
        "cover": cover,
        "seed": seed,
        "orders": len(snapshot.orders),
        "order_lines": len(snapshot.order_lines),
        "opening_units": int(snapshot.inventory["on_hand"].sum()),
        "arriving_units": int(snapshot.replenishment["quantity"].sum()),
        "windows": held["windows"],
        "snapshot_sha256": held["snapshot_sha256"],
        "clairvoyant": held["clairvoyant"],
        "policies": [*held["policies"], *({**each, "policy": WEEK_KNOWN} for each in known)],
        "seconds": {each.policy: round(each.seconds_in_all, 1) for each in replay.policies},
    }


def kept(path: Path, head: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the runs of a results file; none where there is no file, or it is of another size or policy.

    Parameters
    ----------
    path
        Of the results.
    head
        Size and policy that count.
    """
    if not path.exists():
        return []
    held = json.loads(path.read_text(encoding="utf-8"))
    return list(held["runs"]) if all(held[name] == value for name, value in head.items()) else []


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    standard = Size()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of stores, ZIP codes and prices")
    parser.add_argument("--orders-per-day", type=int, default=standard.orders_per_day)
    parser.add_argument("--nodes", type=int, default=standard.nodes)
    parser.add_argument("--products", type=int, default=standard.products)
    parser.add_argument("--weeks", type=int, default=standard.weeks)
    parser.add_argument("--covers", type=float, nargs="+", default=COVERS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--workers", type=int, default=1, help="policies side by side")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.relative_to(ROOT)}")
    parser.add_argument("--keep", action="store_true", help="replay only what the results do not have yet")
    given = parser.parse_args(arguments)
    size = Size(given.orders_per_day, given.nodes, given.products, given.weeks)
    head = {"size": asdict(size), "policy": policy_document(policy())}
    runs = kept(RESULTS, head) if given.keep else []
    sources, there = read_sources(given.data), {(run["cover"], run["seed"]) for run in runs}
    for seed in given.seeds:
        for cover in given.covers:
            if (cover, seed) in there:
                continue
            done = run(sources, size, cover, seed, workers=given.workers, progress=_tell(f"cover {cover}, seed {seed}"))
            runs.append(done)
            runs.sort(key=lambda each: (-each["cover"], each["seed"]))
            content = {**head, "runs": runs}
            if given.write:
                write_results(RESULTS, content)
            print(block(content), flush=True)


def _tell(which: str) -> Progress:
    def told(what: str, share: float) -> None:
        if share >= 1:
            print(f"{which}: {what}", flush=True)

    return told


if __name__ == "__main__":
    main()
