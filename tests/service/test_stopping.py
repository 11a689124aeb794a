"""Ending: asked to, the service takes no more, answers what it has, and queues its plan again."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from service_process import running_service
from starlette.testclient import TestClient

from quartermaster.demo import demo_snapshot
from quartermaster.io import snapshot_document
from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.app import create_app
from quartermaster.service.door import Door
from quartermaster.store import open_store
from quartermaster.store.leases import acquire, give_up
from quartermaster.store.migrate import check
from quartermaster.store.plans import stored_plan

ENDLESS = {"solver": {"time_limit_seconds": 60, "relative_gap": 0}}
SCOPE = "south"


def test_behind_a_closed_door_only_health_is_answered():
    door, left = Door(), []
    with TestClient(create_app(door=door)) as client:
        assert client.get("/openapi.json").status_code == 200
        door.close(lambda: left.append(1))
        assert left == [1]
        assert client.get("/healthz").status_code == 200
        for method, path in (("GET", "/openapi.json"), ("POST", "/v1/plan"), ("GET", "/readyz")):
            answer = client.request(method, path)
            assert ProblemAnswer.model_validate(answer.json()).code == "stopping"
            assert (answer.status_code, answer.headers["retry-after"], answer.headers["connection"]) == (
                503,
                "5",
                "close",
            )
            assert answer.headers["cache-control"] == "no-store"
    assert left == [1]


def test_the_door_waits_for_those_inside():
    door, left = Door(), []
    assert door.enter()
    assert door.enter()
    door.close(lambda: left.append(1))
    assert not door.enter()
    door.leave()
    assert left == []
    door.leave()
    assert left == [1]


def test_a_service_that_is_asked_to_end(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", store_url)
    options = ("--insecure-local", "--every", "0", "--stop-seconds", "60")
    document = snapshot_document(demo_snapshot(orders=300, nodes=15, skus=150, seed=5))
    with running_service(tmp_path, *options, stateless=False) as service:
        south = f"{service.address}/v1/scopes/{SCOPE}"

        def put(path, body, number):
            return httpx.request(
                "PUT" if "snapshots" in path else "POST", f"{south}{path}", json=body,
                headers={"idempotency-key": str(number)}, timeout=120,
            )  # fmt: skip

        assert put("/snapshots/v1", document, 1).is_success
        plan = put("/plans", {"policy": ENDLESS, "commit": True}, 2).json()["plan_id"]
        _until(lambda: httpx.get(f"{south}/plans/{plan}").json()["state"] == "running")
        _until(lambda: _children(service.pid))
        slow = _half_a_request(service.address)
        planners = _children(service.pid)
        os.kill(service.pid, signal.SIGTERM)
        _until(lambda: httpx.get(f"{service.address}/readyz").status_code == 503)
        away = put("/plans", {}, 3)
        assert (away.status_code, away.json()["code"]) == (503, "stopping")
        assert httpx.get(f"{service.address}/healthz").status_code == 200
        slow.sendall(b"}")
        assert slow.recv(2**16).startswith(b"HTTP/1.1 422")
        slow.close()
        _until(lambda: not Path(f"/proc/{service.pid}").exists() or "State:\tZ" in _status(service.pid))
    assert not any(Path(f"/proc/{planner}").exists() for planner in planners)
    told = [json.loads(line) for line in (tmp_path / "serve.log").read_text().splitlines()]
    events = [line["event"] for line in told]
    for one in ("stopping", "plan left to another run", "lease given back", "scheduler stopped", "stopped"):
        assert events.count(one) >= 1, one
    assert [line for line in told if line["level"] in ("error", "critical")] == []
    held = open_store(store_url)
    with held.read() as transaction:
        left = stored_plan(transaction, SCOPE, plan)
    assert (left.state, left.progress, left.started_at) == ("queued", {}, None)
    lease = held.transact(lambda transaction: acquire(transaction, SCOPE, "the next", 1_000_000))
    assert lease is not None
    held.transact(lambda transaction: give_up(transaction, lease))
    assert check(held) == []
    held.close()


def _half_a_request(address: str) -> socket.socket:
    """Send a request whose body lacks its last byte."""
    place = urlsplit(address)
    opened = socket.create_connection((place.hostname, place.port), timeout=60)
    head = "POST /v1/evaluate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{"
    opened.sendall(head.encode())
    _until(lambda: httpx.get(f"{address}/healthz").json()["working"] == 1)
    return opened


def _children(pid: int) -> list[int]:
    """Processes whose parent it is."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if f"PPid:\t{pid}\n" in _status(int(path.name))]


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def _until(holds, seconds=120):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
