"""How much one input may hold: caps that keep a broken or hostile file from taking the machine."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CELL = 32 * 1024
"""Longest text of one cell, in characters."""
MAX_CSV_ROW_BYTES = 2**20
"""Longest row of a CSV file, in bytes."""
MAX_COLUMNS = 1_000
"""Most columns of one file."""
MAX_JSON_DEPTH = 20
"""Deepest nesting of a JSON document."""
MAX_REJECTED_SHARE = 0.05
"""Share of bad orders above which even quarantine refuses the whole input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps of one reading.

    Parameters
    ----------
    max_file_bytes
        Largest file, in bytes.
    max_rows
        Most rows of one table.
    """

    max_file_bytes: int = 2**30
    max_rows: int = 20_000_000


DEFAULT_LIMITS = Limits()
"""The caps of the command line and of the Python API."""
