"""A solver process that misbehaves: run as a script by the real `SolverProcesses`, in place of the real worker.

Each kind does one thing that processes are on record for, with the first job and with every later one. None of them
loads a solver: what they do wrong is how they answer, not what.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import time
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from quartermaster.solver_processes import messages, worker
from quartermaster.solver_processes.messages import frame
from solver_models.backend import Answer

Misdeed = Callable[[BinaryIO, dict[str, Any]], None]
"""Given where to write, and the fields of a well-formed answer."""
MEMORY_BYTES = 400_000_000

FLOOD = b"x" * 4_000_000


def hang(answers: BinaryIO, fields: dict[str, Any]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def hang_busily(answers: BinaryIO, fields: dict[str, Any]) -> None:
    while True:
        pass


def stop(answers: BinaryIO, fields: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def segfault(answers: BinaryIO, fields: dict[str, Any]) -> None:
    ctypes.string_at(0)


def abort(answers: BinaryIO, fields: dict[str, Any]) -> None:
    os.abort()


def leave(code: int) -> Misdeed:
    return lambda answers, fields: os._exit(code)


def raise_error(answers: BinaryIO, fields: dict[str, Any]) -> None:
    raise RuntimeError("CHECK failed: status 99")


def cut_off(answers: BinaryIO, fields: dict[str, Any]) -> None:
    whole = frame(fields)
    answers.write(whole[: len(whole) // 2])
    answers.flush()
    os._exit(0)


def cut_off_and_wait(answers: BinaryIO, fields: dict[str, Any]) -> None:
    whole = frame(fields)
    answers.write(whole[: len(whole) // 2])
    answers.flush()
    hang(answers, fields)


def trickle(answers: BinaryIO, fields: dict[str, Any]) -> None:
    for byte in frame(fields):
        answers.write(bytes([byte]))
        answers.flush()
        time.sleep(0.05)


def flip_a_bit(answers: BinaryIO, fields: dict[str, Any]) -> None:
    whole = bytearray(frame(fields))
    whole[len(whole) // 2] ^= 1
    answers.write(bytes(whole))
    answers.flush()


def noise_on_output(answers: BinaryIO, fields: dict[str, Any]) -> None:
    """What C code prints, into the very stream of the messages."""
    answers.write(b"Running HiGHS 1.12.0: Copyright (c) 2025\n" + frame(fields))
    answers.flush()


def flood_on_output(answers: BinaryIO, fields: dict[str, Any]) -> None:
    answers.write(messages.MARK + (1 << 40).to_bytes(8, "little") + bytes(4))
    while True:
        answers.write(FLOOD)


def pickled(answers: BinaryIO, fields: dict[str, Any]) -> None:
    """What would print, were it loaded."""
    body = pickle.dumps(Explosive())
    answers.write(messages._HEAD.pack(messages.MARK, len(body), zlib.crc32(body)) + body)
    answers.flush()


class Explosive:
    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (99,)


def objects(answers: BinaryIO, fields: dict[str, Any]) -> None:
    whole = frame(fields)
    body = whole[messages._HEAD.size :].replace(b"<f8", b"|O8", 1)
    answers.write(messages._HEAD.pack(messages.MARK, len(body), zlib.crc32(body)) + body)
    answers.flush()


def old_answer(answers: BinaryIO, fields: dict[str, Any]) -> None:
    send(answers, {**fields, "token": "0123456789abcdef-0"})


def answer_twice(answers: BinaryIO, fields: dict[str, Any]) -> None:
    send(answers, fields)
    send(answers, fields)


def answer_for_another_size(answers: BinaryIO, fields: dict[str, Any]) -> None:
    twice = {name: np.r_[value, value] for name, value in fields.items() if isinstance(value, np.ndarray)}
    send(answers, {**fields, **twice})


def without(name: str) -> Misdeed:
    return lambda answers, fields: send(answers, {key: fields[key] for key in fields if key != name})


def instead(**changes: Any) -> Misdeed:
    return lambda answers, fields: send(answers, {**fields, **changes})


def eat_memory(answers: BinaryIO, fields: dict[str, Any]) -> None:
    held = []
    while True:
        held.append(np.ones(10_000_000))


def become_many(answers: BinaryIO, fields: dict[str, Any]) -> None:
    """Leave a process behind that holds the output open."""
    if os.fork():
        os._exit(0)
    hang(answers, fields)


def send(answers: BinaryIO, fields: dict[str, Any]) -> None:
    answers.write(frame(fields))
    answers.flush()


MISDEEDS: dict[str, Misdeed] = {
    "hangs and ignores SIGTERM": hang,
    "hangs and burns a core": hang_busily,
    "is stopped": stop,
    "dies of a segmentation fault": segfault,
    "aborts": abort,
    "leaves with code 0": leave(0),
    "leaves with code 3": leave(3),
    "dies of an exception": raise_error,
    "cuts its answer off": cut_off,
    "cuts its answer off and stays": cut_off_and_wait,
    "answers a byte at a time": trickle,
    "flips a bit": flip_a_bit,
    "prints among its answers": noise_on_output,
    "announces a terabyte": flood_on_output,
    "sends a pickle": pickled,
    "sends an array of objects": objects,
    "gives an old answer": old_answer,
    "answers twice": answer_twice,
    "answers a larger model": answer_for_another_size,
    "leaves out its bound": without("bound"),
    "has a text for a bound": instead(bound="optimal"),
    "has a text for values": instead(values="all of them"),
    "has one value": instead(values=np.float64(1.0)),
    "takes all memory": eat_memory,
    "leaves a process behind": become_many,
}
LATE = ("hangs and ignores SIGTERM", "hangs and burns a core", "is stopped", "cuts its answer off and stays",
        "answers a byte at a time")  # fmt: skip
"""Those that only the clock ends."""
NEVER_READY = "ends while it starts"


def command(kind: str) -> list[str]:
    """What to start for one kind."""
    paths = [path for path in sys.path if os.path.isabs(path)]
    start = f"import sys; sys.path[:] = {paths!r}; import solver_process_doubles as d; d.main({kind!r})"
    return [sys.executable, "-P", "-c", start]


def main(kind: str) -> None:
    """Say "ready" like the real one, then answer each job with a plausible answer, misdelivered."""
    if kind == NEVER_READY:
        os._exit(1)
    jobs, answers = worker.take_streams()
    worker.limit_memory(MEMORY_BYTES)
    send(answers, {"ready": True})
    while job := messages.read_frame(jobs, lambda: messages.MAX_REQUEST):
        said = Answer(
            values=np.zeros(len(job["cost"])), bound=0.0, finished=True, row_duals=np.zeros(len(job["row_lower"]))
        )
        MISDEEDS[kind](answers, messages.answer_fields(said, job["token"]))
