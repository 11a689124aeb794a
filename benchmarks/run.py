"""The suite from a checkout: ``quartermaster bench`` with the results file of this folder.

::

    python -m benchmarks.run --suite standard --plain --data FOLDER     # the results table of the README
    python -m benchmarks.run --families M2 --keep                       # M2 again; the other runs of the file stay
    python -m benchmarks.run --help
"""

from __future__ import annotations

import sys

from benchmarks.measure import ROOT
from quartermaster.cli import main

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "suite.json"

if __name__ == "__main__":
    sys.argv = ["quartermaster", "bench", "--out", str(DEFAULT_OUT), *sys.argv[1:]]
    main()
