"""How seconds, memory and the gap grow with the orders: 1 000 to 100 000 of them on 100 nodes, 5 % of the SKUs scarce.

::

    python -m benchmarks.scaling                       # writes results/scaling.json and the picture of the README
    python -m benchmarks.scaling --orders 30 60 --nodes 5 --limit 5 --out FILE --picture FILE
    python -m benchmarks.scaling --draw                # only the picture again, from the results

There are 3 SKUs for 10 orders at every size, so that a plan differs in size only. A plan ends when its gap is at most
``--gap``, or at the limit; each size is measured in processes of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from benchmarks.scaling_picture import draw
from quartermaster.bench.children import leave_with_parent, listen, tell
from quartermaster.bench.families import Family
from quartermaster.bench.folder import write_instance
from quartermaster.bench.measure import commit, peak_memory_mb, today
from quartermaster.bench.results import Run, read_runs, write_results
from quartermaster.policy import OPTIMAL

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "scaling.json"
DEFAULT_PICTURE = ROOT / ".github" / "scaling.png"
NAME = "scaling"


def family_of(orders: int, nodes: int, limit: int) -> Family:
    """Describe the instance of one size.

    Parameters
    ----------
    orders, nodes
        Its size.
    limit
        Seconds of its plan.
    """
    skus = max(20, orders * 3 // 10)
    return Family(NAME, orders, nodes, skus, 0.05, time_limit_seconds=limit, parquet=True, rules=())


def measured(family: Family, seed: int, gap: str, threads: int) -> Run:
    """Generate and plan one size.

    Parameters
    ----------
    family, seed
        The instance.
    gap
        Gap at which the plan ends, as a decimal fraction.
    threads
        Of the policy.
    """
    with tempfile.TemporaryDirectory(prefix="quartermaster-scaling-") as folder:
        drawn = json.dumps({**asdict(family), "rules": [], "aim": None})
        written = listen("benchmarks.scaling", ["--write", drawn, str(seed), folder], folder=ROOT)
        order = {
            "folder": folder,
            "seconds": family.time_limit_seconds,
            "strategies": [OPTIMAL],
            "policy": {"solver": {"relative_gap": gap, "threads": threads}},
        }
        heard = listen("quartermaster.bench.instance", [json.dumps(order)])
    failed = [failure["error"] for failure in heard.named("failed")]
    read = heard.named("read")
    return {
        "family": NAME,
        "seed": seed,
        "date": today(),
        "commit": commit(),
        **(read[0].pop("rows") if read else {"orders": family.orders}),
        "time_limit_seconds": family.time_limit_seconds,
        "relative_gap": gap,
        "threads": threads,
        "read": read[0] if read else None,
        "plans": heard.named("plan"),
        "verify": next(iter(heard.named("verify")), None),
        "errors": [error for error in (written.error, heard.error, *failed) if error],
    }


def _write(drawn: str, seed: str, folder: str) -> None:
    leave_with_parent()
    fields: dict[str, Any] = json.loads(drawn)
    figures = write_instance(Family(**{**fields, "rules": ()}), int(seed), Path(folder))
    tell("generate", **figures, peak_memory_mb=peak_memory_mb())


def main(arguments: list[str] | None = None) -> None:
    """Measure each size, write the results after each, and draw.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 3_000, 10_000, 30_000, 100_000])
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=300, help="seconds of each plan")
    parser.add_argument("--gap", default="0.005", help="a plan ends when its gap is at most this")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--picture", type=Path, default=DEFAULT_PICTURE)
    parser.add_argument("--draw", action="store_true", help="draw the results, measure nothing")
    parser.add_argument("--write", nargs=3, metavar=("FAMILY", "SEED", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.write:
        _write(*given.write)
        return
    runs: list[Run] = read_runs(given.out) if given.draw else []
    for orders in () if given.draw else given.orders:
        run = measured(family_of(orders, given.nodes, given.limit), given.seed, given.gap, given.threads)
        runs.append(run)
        write_results(given.out, {"runs": runs})
        wall = run["plans"][0]["wall_seconds"] if run["plans"] else None
        print(f"{orders} orders: {wall} s {' '.join(run['errors'])}", flush=True)
    given.picture.write_bytes(draw(runs))


if __name__ == "__main__":
    main()
