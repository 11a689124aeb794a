"""A small good input as frames and as a document, for tests that spoil it."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pandas as pd

from quartermaster import io
from quartermaster.errors import InputError

GOOD = Path(__file__).parent / "bad_inputs" / "good"
AS_OF = "2026-11-02T08:00:00-05:00"


def good_document() -> dict:
    """Parse the good document anew."""
    return io.parse_document(GOOD.with_suffix(".json").read_bytes())


def good_frames() -> dict[str, pd.DataFrame]:
    """Read the good folder as frames of text cells."""
    return {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(GOOD.glob("*.csv"))}


def problems_of(read, *arguments, **options):
    """Call a reader that must refuse; return its problems."""
    try:
        read(*arguments, **options)
    except InputError as error:
        return error.problems
    raise AssertionError("the input was accepted")


def pointers(document) -> list[tuple[str, str]]:
    """Read a document that must be refused; return (code, pointer) of its problems."""
    found = problems_of(io.snapshot_from_document, copy.deepcopy(document))
    return [(problem.code, problem.pointer) for problem in found]


def as_json(document) -> bytes:
    """Write a document whose numbers may be Decimal."""
    return json.dumps(document, default=float).encode()
