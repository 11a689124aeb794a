"""The policy file: TOML, its numbers exactly as written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from quartermaster.errors import InputError, PolicyError
from quartermaster.io.files import decode, read_bytes
from quartermaster.io.toml_text import parse_toml
from quartermaster.policy import Policy, policy_from_mapping

MAX_POLICY_BYTES = 2**20
"""Largest policy file."""


def read_policy(path: str | Path) -> Policy:
    """Read a policy file.

    Parameters
    ----------
    path
        TOML as in interface.md section 4; every key optional.

    Raises
    ------
    PolicyError
        If it cannot be read, is not TOML, or a key or value is not valid; carries every problem.
    """
    path = Path(path)
    try:
        text = decode(read_bytes(path, MAX_POLICY_BYTES), path.name)
        return policy_from_mapping(parse_toml(text, path.name))
    except InputError as error:
        raise PolicyError([replace(problem, file=path.name) for problem in error.problems]) from None
