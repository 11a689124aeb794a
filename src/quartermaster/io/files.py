"""Opening files without surprises: devices, pipes, folders, oversized and unreadable files are refused at once."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from quartermaster.errors import InputError, Problem


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Read a regular file of limited size.

    Parameters
    ----------
    path
        The file.
    max_bytes
        Largest size accepted.

    Raises
    ------
    InputError
        If it is missing, not a regular file, unreadable or too large. Never blocks on a pipe.
    """
    name = path.name
    try:
        # O_NONBLOCK: opening a pipe without a writer would otherwise wait for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError([_cannot_open(name, error)]) from None
    try:
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError([Problem("file_kind", "must be a regular file", file=name)])
            data = stream.read(max_bytes + 1)
    except OSError as error:
        raise InputError([_cannot_open(name, error)]) from None
    if len(data) > max_bytes:
        raise InputError([Problem("too_large", f"must have at most {max_bytes} bytes", file=name)])
    return data


def _cannot_open(name: str, error: OSError) -> Problem:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Problem("file_missing", "does not exist", file=name)
    if error.errno in (errno.EISDIR, errno.ENXIO):
        return Problem("file_kind", "must be a regular file", file=name)
    return Problem("file_unreadable", f"cannot be read: {error.strerror}", file=name)


def decode(data: bytes, file: str) -> str:
    """Decode UTF-8, dropping a byte order mark.

    Parameters
    ----------
    data
        The bytes.
    file
        File name for the problem.

    Raises
    ------
    InputError
        If they are not UTF-8.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError([Problem("encoding", "is UTF-16; must be UTF-8", file=file)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        detail = f"is not UTF-8 at byte {error.start}"
        raise InputError([Problem("encoding", detail, file=file, row=row)]) from None
