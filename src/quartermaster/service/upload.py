"""A snapshot folder that comes as one body: a zip, or the files of a form.

What arrives is held on disk. It is unpacked into a work folder under our own names, never under a name that somebody
sent, and only so many files and so many bytes of them; what a zip says of its sizes is not believed.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from quartermaster import io
from quartermaster.io.findings import shown
from quartermaster.service.body import chunks, in_time
from quartermaster.service.problem_body import RequestRefused
from quartermaster.service.settings import ServiceSettings

ZIP_TYPE, FORM_TYPE = "application/zip", "multipart/form-data"
"""Content types of a folder."""
MOST_FILES = 16
"""Files of one upload, at the most; a snapshot has up to 14."""
MOST_RATIO = 100
"""Bytes that a byte of a zip may stand for, over the whole of it."""
_IN_MEMORY = 2**20
"""Bytes of an upload held in memory; beyond, it is a file."""
_MOST_AT_ONCE = 2**20
"""Bytes of a zip read in one go: its directory is read so, and one that fills memory is no snapshot's."""
_CHUNK = 2**16
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that are unpacked piece by piece; the others would unpack all at once."""
_ZIP_MARK = b"PK\x03\x04"


@dataclass(slots=True)
class Upload:
    """What has arrived, not looked into yet.

    Parameters
    ----------
    archive
        A zip; None where the files came in a form.
    files
        Name and content of each file of a form.
    """

    archive: IO[bytes] | None = None
    files: Sequence[tuple[str, IO[bytes]]] = ()

    def close(self) -> None:
        """Let go of what is held on disk."""
        for file in (self.archive, *(file for _, file in self.files)):
            if file is not None:
                file.close()


async def received(request: Request, settings: ServiceSettings, media: str) -> Upload:
    """Receive a folder.

    Parameters
    ----------
    request
        The request.
    settings
        Limits.
    media
        Its content type, `ZIP_TYPE` or `FORM_TYPE`.

    Raises
    ------
    RequestRefused
        413 as soon as the body passes its cap, 408 when it comes too slowly, 422 for a form that cannot be read.
    """
    async with in_time(settings):
        return Upload(files=await _form(request, settings)) if media == FORM_TYPE else await _zip(request, settings)


async def _zip(request: Request, settings: ServiceSettings) -> Upload:
    held = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it is closed with the upload
    try:
        async for chunk in chunks(request, settings):
            held.write(chunk)
    except BaseException:
        held.close()
        raise
    return Upload(archive=held)


class _Form(MultiPartParser):
    """Starlette's parser, which lets a form pass that ends before its end."""

    ended = False

    def on_end(self) -> None:
        self.ended = True


async def _form(request: Request, settings: ServiceSettings) -> list[tuple[str, IO[bytes]]]:
    parser = _Form(request.headers, chunks(request, settings), max_files=MOST_FILES, max_fields=0)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _refused(f"the form cannot be read: {error.message}") from None
    files: list[tuple[str, IO[bytes]]] = [
        (part.filename or "", part.file) for _, part in form.multi_items() if isinstance(part, UploadFile)
    ]
    if not parser.ended:
        Upload(files=files).close()
        raise _refused("the form ends before its end")
    return files


@contextmanager
def unpacked(upload: Upload, settings: ServiceSettings) -> Iterator[tuple[Path, bytes]]:
    """Unpack an upload into a folder that is there until the block ends; with it comes a hash of names and contents.

    Parameters
    ----------
    upload
        What arrived.
    settings
        Limits.

    Raises
    ------
    RequestRefused
        422 ``archive_not_allowed`` for what is no zip, or holds a file that is no snapshot's, two of one name, a link,
        a zip, or more than `MOST_FILES`; 413 ``decompression_limit`` for more than `max_unpacked_bytes`, or more than
        `MOST_RATIO` times what arrived.
    """
    with TemporaryDirectory(prefix="quartermaster-") as work:
        folder, digest, room = Path(work), hashlib.sha256(), _room(upload, settings)
        with _told_damage():
            for name, stream in _members(upload):
                room = _copy(stream, folder / _own_name(name, folder), room)
        for path in sorted(folder.iterdir()):
            digest.update(f"{path.name}\n{_hash(path)}\n".encode())
        yield folder, digest.digest()


def _room(upload: Upload, settings: ServiceSettings) -> int:
    """Return how many bytes may come out."""
    if upload.archive is None:
        return settings.max_body_bytes
    return min(settings.max_unpacked_bytes, MOST_RATIO * upload.archive.seek(0, 2))


def _members(upload: Upload) -> Iterator[tuple[str, IO[bytes]]]:
    if upload.archive is None:
        yield from upload.files
        return
    with zipfile.ZipFile(_Sparing(upload.archive)) as archive:
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise _refused(f"the archive holds {len(members)} members; at most {MOST_FILES} are taken")
        for member in members:
            _check(member)
            with archive.open(member) as stream:
                yield member.orig_filename, stream


class _Sparing:
    """A file of which nobody reads much at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.tell = file, file.tell
        self._size = file.seek(0, 2)

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        if whence == 0 and not 0 <= place <= self._size:
            raise zipfile.BadZipFile("a place that is not in it")
        return self._file.seek(place, whence)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_MOST_AT_ONCE + 1 if size < 0 else min(size, _MOST_AT_ONCE + 1))
        if len(data) > _MOST_AT_ONCE:
            raise _refused("the archive's directory is too large")
        return data


def _check(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _refused(f"{shown(member.orig_filename)} is a link, a folder or a device; only files are taken")
    if member.flag_bits & _ENCRYPTED:
        raise _refused(f"{shown(member.orig_filename)} is encrypted")
    if member.compress_type not in _METHODS:
        raise _refused(f"{shown(member.orig_filename)} is compressed otherwise than by deflate")


def _own_name(name: str, folder: Path) -> str:
    """Return our own text of a name that is one of ours."""
    for own in io.FILE_NAMES:
        if own == name:
            if (folder / own).exists():
                raise _refused(f"{own} stands twice")
            return own
    raise _refused(f"{shown(name)} is no file of a snapshot; files stand without a folder, as {io.FILE_NAMES[0]}")


def _copy(stream: IO[bytes], path: Path, room: int) -> int:
    """Write a file piece by piece; return how many bytes may still come."""
    head = True
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK):
            if head and chunk.startswith(_ZIP_MARK):
                raise _refused(f"{path.name} is a zip")
            head = False
            room -= len(chunk)
            if room < 0:
                detail = f"unpacked it is too much, or more than {MOST_RATIO} times what was sent"
                raise RequestRefused("decompression_limit", detail)
            file.write(chunk)
    return room


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _told_damage() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError):
        raise _refused("is no zip that can be read") from None


def _refused(detail: str) -> RequestRefused:
    return RequestRefused("archive_not_allowed", detail)
