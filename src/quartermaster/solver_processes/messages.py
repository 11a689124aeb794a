"""What parent and solver process say to each other: named arrays in frames, nothing that could run code.

A frame is a mark, the length and the checksum of its body, and the body: a JSON object, which holds numbers and texts
as such and of each array its type and shape, then the arrays' bytes. The length is checked before anything is read;
whether what was read makes sense, `solver_models.runner.examined` says.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from solver_models.backend import Answer, LinearModel, Solver
from solver_models.runner import SolveJob

Fields = Mapping[str, Any]

MARK = b"QMS1"
TYPES = ("<f8", "<i8", "|b1")
"""Types of arrays that are read."""
_HEAD, _LENGTH = struct.Struct("<4sQI"), struct.Struct("<Q")
MAX_REQUEST = 1 << 34
"""Bytes of the largest frame that a solver process reads."""


class BrokenMessageError(Exception):
    """A frame that is cut off, too long, or no frame at all."""


@dataclass(frozen=True, slots=True, eq=False)
class PlainRows:
    """A sparse matrix by rows, columns ascending, none twice: as much of scipy's as the backend uses.

    So that a solver process need not load scipy, which takes longer than most programs do.

    Parameters
    ----------
    shape
        (n_rows, n_columns).
    indptr, indices, data
        As in `scipy.sparse.csr_array`.
    """

    shape: tuple[int, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    data: NDArray[np.float64]

    def tocsr(self) -> PlainRows:
        """Return the matrix itself."""
        return self

    def sum_duplicates(self) -> None:
        """Do nothing: there are none."""

    def sort_indices(self) -> None:
        """Do nothing: they are sorted."""


def frame(fields: Fields) -> bytes:
    """Write a message.

    Parameters
    ----------
    fields
        Arrays of float64, int64 or bool, numbers and texts by name.
    """
    arrays = {name: np.ascontiguousarray(value) for name, value in fields.items() if isinstance(value, np.ndarray)}
    header = json.dumps(
        {
            "fields": {name: value for name, value in fields.items() if name not in arrays},
            "arrays": {name: [array.dtype.str, array.shape] for name, array in arrays.items()},
        }
    ).encode()
    parts = [_LENGTH.pack(len(header)), header, _padding(_LENGTH.size + len(header))]
    for array in arrays.values():
        parts += [array.tobytes(), _padding(array.nbytes)]
    body = b"".join(parts)
    return _HEAD.pack(MARK, len(body), crc32(body)) + body


def _padding(length: int) -> bytes:
    """What brings the next array to a multiple of its items' size."""
    return bytes(-length % 8)


def read_frame(stream: BinaryIO, limit: Callable[[], int]) -> dict[str, Any] | None:
    """Read the next message; None at the end of the stream.

    Parameters
    ----------
    stream
        Blocking.
    limit
        Asked when a message has begun: the bytes that its body may have.

    Raises
    ------
    BrokenMessageError
        If what comes is no message.
    """
    head = _read(stream, _HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise BrokenMessageError("a message was cut off")
    mark, length, checksum = _HEAD.unpack(head)
    if mark != MARK:
        raise BrokenMessageError("what came was no message")
    if length > limit():
        raise BrokenMessageError(f"a message of {length} bytes is longer than any answer")
    body = _read(stream, length)
    if len(body) < length:
        raise BrokenMessageError("a message was cut off")
    if crc32(body) != checksum:
        raise BrokenMessageError("a message does not match its checksum")
    try:
        return _fields_of(body)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error) as error:
        raise BrokenMessageError(f"a message could not be read: {error}") from error


def _fields_of(body: bytes) -> dict[str, Any]:
    (length,) = _LENGTH.unpack_from(body)
    begin = _LENGTH.size + length
    header = json.loads(body[_LENGTH.size : begin])
    fields: dict[str, Any] = dict(header["fields"])
    begin += len(_padding(begin))
    for name, (kind, shape) in header["arrays"].items():
        if kind not in TYPES:
            raise ValueError(f"an array of {kind}")
        count = prod(shape)
        fields[name] = np.frombuffer(body, dtype=kind, count=count, offset=begin).reshape(shape)
        begin += fields[name].nbytes + len(_padding(fields[name].nbytes))
    return fields


def _read(stream: BinaryIO, length: int) -> bytes:
    parts = []
    while length > 0 and (part := stream.read(min(length, 1 << 20))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def job_fields(job: SolveJob, token: str) -> dict[str, Any]:
    """Write a job as fields.

    Parameters
    ----------
    job
        The job.
    token
        What its answer must repeat.
    """
    model, matrix = job.model, job.model.matrix.tocsr(copy=True)
    matrix.sum_duplicates()
    matrix.sort_indices()
    fields: dict[str, Any] = {
        "token": token,
        "solver": job.solver.value,
        "time_limit": float(job.time_limit),
        "relative_gap": float(job.relative_gap),
        "seed": int(job.seed),
        "work_limit": int(job.work_limit),
        "cost": model.cost,
        "lower": model.lower,
        "upper": model.upper,
        "integer": model.integer,
        "shape": [int(size) for size in matrix.shape],
        "indptr": matrix.indptr.astype(np.int64),
        "indices": matrix.indices.astype(np.int64),
        "data": matrix.data.astype(np.float64),
        "row_lower": model.row_lower,
        "row_upper": model.row_upper,
    }
    return fields if job.hint is None else {**fields, "hint": job.hint}


def job_of(fields: Fields) -> SolveJob:
    """Read a job back.

    Parameters
    ----------
    fields
        From `job_fields`.
    """
    n_rows, n_columns = fields["shape"]
    matrix: Any = PlainRows((n_rows, n_columns), fields["indptr"], fields["indices"], fields["data"])
    return SolveJob(
        LinearModel(
            cost=fields["cost"],
            lower=fields["lower"],
            upper=fields["upper"],
            integer=fields["integer"],
            matrix=matrix,
            row_lower=fields["row_lower"],
            row_upper=fields["row_upper"],
        ),
        Solver(fields["solver"]),
        time_limit=fields["time_limit"],
        relative_gap=fields["relative_gap"],
        seed=fields["seed"],
        work_limit=fields["work_limit"],
        hint=fields.get("hint"),
    )


def answer_fields(answer: Answer, token: str) -> dict[str, Any]:
    """Write an answer as fields.

    Parameters
    ----------
    answer
        The answer.
    token
        That of its job.
    """
    fields = {
        "token": token,
        "values": answer.values,
        "bound": float(answer.bound),
        "finished": bool(answer.finished),
        "infeasible": bool(answer.infeasible),
        "row_duals": answer.row_duals,
        "failure": answer.failure,
        "out_of_work": bool(answer.out_of_work),
        "objective": answer.objective,
    }
    return {name: value for name, value in fields.items() if value is not None}


def answer_of(fields: Fields) -> Answer:
    """Read an answer back; whether it makes sense is for `examined` to say.

    Parameters
    ----------
    fields
        From `answer_fields`.

    Raises
    ------
    BrokenMessageError
        If a field is missing.
    """
    try:
        return Answer(
            values=fields.get("values"),
            bound=fields["bound"],
            finished=fields["finished"],
            infeasible=fields["infeasible"],
            row_duals=fields.get("row_duals"),
            failure=fields["failure"],
            out_of_work=fields["out_of_work"],
            objective=fields.get("objective"),
        )
    except KeyError as error:
        raise BrokenMessageError(f"an answer lacks {error}") from error


def longest_answer(job: SolveJob) -> int:
    """Return the bytes that an answer to a job may have.

    Parameters
    ----------
    job
        The job.
    """
    return 65_536 + 8 * (len(job.model.cost) + len(job.model.row_lower))
