"""What HTTP itself can get wrong, each with its problem body; the calls behind it are faked."""

from __future__ import annotations

import asyncio
import json
import threading

import httpx
import pytest
from fastapi.testclient import TestClient

from quartermaster.errors import InputError, Problem
from quartermaster.io.codes import CODES
from quartermaster.service import ServiceSettings, create_app
from quartermaster.service.guard import MAX_HEADER_BYTES, MAX_TARGET_BYTES, SECURITY_HEADERS
from quartermaster.service.problem_body import ANSWERS

JSON = {"content-type": "application/json"}


@pytest.fixture
def echo(monkeypatch):
    """A plan call that answers with the number of bytes it was given."""
    monkeypatch.setattr("quartermaster.service.app.plan_call", lambda body, _: {"bytes": len(body)})


@pytest.fixture
def client(echo):
    with TestClient(create_app(ServiceSettings(max_body_bytes=1000)), raise_server_exceptions=False) as held:
        yield held


def check_problem(response, status, code):
    body = response.json()
    assert response.status_code == status == body["status"]
    assert response.headers["content-type"] == "application/problem+json"
    assert body["code"] == code
    assert body["type"] == f"urn:quartermaster:problem:{code}"
    assert body["instance"].startswith("urn:quartermaster:request:")
    assert body["title"]
    assert body["detail"]
    for name, value in SECURITY_HEADERS.items():
        assert response.headers[name] == value
    assert "server" not in response.headers
    return body


def test_a_body_goes_to_the_call(client):
    response = client.post("/v1/plan", content=b"{}", headers=JSON)
    assert (response.status_code, response.json()) == (200, {"bytes": 2})
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "", "application/jsonp", "multipart/form-data"])
def test_another_content_type_is_refused(client, media):
    check_problem(client.post("/v1/plan", content=b"{}", headers={"content-type": media}), 415, "media_type")


def test_no_content_type_is_refused(client):
    check_problem(client.post("/v1/plan", content=b"{}"), 415, "media_type")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_json_may_name_its_charset(client, media):
    assert client.post("/v1/plan", content=b"{}", headers={"content-type": media}).status_code == 200


@pytest.mark.parametrize(
    "told", ["charset=utf-16", "foo=1; charset=utf-16", "charset=utf-8; charset=undefined", "charset"]
)
def test_another_charset_is_refused(client, told):
    headers = {"content-type": f"application/json; {told}"}
    check_problem(client.post("/v1/plan", content=b"{}", headers=headers), 415, "media_type")


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_is_refused(client, mark):
    check_problem(client.post("/v1/plan", content=mark + b"{\x00}\x00", headers=JSON), 415, "encoding")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_refused(client, coding):
    headers = {**JSON, "content-encoding": coding}
    check_problem(client.post("/v1/plan", content=b"{}", headers=headers), 415, "content_encoding")


@pytest.mark.parametrize("size", [1000, 1001])
def test_the_cap_of_a_declared_length_is_exact(client, size):
    response = client.post("/v1/plan", content=b"x" * size, headers=JSON)
    if size <= 1000:
        assert response.json() == {"bytes": size}
    else:
        assert "1000 bytes" in check_problem(response, 413, "too_large")["detail"]


def test_a_chunked_body_is_refused_as_soon_as_it_passes_the_cap(echo):
    sent = []

    async def call():
        async def chunks():
            for position in range(100):
                sent.append(position)
                yield b"x" * 400

        transport = httpx.ASGITransport(app=create_app(ServiceSettings(max_body_bytes=1000)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/v1/plan", content=chunks(), headers=JSON)

    check_problem(asyncio.run(call()), 413, "too_large")
    assert len(sent) <= 4


def test_a_slow_body_is_given_up(echo):
    async def call():
        async def chunks():
            yield b"{"
            await asyncio.sleep(30)
            yield b"}"

        transport = httpx.ASGITransport(app=create_app(ServiceSettings(body_timeout_seconds=0.1)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/v1/plan", content=chunks(), headers=JSON)

    check_problem(asyncio.run(asyncio.wait_for(call(), 5)), 408, "timeout")


def test_long_addresses_and_headers_are_refused(client):
    check_problem(client.get("/healthz?" + "a=1&" * 10_000), 414, "uri_too_long")
    check_problem(client.get("/" + "x" * MAX_TARGET_BYTES + "x"), 414, "uri_too_long")
    check_problem(client.get("/healthz", headers={"x-long": "x" * MAX_HEADER_BYTES}), 431, "headers_too_large")


def test_two_framings_of_one_body_are_refused(client):
    headers = {**JSON, "transfer-encoding": "chunked", "content-length": "2"}
    check_problem(client.post("/v1/plan", content=b"{}", headers=headers), 400, "framing")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/plan/", "/v1/nothing", "/docs", "/redoc", "/healthz/"])
def test_unknown_addresses_are_not_found(client, path):
    check_problem(client.get(path), 404, "not_found")


def test_an_unknown_version_names_the_known_ones(client):
    assert "v1" in check_problem(client.post("/v2/plan", content=b"{}", headers=JSON), 404, "schema_version")["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_another_method_names_the_right_one(client, method):
    response = client.request(method, "/v1/plan")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        check_problem(response, 405, "method_not_allowed")


def test_a_method_override_is_ignored(client):
    response = client.get("/v1/plan", headers={"x-http-method-override": "POST"})
    check_problem(response, 405, "method_not_allowed")


def test_problems_of_the_input_are_listed_and_capped(client, monkeypatch):
    problems = [Problem("qty_not_positive", "must be > 0 " * 200, pointer=f"/a/{at}", value="-5") for at in range(5000)]

    def refuse(body, settings):
        raise InputError(problems)

    monkeypatch.setattr("quartermaster.service.app.plan_call", refuse)
    response = client.post("/v1/plan", content=b"{}", headers=JSON)
    body = check_problem(response, 422, "validation")
    assert body["errors_total"] == 5000
    assert 50 < len(body["errors"]) <= 100
    assert len(response.content) <= 64 * 1024
    assert body["errors"][0]["pointer"] == "/a/0"


def test_our_own_fault_says_nothing_of_itself(client, monkeypatch, caplog):
    def fail(body, settings):
        raise RuntimeError("secret /etc/passwd")

    monkeypatch.setattr("quartermaster.service.app.plan_call", fail)
    response = client.post("/v1/plan", content=b"{}", headers=JSON)
    check_problem(response, 500, "internal")
    assert "secret" not in response.text
    assert "secret" in caplog.text


def test_work_beyond_the_queue_is_put_off_while_health_answers(monkeypatch):
    go = threading.Event()
    monkeypatch.setattr("quartermaster.service.app.plan_call", lambda body, _: {"went": go.wait(20)})

    async def scenario():
        app = create_app(ServiceSettings(workers=1, waiting=1, retry_after_seconds=7))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            held = [asyncio.create_task(client.post("/v1/plan", content=b"{}", headers=JSON)) for _ in range(2)]
            while (await client.get("/healthz")).json()["working"] < 2:
                await asyncio.sleep(0.01)
            refused = await client.post("/v1/plan", content=b"{}", headers=JSON)
            health = await client.get("/healthz")
            go.set()
            served = await asyncio.gather(*held)
            again = await client.post("/v1/plan", content=b"{}", headers=JSON)
            return refused, health, served, again

    refused, health, served, again = asyncio.run(asyncio.wait_for(scenario(), 30))
    check_problem(refused, 503, "busy")
    assert refused.headers["retry-after"] == "7"
    assert health.json() == {"status": "ok", "working": 2, "places": 2}
    assert [response.status_code for response in (*served, again)] == [200, 200, 200]


def test_settings_refuse_what_cannot_work():
    with pytest.raises(ValueError, match="workers"):
        ServiceSettings(workers=0)
    with pytest.raises(ValueError, match="max_time_limit_seconds"):
        ServiceSettings(max_time_limit_seconds=0)


def test_the_contract_lists_what_is_served(client):
    document = json.loads(client.get("/openapi.json").content)
    assert {path: set(methods) for path, methods in document["paths"].items()} == {
        "/v1/plan": {"post"},
        "/v1/evaluate": {"post"},
        "/healthz": {"get"},
    }


def test_every_code_is_published(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Finding"]["properties"]["code"]["enum"]) == set(CODES)
    assert set(schemas["ProblemAnswer"]["properties"]["code"]["enum"]) == set(ANSWERS) - {"utf16"}
