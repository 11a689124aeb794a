"""The instance families, which live in the package: `quartermaster.bench`."""

from __future__ import annotations

from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import FAMILIES, Family

__all__ = ["FAMILIES", "Family", "family_snapshot"]
