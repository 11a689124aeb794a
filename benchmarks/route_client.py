"""Calls of `route` from a process of their own: so many at a time, or so many a second whatever comes back.

::

    python -m benchmarks.route_client JOB       # JOB is a file that `benchmarks.route_load` writes

The last line of the output is one JSON object. HTTP is spoken by hand over asyncio's streams: on a machine where the
service has the other core, a client that spends a millisecond on a call would be measured, not the service.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to call.

    Parameters
    ----------
    addresses, path, key
        Where, connection by connection in turn, and the key to give.
    orders
        File of order documents, one JSON object a line.
    first
        The first of them to send; then the following ones, round and round.
    reserve
        Whether the units of the best option are held.
    count, nodes
        Options to ask for, and whether to ask why the other nodes lost.
    seconds
        For how long.
    connections
        Calls at a time; where `rate` is given, connections at the most.
    rate
        Calls a second, begun by the clock; 0 = the next as soon as one is answered.
    patience
        Seconds for which an answer is waited for.
    """

    addresses: tuple[str, ...]
    path: str
    key: str
    orders: str
    first: int = 0
    reserve: bool = False
    count: int = 1
    nodes: bool = False
    seconds: float = 10.0
    connections: int = 4
    rate: float = 0.0
    patience: float = 30.0


@dataclass(slots=True)
class Told:
    """What came back.

    Parameters
    ----------
    statuses
        Answers by status; 0 where the connection broke or nothing came in time.
    latencies
        Seconds until each accepted call was answered, from when it was due.
    refusals
        The same of the others.
    bodies
        A body of each status that is not 2xx.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    bodies: dict[int, str] = field(default_factory=dict)

    def note(self, status: int, seconds: float, body: bytes) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        accepted = 200 <= status < 300
        (self.latencies if accepted else self.refusals).append(seconds)
        if not accepted and status not in self.bodies:
            self.bodies[status] = body[:300].decode("utf-8", "replace")


class Connection:
    """One connection, kept open.

    Parameters
    ----------
    job
        What to call.
    number
        Which of the connections it is.
    """

    def __init__(self, job: Job, number: int) -> None:
        place, self._patience = urlsplit(job.addresses[number % len(job.addresses)]), job.patience
        self._reserve = job.reserve
        self._host, self._port = str(place.hostname), int(place.port or 80)
        head = (
            f"POST {job.path} HTTP/1.1\r\nhost: {place.netloc}\r\nauthorization: Bearer {job.key}\r\n"
            "content-type: application/json\r\n"
        )
        self._head = head.encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, body: bytes) -> tuple[int, bytes]:
        """Send one call, and return the status and the body of its answer.

        A connection that was long unused may be closed by the service at the moment it is used again: the call is then
        sent once more, with the same idempotency key where it holds units, as any client does.
        """
        again = f"idempotency-key: {uuid.uuid4()}\r\n" if self._reserve else ""
        own = f"{again}content-length: {len(body)}\r\n\r\n".encode()
        used_before = self._streams is not None
        try:
            async with asyncio.timeout(self._patience):
                try:
                    return await self._call(own + body)
                except (ConnectionError, EOFError):
                    self.close()
                    if not used_before:
                        raise
                    return await self._call(own + body)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            return 0, type(error).__name__.encode()

    async def _call(self, rest: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._head + rest)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), answer

    def close(self) -> None:
        """Close it; the next call opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def bodies_of(job: Job) -> list[bytes]:
    """Write the body of a call for each order."""
    lines = Path(job.orders).read_text(encoding="utf-8").splitlines()
    more = {"count": job.count, "nodes": job.nodes, "reserve": job.reserve}
    bodies = [json.dumps({"order": json.loads(line), **more}).encode() for line in lines]
    return bodies[job.first % len(bodies) :] + bodies[: job.first % len(bodies)]


async def one_after_another(job: Job, bodies: list[bytes]) -> tuple[Told, float]:
    """Call over so many connections, on each the next as soon as one is answered; also return the seconds it took."""
    told, began = Told(), perf_counter()
    waiting = iter(range(sys.maxsize))

    async def work(number: int) -> None:
        connection = Connection(job, number)
        while perf_counter() - began < job.seconds:
            start = perf_counter()
            status, body = await connection.call(bodies[next(waiting) % len(bodies)])
            told.note(status, perf_counter() - start, body)
        connection.close()

    await asyncio.gather(*(work(number) for number in range(job.connections)))
    return told, perf_counter() - began


async def by_the_clock(job: Job, bodies: list[bytes]) -> tuple[Told, float]:
    """Call so often a second, whatever comes back; a call that finds no connection free waits, and its time counts."""
    told, began = Told(), perf_counter()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for number in range(job.connections):
        free.put_nowait(Connection(job, number))

    async def one(due: float, body: bytes) -> None:
        connection = await free.get()
        status, answer = await connection.call(body)
        told.note(status, perf_counter() - due, answer)
        free.put_nowait(connection)

    under_way: set[asyncio.Task[None]] = set()
    for number in range(int(job.seconds * job.rate)):
        due = began + number / job.rate
        if due > perf_counter():
            await asyncio.sleep(due - perf_counter())
        task = asyncio.create_task(one(due, bodies[number % len(bodies)]))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    while under_way:
        await asyncio.wait(under_way)
    took = perf_counter() - began
    while not free.empty():
        free.get_nowait().close()
    return told, took


def figures(told: Told, seconds: float) -> dict[str, object]:
    """Sum up what came back, in milliseconds."""
    return {
        "seconds": round(seconds, 2),
        "statuses": {str(status): told.statuses[status] for status in sorted(told.statuses)},
        "accepted per second": round(len(told.latencies) / seconds, 1),
        **{f"accepted {name}": value for name, value in _spread(told.latencies).items()},
        **{f"refused {name}": value for name, value in _spread(told.refusals).items()},
        "bodies": {str(status): body for status, body in sorted(told.bodies.items())},
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    taken = np.array(seconds) * 1000
    values = {f"p{share}_ms": float(np.percentile(taken, share)) for share in (50, 90, 99)}
    return {name: round(value, 2) for name, value in {**values, "max_ms": float(taken.max())}.items()}


def job_text(job: Job) -> str:
    """Write a job for the process that does it."""
    return json.dumps(asdict(job))


def main() -> None:
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    bodies = bodies_of(job)
    gc.freeze()  # the bodies stay: looking through them again and again would be time of the client
    told, seconds = asyncio.run((by_the_clock if job.rate else one_after_another)(job, bodies))
    print(json.dumps(figures(told, seconds)))


if __name__ == "__main__":
    main()
