"""What `init` writes: a small snapshot to start from, explained, and a policy with every knob."""

from __future__ import annotations

from pathlib import Path

from quartermaster.errors import InputError, Problem
from quartermaster.io.atomic_files import write_files
from quartermaster.io.folder import HEADING_FILE
from quartermaster.io.template_tables import SNAPSHOT_TOML, TABLES
from quartermaster.io.template_words import policy_toml, readme


def write_template(folder: str | Path) -> None:
    """Write a snapshot folder to start from, with a README that explains every column, and a policy.

    Parameters
    ----------
    folder
        Where; made when missing.

    Raises
    ------
    InputError
        If any of the files exists (nothing is overwritten then, and nothing written), or the folder cannot be written.
    """
    folder = Path(folder)
    texts = {
        "README.md": readme(),
        HEADING_FILE: SNAPSHOT_TOML,
        "policy.toml": policy_toml(),
        **{f"{name}.csv": table for name, table in TABLES.items()},
    }
    problems = [
        Problem("output", "exists already; nothing is overwritten", file=str(folder / name))
        for name in texts
        if (folder / name).exists() or (folder / name).is_symlink()
    ]
    if problems:
        raise InputError(problems)
    write_files(folder, {name: text.encode() for name, text in texts.items()})
