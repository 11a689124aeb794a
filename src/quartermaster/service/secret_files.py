"""Files that hold a secret: only their owner and group may read them, only their owner may write them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from quartermaster.errors import InputError, Problem

OTHERS = stat.S_IRWXO | stat.S_IWGRP
"""What a file that holds a secret allows nobody."""


def read_secret(path: Path) -> str:
    """Read the secret that a file holds, without the line's end.

    Parameters
    ----------
    path
        The file. Its group may read it, for secrets that are mounted into a container.

    Raises
    ------
    InputError
        If it cannot be read, is empty, or others may read or change it.
    """
    try:
        with path.open(encoding="utf-8") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            secret = opened.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError([Problem("secret_file", f"{path} cannot be read: {reason}")]) from None
    if mode & OTHERS:
        detail = f"{path} holds a secret and has mode {mode:04o}: others must not read or change it (chmod 600)"
        raise InputError([Problem("secret_file", detail)])
    if not secret:
        raise InputError([Problem("secret_file", f"{path} is empty")])
    return secret


def write_secret(path: Path, secret: str) -> None:
    """Write a secret to a file that is not there yet, for its owner only.

    Parameters
    ----------
    path, secret
        Where, what.

    Raises
    ------
    InputError
        If it is there, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(secret + "\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise InputError([Problem("secret_file", f"{path} cannot be written: {error.strerror}")]) from None
