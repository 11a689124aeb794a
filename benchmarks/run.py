"""Run the instance families and write a results file.

::

    python -m benchmarks.run                                  # the families and seeds of the README
    python -m benchmarks.run --families S M2 --seeds 1 2 3 --out benchmarks/results/mine.json
"""

from __future__ import annotations

import argparse
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
    given = parser.parse_args(arguments)
    runs = []
    for family in given.families:
        for seed in given.seeds:
            run = in_own_process("benchmarks.quality", family, str(seed))
            runs.append(run)
            write_results(given.out, {"runs": runs})
            best = run["plans"][0]
            print(f"{family} seed {seed}: {best['total']} gap {best['gap']} in {best['wall_seconds']} s", flush=True)


if __name__ == "__main__":
    main()
