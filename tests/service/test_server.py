"""The real server over a real socket."""

from __future__ import annotations

import copy
import re
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from service_process import running_service

from quartermaster.demo import demo_snapshot
from quartermaster.io import snapshot_document
from quartermaster.service.answers import EvaluationAnswer, PlanAnswer, ProblemAnswer
from quartermaster.service.examples import EVALUATE_REQUEST, PLAN_REQUEST

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running_service(tmp_path_factory.mktemp("serve"), "--workers", "1", "--max-body", "16") as held:
        yield held


@pytest.fixture(scope="module")
def address(service):
    return service.address


@pytest.fixture(scope="module")
def demo_document():
    return snapshot_document(demo_snapshot(orders=60, nodes=8, skus=60, seed=3))


def test_a_plan_made_here_is_found_good_here(address, demo_document):
    body = {"snapshot": demo_document, "policy": {"solver": {"time_limit_seconds": 5}}}
    planned = httpx.post(f"{address}/v1/plan", json=body, timeout=60)
    assert planned.status_code == 200
    plan = planned.json()
    PlanAnswer.model_validate(plan)
    assert len(plan["shipments"]) > 20
    judged = httpx.post(f"{address}/v1/evaluate", json={"snapshot": demo_document, "plan": plan}, timeout=60)
    evaluation = EvaluationAnswer.model_validate(judged.json())
    assert evaluation.violations == []
    assert evaluation.total == plan["objective"]["total"]


def test_the_deadline_is_kept_and_health_answers_meanwhile(address):
    document = snapshot_document(demo_snapshot(orders=800, nodes=30, seed=4))
    limit = 3
    body = {"snapshot": document, "policy": {"solver": {"time_limit_seconds": limit, "relative_gap": 0}}}
    answers = []
    work = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{address}/v1/plan", json=body, timeout=120)), daemon=True
    )
    started = time.monotonic()
    work.start()
    slowest, asked = 0.0, 0
    while work.is_alive():
        before = time.monotonic()
        assert httpx.get(f"{address}/healthz", timeout=10).json()["status"] == "ok"
        slowest, asked = max(slowest, time.monotonic() - before), asked + 1
        time.sleep(0.05)
    took = time.monotonic() - started
    assert answers[0].status_code == 200, answers[0].text
    planning = sum(answers[0].json()["run"]["seconds"].values())
    assert planning <= 2 * limit + 5  # without the deadline it is 60 s; the rest is what a busy machine adds
    assert took <= planning + 10  # reading the request and writing the answer
    assert asked >= 3
    assert slowest < 2


def test_a_time_limit_beyond_the_range_is_refused(address):
    for limit in (0, -1, 61, 1e9):
        body = copy.deepcopy(PLAN_REQUEST)
        body["policy"]["solver"]["time_limit_seconds"] = limit
        answer = httpx.post(f"{address}/v1/plan", json=body)
        problem = ProblemAnswer.model_validate(answer.json())
        assert answer.status_code == 422
        assert problem.errors[0].pointer == "/policy/solver/time_limit_seconds"


def test_a_declared_length_beyond_the_cap_is_refused_before_the_body_is_sent(address):
    split = urlsplit(address)
    with socket.create_connection((split.hostname, split.port), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/plan HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        head = connection.recv(65536).decode()
    assert head.startswith("HTTP/1.1 413")
    assert "application/problem+json" in head
    assert "server:" not in head.lower()


def peak_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_a_chunked_body_beyond_the_cap_costs_at_most_twice_the_cap(service):
    before = peak_bytes(service.pid)
    block = b" " * 2**20
    sent = []

    def blocks():
        for at in range(200):
            sent.append(at)
            yield block

    try:
        answer = httpx.post(f"{service.address}/v1/plan", content=blocks(), headers=JSON, timeout=30)
        assert answer.status_code == 413
        assert ProblemAnswer.model_validate(answer.json()).code == "too_large"
    except httpx.WriteError:  # the server closed the connection while we were still sending, as it may
        assert len(sent) < 200
    assert peak_bytes(service.pid) - before <= 2 * 16 * 2**20
    assert httpx.get(f"{service.address}/healthz").json()["working"] == 0


def test_ctrl_c_does_not_wait_for_a_plan(tmp_path):
    document = snapshot_document(demo_snapshot(orders=600, nodes=30, seed=4))
    body = {"snapshot": document, "policy": {"solver": {"time_limit_seconds": 60, "relative_gap": 0}}}
    with running_service(tmp_path) as held:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{held.address}/v1/plan", json=body, timeout=3)
        started = time.monotonic()
    assert time.monotonic() - started < 20


def test_a_long_header_is_our_answer_not_the_servers(address):
    answer = httpx.get(f"{address}/healthz", headers={"x-long": "x" * 20_000})
    assert answer.status_code == 431
    assert ProblemAnswer.model_validate(answer.json()).code == "headers_too_large"


def test_the_examples_of_the_contract_are_true(address):
    document = httpx.get(f"{address}/openapi.json").json()
    for path, request, model in (
        ("/v1/plan", PLAN_REQUEST, PlanAnswer),
        ("/v1/evaluate", EVALUATE_REQUEST, EvaluationAnswer),
    ):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"]["small"]["value"] == request
        answer = httpx.post(address + path, json=request, timeout=60)
        assert answer.status_code == 200, answer.text
        model.model_validate(answer.json())
    assert answer.json()["violations"] == []
