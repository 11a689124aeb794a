"""The scripts of ``benchmarks`` are in no wheel. They are looked for last, so that all else is what was installed."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
