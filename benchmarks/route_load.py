"""The service under load: `route` over HTTP, with the client beside it, on SQLite and on PostgreSQL.

::

    python -m benchmarks.route_load                       # 100 nodes, 10 000 SKUs, both databases: about 8 minutes
    python -m benchmarks.route_load --databases postgresql --services 2

For each database `quartermaster serve` is started as its users start it, with a key and a snapshot; over PostgreSQL as
often as is asked for, as behind a proxy that takes turns. Then, each from a process of its own: `route` one after
another over a few connections, for the best option alone, for three with the reasons of every other node, and for the
best with `reserve`; the last by the clock, at the rate that is aimed at; and overload, by the clock, four times as
often as was answered at best, where only 2xx, 429 and 503 may come back and the memory of the service is watched. At
the end the books of the store are audited. PostgreSQL is taken from QUARTERMASTER_TEST_DATABASE_URL, in a schema of
its own; without it, 127.0.0.1 is tried. Exits with 1 when an answer or the books are not as they must be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy

from benchmarks.families import Family, family_snapshot
from benchmarks.measure import ROOT, in_own_process, write_results
from benchmarks.route_client import Job, job_text
from quartermaster.bench.children import resident_mb, tree_of
from quartermaster.bench.drawing import AS_OF
from quartermaster.io import ready, snapshot_document
from quartermaster.store import open_store
from quartermaster.store.keys import make_key
from quartermaster.store.migrate import check, upgrade

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "route_load.json"
POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/test"
SCOPE = "/v1/scopes/load"
PROGRAM = "from quartermaster.cli import main; main()"
START_SECONDS = 300.0
OVERLOAD_CONNECTIONS = 500
CLOCK_CONNECTIONS = 200


@dataclass(frozen=True, slots=True)
class Load:
    """How much, for how long.

    Parameters
    ----------
    orders, nodes, skus, seed
        The instance.
    connections
        Calls at a time.
    seconds, overload_seconds
        Of each run, and of the overload.
    rate
        Calls a second that are aimed at.
    services
        Services beside each other, over PostgreSQL.
    factor
        How many times the best throughput is asked for in the overload.
    """

    orders: int
    nodes: int
    skus: int
    seed: int
    connections: int
    seconds: float
    overload_seconds: float
    rate: float
    factor: float
    services: int


def drawn(load: Load, folder: Path) -> tuple[Path, Path]:
    """Draw a network whose picture is of now, and its orders; return the files of the snapshot and of the orders.

    Parameters
    ----------
    load
        How large.
    folder
        Where to.
    """
    family = Family("route", orders=load.orders, nodes=load.nodes, skus=load.skus, scarce=0.05)
    document = snapshot_document(ready(family_snapshot(family, load.seed)))
    now = datetime.now(UTC)
    later = now.date() - AS_OF.date()
    orders, document["orders"] = document["orders"], []
    document["snapshot"]["as_of"] = (now - timedelta(seconds=1)).isoformat()
    for order in orders:
        if "promise_date" in order:
            order["promise_date"] = (date.fromisoformat(str(order["promise_date"])) + later).isoformat()
    snapshot_file, orders_file = folder / "snapshot.json", folder / "orders.jsonl"
    snapshot_file.write_text(json.dumps(document, default=float), encoding="utf-8")
    orders_file.write_text("".join(f"{json.dumps(order, default=float)}\n" for order in orders), encoding="utf-8")
    return snapshot_file, orders_file


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty database; drop it at the end.

    Parameters
    ----------
    kind
        ``sqlite`` or ``postgresql``.
    folder
        Where SQLite's file is.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'load.db'}"
        return
    given = sqlalchemy.make_url(os.environ.get("QUARTERMASTER_TEST_DATABASE_URL", POSTGRESQL))
    url = given.set(drivername="postgresql+psycopg")
    schema = f"qm_load_{uuid.uuid4().hex[:12]}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    try:
        yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        engine.dispose()


@contextmanager
def served(url: str, folder: Path, number: int, *options: str) -> Iterator[tuple[str, int]]:
    """Serve until the block ends; the address and the process id.

    Parameters
    ----------
    url
        The database.
    folder, number
        Where the log goes, and which service it is of.
    options
        Of ``quartermaster serve``.
    """
    log = folder / f"serve-{number}.log"
    command = [sys.executable, "-c", PROGRAM, "serve", "--port", "0", "--every", "0", *options]
    with log.open("wb") as out:
        environment = {**os.environ, "QUARTERMASTER_DATABASE_URL": url}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(r"http://[0-9.]+:[0-9]+", log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service does not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.1)
        yield found[0], process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    if "Traceback" in log.read_text() or '"fault"' in log.read_text():
        raise RuntimeError(f"faults in the service's log:\n{log.read_text()[-4000:]}")


def put_snapshot(address: str, key: str, file: Path) -> float:
    """Put the snapshot; return the seconds it took."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json", "idempotency-key": "snapshot"}
    request = urllib.request.Request(f"{address}{SCOPE}/snapshots/v1", file.read_bytes(), headers, method="PUT")  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
        answer.read()
    return round(time.perf_counter() - began, 1)


class Memory:
    """Resident memory of processes and of those they started, looked at again and again while a block runs.

    Parameters
    ----------
    pids
        The processes.
    """

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self.seen = [self._now()]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.seen.append(self._now())

    def _look(self) -> None:
        while not self._ended.wait(1.0):
            self.seen.append(self._now())

    def _now(self) -> float:
        return round(resident_mb(started_by(self._pids)), 1)

    def figures(self) -> dict[str, float]:
        """Say what it was before, at most and at the end, in 10^6 bytes, and by which share it grew."""
        before, most = self.seen[0], max(self.seen)
        return {
            "before_mb": before, "most_mb": most, "end_mb": self.seen[-1],
            "growth": round(most / before - 1, 4) if before else 0.0,
        }  # fmt: skip


def measured(kind: str, load: Load, files: tuple[Path, Path], folder: Path, options: list[str]) -> dict[str, Any]:
    """Measure one database.

    Parameters
    ----------
    kind
        ``sqlite`` or ``postgresql``.
    load
        How much.
    files
        The snapshot and the orders.
    folder
        For files.
    options
        Of ``quartermaster serve``.
    """
    with database(kind, folder) as url:
        store = open_store(url)
        upgrade(store)
        key, _ = store.transact(lambda transaction: make_key(transaction, "load", ["admin"]))
        store.close()
        with ExitStack() as services:
            count = load.services if kind == "postgresql" else 1
            up = [services.enter_context(served(url, folder, number, *options)) for number in range(count)]
            addresses, pids = [address for address, _ in up], [pid for _, pid in up]
            found: dict[str, Any] = {
                "services": count,
                "put snapshot, seconds": put_snapshot(addresses[0], key, files[0]),
            }
            job = Job(addresses=tuple(addresses), path=f"{SCOPE}/route", key=key, orders=str(files[1]))
            found |= loaded(replace(job, seconds=load.seconds, connections=load.connections), load, folder, pids)
        store = open_store(url)
        found["audit"] = check(store)
        store.close()
    return found


def loaded(job: Job, load: Load, folder: Path, pids: list[int]) -> dict[str, Any]:
    """Put services under each load in turn.

    Parameters
    ----------
    job
        One after another, for the best option alone.
    load
        How much.
    folder
        For files.
    pids
        The services' processes.
    """
    found: dict[str, Any] = {}
    _run("warm-up", replace(job, seconds=min(5.0, load.seconds), patience=600.0), folder, pids)
    found["route"] = _run("route", job, folder, pids)
    whole = replace(job, count=3, nodes=True)
    found["three options, every node"] = _run("three options, every node", whole, folder, pids)
    kept = replace(job, reserve=True, first=load.orders // 4)
    found["route and reserve"] = best = _run("route and reserve", kept, folder, pids)
    aimed = replace(kept, rate=load.rate, connections=CLOCK_CONNECTIONS, first=load.orders // 2)
    found["by the clock"] = _run("by the clock", aimed, folder, pids)
    if load.overload_seconds:
        rate = load.factor * max(float(best["accepted per second"]), 1.0)
        over = replace(aimed, rate=rate, connections=OVERLOAD_CONNECTIONS, seconds=load.overload_seconds)
        with Memory(pids) as memory:
            found["overload"] = _run("overload", replace(over, first=3 * load.orders // 4), folder, pids)
        found["overload"]["memory"] = memory.figures()
    return found


def _run(name: str, job: Job, folder: Path, pids: list[int]) -> dict[str, Any]:
    """Have a job done by a process of its own; add the processor time of the service for each answer."""
    file = folder / "job.json"
    file.write_text(job_text(job), encoding="utf-8")
    before = processor_seconds(pids)
    told = in_own_process("benchmarks.route_client", str(file))
    answers = sum(told["statuses"].values())
    told["service processor ms per answer"] = round(1000 * (processor_seconds(pids) - before) / max(answers, 1), 2)
    told |= {"asked per second": round(job.rate, 1) if job.rate else None, "connections": job.connections}
    print(
        f"{name}: {told['accepted per second']} accepted/s, p50 {told.get('accepted p50_ms')} ms, "
        f"p99 {told.get('accepted p99_ms')} ms, {told['statuses']}, "
        f"{told['service processor ms per answer']} ms of processor an answer",
        flush=True,
    )
    return told


def started_by(pids: list[int]) -> list[int]:
    """Return processes and all that they started."""
    return [one for pid in pids for one in tree_of(pid)]


def processor_seconds(pids: list[int]) -> float:
    """Return the processor time of processes and of those they started, seconds; 0 where /proc is not there."""
    ticks = 0
    for one in started_by(pids):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])  # user and system, see proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def wrong(found: dict[str, Any]) -> list[str]:
    """Say what must not be: answers of other kinds than promised, and books that are not right.

    Parameters
    ----------
    found
        Figures of one database.
    """
    bad = [f"audit: {line}" for line in found["audit"]]
    for name, run in found.items():
        if not isinstance(run, dict):
            continue
        allowed = ("200", "201", "429", "503") if name == "overload" else ("200", "201")
        others = {status: times for status, times in run["statuses"].items() if status not in allowed}
        if others:
            bad.append(f"{name}: answers by status {others}: {run['bodies']}")
        if not set(run["statuses"]) & {"200", "201"}:
            bad.append(f"{name}: nothing was accepted")
    return bad


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write the results file; return the exit code.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, whole in (
        ("orders", 40_000),
        ("nodes", 100),
        ("skus", 10_000),
        ("seed", 1),
        ("connections", 4),
        ("services", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=whole)
    for name, number in (("seconds", 20.0), ("overload-seconds", 60.0), ("rate", 150.0), ("factor", 4.0)):
        parser.add_argument(f"--{name}", type=float, default=number)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--serve", nargs=argparse.REMAINDER, default=[], help="further options of quartermaster serve")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args(arguments)
    load = Load(**{name: getattr(given, name) for name in Load.__dataclass_fields__})
    runs, bad = {}, []
    with tempfile.TemporaryDirectory() as name:
        files = drawn(load, Path(name))
        for kind in given.databases:
            print(f"== {kind}", flush=True)
            folder = Path(name) / kind
            folder.mkdir()
            runs[kind] = measured(kind, load, files, folder, given.serve)
            bad += [f"{kind}: {line}" for line in wrong(runs[kind])]
    content = {**{name: getattr(load, name) for name in Load.__dataclass_fields__}, "serve": given.serve}
    write_results(given.out, {**content, "databases": runs})
    for line in bad:
        print("WRONG:", line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
