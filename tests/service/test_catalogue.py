"""Every bad document of the catalogue through the API: status, codes and pointers, and never a 500."""

from __future__ import annotations

import json

import pytest
from catalogue import CASES, HERE
from fastapi.testclient import TestClient

from quartermaster.service import create_app
from quartermaster.service.answers import ProblemAnswer

JSON = {"content-type": "application/json"}
BROKEN = {"json_syntax", "json_nonfinite", "json_duplicate_key", "json_too_deep", "encoding"}
DOCUMENTS = [case for case in CASES if (HERE / case / "document.json").exists()]


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), raise_server_exceptions=False) as held:
        yield held


@pytest.mark.parametrize("case", DOCUMENTS)
def test_bad_document(case, client):
    expected = json.loads((HERE / case / "expected.json").read_text(encoding="utf-8"))
    document = (HERE / case / "document.json").read_bytes().removeprefix(b"\xef\xbb\xbf")
    broken = {problem["code"] for problem in expected.get("problems", ())} & BROKEN
    # A document that is no JSON at all is sent as the whole body: inside another it would be another fault.
    whole = bool(broken) or not document.strip()
    body = document if whole else b'{"snapshot": ' + document + b"}"
    response = client.post("/v1/plan", content=body, headers=JSON)
    if not expected.get("problems"):
        assert response.status_code == 200, response.text
        return
    problem = ProblemAnswer.model_validate(response.json())
    if document.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert (response.status_code, problem.code) == (415, "encoding")
        return
    assert response.status_code == (400 if broken else 422), response.text
    prefix = "" if whole else "/snapshot"
    wanted = sorted((entry["code"], prefix + entry["pointer"]) for entry in expected["problems"])
    if document.strip() in (b"null",):
        wanted = [("missing_field", "/snapshot")]
    assert sorted((error.code, error.pointer) for error in problem.errors) == wanted


def test_there_are_documents_to_send():
    assert len(DOCUMENTS) > 40
