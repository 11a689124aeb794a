"""A snapshot folder: snapshot.toml and one CSV or Parquet file per table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quartermaster.domain.snapshot import REQUIRED_TABLES, ROW_TYPES, Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.assemble import Heading, Reading, assemble
from quartermaster.io.csv_files import read_csv
from quartermaster.io.document import HEADING, read_document
from quartermaster.io.files import decode, read_bytes
from quartermaster.io.findings import Findings, Source, shown
from quartermaster.io.json_text import parse_document
from quartermaster.io.limits import DEFAULT_LIMITS, Limits
from quartermaster.io.options import ReadOptions
from quartermaster.io.parquet_files import read_parquet
from quartermaster.io.raw import RawTable, unknown_name
from quartermaster.io.toml_text import parse_toml

HEADING_FILE = "snapshot.toml"
"""The file with as_of, currency and version."""
_READERS = {".csv": read_csv, ".parquet": read_parquet}
FILE_NAMES = (HEADING_FILE, *(f"{table}{suffix}" for table in ROW_TYPES for suffix in _READERS))
"""Every name that a file of a snapshot folder may have."""


def read_snapshot(
    path: str | Path,
    *,
    quarantine: bool = False,
    negative_stock_as_zero: bool = False,
    strict: bool = False,
) -> Snapshot:
    """Read and check a snapshot.

    Parameters
    ----------
    path
        A snapshot folder, or one JSON document.
    quarantine, negative_stock_as_zero, strict
        As in `ReadOptions`; use `read_input` to learn which orders were left out.

    Returns
    -------
    Snapshot
        Checked, with coordinates, in canonical order.

    Raises
    ------
    InputError
        If anything is not valid; carries every problem with file, row (header = row 1), column and value.
    """
    options = ReadOptions(quarantine=quarantine, negative_stock_as_zero=negative_stock_as_zero, strict=strict)
    return read_input(path, options).snapshot


def read_input(path: str | Path, options: ReadOptions | None = None, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read a snapshot folder or document, with a choice of how strictly.

    Parameters
    ----------
    path
        A snapshot folder, or one JSON document.
    options
        How strict to be.
    limits
        Caps.

    Raises
    ------
    InputError
        If anything is not valid; carries every problem.
    """
    path = Path(path)
    if path.is_dir():
        return read_folder(path, options, limits)
    document = parse_document(read_bytes(path, limits.max_file_bytes))
    return read_document(document, options, limits)


def read_folder(folder: Path, options: ReadOptions | None = None, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read a snapshot folder.

    Parameters
    ----------
    folder
        The folder. Files that are no table of a snapshot are ignored.
    options
        How strict to be.
    limits
        Caps.

    Raises
    ------
    InputError
        If anything is not valid; carries every problem.
    """
    findings = Findings()
    heading = _read_heading(folder, findings, limits)
    raws: dict[str, RawTable] = {}
    for name in ROW_TYPES:
        path = _file_of(folder, name, findings)
        if path is None:
            continue
        try:
            raws[name] = _READERS[path.suffix](path, name, findings, limits)
        except InputError as error:
            for problem in error.problems:
                findings.at(problem, name)
    return assemble(heading, raws, findings, options, limits)


def _file_of(folder: Path, name: str, findings: Findings) -> Path | None:
    """Find the one file of a table; report none where it is required, and two."""
    present = [folder / f"{name}{suffix}" for suffix in _READERS if (folder / f"{name}{suffix}").exists()]
    present += [folder / f"{name}{suffix}" for suffix in _READERS if _dangling(folder / f"{name}{suffix}")]
    if not present:
        if name in REQUIRED_TABLES:
            detail = "the file is required (or the same with .parquet)"
            findings.at(Problem("missing_field", detail, file=f"{name}.csv"), name)
        return None
    if len(present) > 1:
        detail = f"the table stands also in {present[1].name}; keep one of them"
        findings.at(Problem("file_twice", detail, file=present[0].name), name)
        return None
    path = present[0]
    findings.sources[name] = Source(name, path.name)
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        detail = "is a symbolic link that leads out of the folder"
        findings.at(Problem("file_kind", detail, file=path.name), name)
        return None
    return path


def _dangling(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _read_heading(folder: Path, findings: Findings, limits: Limits) -> Heading:
    path = folder / HEADING_FILE
    held: dict[str, Any] = {}
    try:
        held = parse_toml(decode(read_bytes(path, limits.max_file_bytes), HEADING_FILE), HEADING_FILE)
    except InputError as error:
        for problem in error.problems:
            missing = problem.code == "file_missing"
            findings.at(Problem("missing_field", "the file is required", file=HEADING_FILE) if missing else problem)
        return Heading(None, None, file=HEADING_FILE, unread=True)
    for name, value in held.items():
        if name not in HEADING:
            detail = unknown_name(name, HEADING)
            findings.at(Problem("unknown_field", detail, file=HEADING_FILE, column=shown(name), value=shown(value)))
    return Heading(held.get("as_of"), held.get("currency"), held.get("version"), file=HEADING_FILE)
