"""What a plan was made on: the machine, its memory, its time zone data."""

from __future__ import annotations

import platform
import sys
import zoneinfo
from importlib.metadata import version
from pathlib import Path


def machine() -> dict[str, str]:
    """Describe the machine and the interpreter."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "python": platform.python_version(),
    }


def time_zone_version() -> str:
    """Version of the time zone data in use: the system's, else that of the package ``tzdata``."""
    for folder in zoneinfo.TZPATH:
        listing = Path(folder) / "tzdata.zi"
        if listing.is_file():
            with listing.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version").strip()
    return version("tzdata")


def peak_memory_bytes() -> int:
    """Peak resident memory of this process; 0 on systems that do not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
