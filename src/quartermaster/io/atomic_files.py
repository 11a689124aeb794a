"""Writing files so that a reader sees the old ones or the new ones, whole: temp file, fsync, rename."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path

from quartermaster.errors import InputError, Problem


def write_files(folder: Path, contents: Mapping[str, bytes], *, stale: Collection[str] = ()) -> None:
    """Write files into a folder: all of them are complete on disk before the first takes its name.

    Parameters
    ----------
    folder
        Where; made when missing.
    contents
        Bytes by file name.
    stale
        Files of an earlier writing that are taken away once the new ones have their names.

    Raises
    ------
    InputError
        If anything cannot be written; the files that were there are then intact, and no other is left behind.
    """
    written: dict[Path, Path] = {}
    place = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            place = folder / name
            if place.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            temporary = folder / f".{name}.{secrets.token_hex(6)}.tmp"
            written[temporary] = place
            _write(temporary, data)
        for temporary, target in written.items():
            place = target
            temporary.replace(target)
        for name in stale:
            place = folder / name
            place.unlink(missing_ok=True)
        _sync_folder(folder)
    except OSError as error:
        detail = f"cannot be written: {error.strerror or type(error).__name__}"
        raise InputError([Problem("output", detail, file=str(place))]) from None
    finally:
        for temporary in written:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    # The mode leaves the permissions to the user's umask; a temp file of the standard library would be private.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Put the new names on disk too; not every system can open a folder for that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
