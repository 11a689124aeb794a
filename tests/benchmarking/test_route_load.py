"""The load script drives a real service, and sees what it is there to see. How fast it was matters elsewhere."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest

from benchmarks.route_client import Job, Told, by_the_clock, figures, one_after_another
from benchmarks.route_load import main, wrong

SMALL = ["--orders", "60", "--nodes", "5", "--skus", "20", "--connections", "2", "--rate", "5"]
SHORT = ["--seconds", "2", "--overload-seconds", "3"]


def test_a_small_load_is_answered_and_its_books_are_right(tmp_path, capsys):
    out = tmp_path / "route_load.json"
    assert main([*SMALL, *SHORT, "--databases", "sqlite", "--out", str(out)]) == 0, capsys.readouterr()
    found = json.loads(out.read_text(encoding="utf-8"))["databases"]["sqlite"]
    assert found["audit"] == []
    for name in ("route", "three options, every node", "route and reserve", "by the clock", "overload"):
        run = found[name]
        assert run["accepted per second"] > 0, name
        assert run["accepted p50_ms"] <= run["accepted p99_ms"] <= run["accepted max_ms"], name
    assert set(found["route"]["statuses"]) == {"200"}
    assert found["route and reserve"]["statuses"]["201"] > 0
    best, over = found["route and reserve"]["accepted per second"], found["overload"]
    assert over["asked per second"] == pytest.approx(4 * best, abs=0.2)
    assert sum(over["statuses"].values()) == int(3 * 4 * best)
    assert over["memory"]["before_mb"] > 10


def told_of(statuses, name="route"):
    return {name: {"statuses": statuses, "bodies": {}}, "audit": []}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (told_of({"200": 5}), []),
        (told_of({"200": 5, "503": 1}), ["route: answers by status {'503': 1}: {}"]),
        (told_of({"201": 5, "429": 2, "503": 9}, "overload"), []),
        (told_of({"201": 5, "500": 1}, "overload"), ["overload: answers by status {'500': 1}: {}"]),
        (told_of({"201": 5, "0": 1}, "overload"), ["overload: answers by status {'0': 1}: {}"]),
        (told_of({"503": 5}, "overload"), ["overload: nothing was accepted"]),
        ({"audit": ["scope load: oversold"]}, ["audit: scope load: oversold"]),
    ],
)
def test_what_must_not_be_is_said(found, said):
    assert wrong(found) == said


class Service:
    """An HTTP service by hand: every third call is refused, each after a while; it notes what it was sent."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.calls, self.keys, self.most, self._inside = seconds, 0, [], 0, 0

    async def serve(self, reader, writer):
        while head := await self._head(reader):
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            self.keys.append(head.partition(b"idempotency-key: ")[2].partition(b"\r\n")[0])
            self._inside += 1
            self.most = max(self.most, self._inside)
            self.calls += 1
            status = b"503" if self.calls % 3 == 0 else b"200"
            await asyncio.sleep(self.seconds)
            self._inside -= 1
            writer.write(b"HTTP/1.1 " + status + b" X\r\ncontent-length: 2\r\n\r\n{}")

    async def _head(self, reader):
        try:
            return (await reader.readuntil(b"\r\n\r\n")).lower()
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


def played(services, way, **given):
    async def play():
        servers = [await asyncio.start_server(service.serve, "127.0.0.1", 0) for service in services]
        addresses = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
        told, seconds = await way(
            Job(addresses=tuple(addresses), path="/x", key="k", orders="", **given), [b"{}", b"[]"]
        )
        for server in servers:
            server.close()
        return told, seconds

    return asyncio.run(play())


def test_the_clock_is_kept_though_answers_are_late():
    """Forty calls in a second over two connections that answer one call in a tenth: each waits, and its wait counts."""
    service = Service(seconds=0.1)
    told, seconds = played([service], by_the_clock, rate=40.0, seconds=1.0, connections=2, reserve=True)
    assert sum(told.statuses.values()) == 40
    assert (told.statuses[200], told.statuses[503]) == (27, 13)
    assert service.most == 2
    assert seconds > 1.9
    assert max(told.latencies + told.refusals) > 0.8
    assert len(set(service.keys)) == 40
    assert all(uuid.UUID(key.decode()) for key in service.keys)


def test_one_after_another_never_asks_more_at_once_and_services_take_turns():
    services = [Service(seconds=0.01), Service(seconds=0.01)]
    told, _ = played(services, one_after_another, seconds=0.5, connections=4)
    assert {key for service in services for key in service.keys} == {b""}  # what holds nothing needs no key
    assert [service.most for service in services] == [2, 2]
    assert sum(told.statuses.values()) == sum(service.calls for service in services)
    assert min(service.calls for service in services) > 3


def test_a_call_on_a_connection_that_was_closed_meanwhile_is_sent_again_with_its_key():
    """As uvicorn closes connections that were long unused; a service that is not there at all is told of."""

    class Closing(Service):
        async def serve(self, reader, writer):
            head = await self._head(reader)
            await reader.readexactly(2)
            self.keys.append(head.partition(b"idempotency-key: ")[2].partition(b"\r\n")[0])
            writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}")
            await writer.drain()
            writer.close()  # without a word, so that the client believes in the connection

    service = Closing()
    told, _ = played([service], by_the_clock, rate=20.0, seconds=0.5, connections=1)
    assert dict(told.statuses) == {200: 10}
    assert len(service.keys) == 10
    gone = Job(addresses=("http://127.0.0.1:1",), path="/x", key="k", orders="", seconds=0.1, rate=20.0)
    told, _ = asyncio.run(by_the_clock(gone, [b"{}"]))
    assert dict(told.statuses) == {0: 2}


def test_figures_are_of_what_was_accepted():
    told = Told()
    for number in range(100):
        told.note(201, number / 1000, b"{}")
    told.note(503, 9.0, b"busy")
    found = figures(told, 10.0)
    assert found["accepted per second"] == 10.0
    assert (found["accepted p50_ms"], found["accepted max_ms"], found["refused p50_ms"]) == (49.5, 99.0, 9000.0)
    assert found["statuses"] == {"201": 100, "503": 1}
    assert found["bodies"] == {"503": "busy"}
