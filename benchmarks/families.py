"""The instance families, which live in the package: `quartermaster.bench`."""

from __future__ import annotations

from quartermaster.bench import families
from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import Family

__all__ = ["FAMILIES", "Family", "family_snapshot"]

FAMILIES = {**families.FAMILIES, "S": families.FAMILIES["S-scarce"]}
"""Every family by name; ``S`` alone is the scarce kind."""
