"""Run the instance families and write a results file.

::

    python -m benchmarks.run                                  # the families and seeds of the README
    python -m benchmarks.run --families S M2 --seeds 1 2 3 --out benchmarks/results/mine.json
    python -m benchmarks.run --families M2 --keep             # only M2 again; the other runs of the file stay
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.families import FAMILIES
from benchmarks.measure import ROOT, in_own_process, write_results

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "families.json"


def main(arguments: list[str] | None = None) -> None:
    """Run each (family, seed) in a process of its own and keep what is done so far.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=[n for n in FAMILIES if n != "tiny"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--time-limit", type=int, help="seconds, in place of each family's own")
    parser.add_argument("--keep", action="store_true", help="keep the other runs of the results file")
    given = parser.parse_args(arguments)
    limit = [] if given.time_limit is None else [str(given.time_limit)]
    kept = json.loads(given.out.read_text(encoding="utf-8"))["runs"] if given.keep and given.out.exists() else []
    runs = {(run["family"], run["seed"]): run for run in kept}
    for family in given.families:
        for seed in given.seeds:
            run = in_own_process("benchmarks.quality", family, str(seed), *limit)
            runs[family, seed] = run
            write_results(given.out, {"runs": [runs[key] for key in sorted(runs, key=_by_family)]})
            best = run["plans"][0]
            print(f"{family} seed {seed}: {best['total']} gap {best['gap']} in {best['wall_seconds']} s", flush=True)


def _by_family(key: tuple[str, int]) -> tuple[int, int]:
    return list(FAMILIES).index(key[0]), key[1]


if __name__ == "__main__":
    main()
