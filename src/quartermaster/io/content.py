"""The hash of a snapshot's content, the same for any row order, file format or process."""

from __future__ import annotations

import hashlib
from datetime import UTC
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import Kind, columns_of
from quartermaster.domain.snapshot import OUTLOOK_TABLES, ROW_TYPES, Snapshot

_FORM = b"quartermaster snapshot 1\n"
"""Changes when the hashed form changes."""


def snapshot_sha256(snapshot: Snapshot) -> str:
    """Hash a snapshot's content: as_of, currency and every table; not its version text.

    Parameters
    ----------
    snapshot
        Any snapshot; it is made ready first.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If the snapshot is not valid.
    """
    from quartermaster.io.assemble import ready

    snapshot = ready(snapshot)
    digest = hashlib.sha256(_FORM)
    digest.update(f"{snapshot.as_of.astimezone(UTC).isoformat()}\n{snapshot.currency}\n".encode())
    for name, table in snapshot.tables().items():
        if name in OUTLOOK_TABLES and not len(table):
            continue  # a snapshot without them keeps the hash that it had before there were any
        digest.update(f"{name} {len(table)}\n".encode())
        for column, spec in columns_of(ROW_TYPES[name]).items():
            digest.update(column.encode() + b"\n")
            for part in _parts(table[column], spec.kind):
                digest.update(part)
    return digest.hexdigest()


def _parts(column: NDArray[Any], kind: Kind) -> list[bytes]:
    """Write one column as bytes that differ whenever the content differs."""
    if kind is Kind.TEXTS:
        lists = column.tolist()
        counts = np.fromiter(map(len, lists), dtype="<i8", count=len(lists))
        return [counts.tobytes(), *_texts([text for texts in lists for text in texts])]
    if kind is Kind.DECIMAL:
        return _texts([decimal_text(number) for number in column.tolist()])
    if column.dtype == object:
        return _texts(column.tolist())
    if kind is Kind.DEGREES:
        return [column.astype("<f8").tobytes()]
    if kind is Kind.FLAG:
        return [column.astype("u1").tobytes()]
    return [column.astype("<i8").tobytes()]


def _texts(texts: list[str]) -> list[bytes]:
    lengths = np.fromiter(map(len, texts), dtype="<i8", count=len(texts))
    return [lengths.tobytes(), "".join(texts).encode("utf-8")]


def decimal_text(number: Decimal | None) -> str:
    """Write a decimal in its one plain form, without trailing zeros; empty for None.

    Parameters
    ----------
    number
        The decimal.
    """
    if number is None:
        return ""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text
