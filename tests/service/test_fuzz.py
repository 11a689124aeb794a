"""Generated requests against the real server: no server error, no break of the contract. `.ci/long` sends more."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from service_process import running_service

from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store import open_store
from quartermaster.store.keys import make_key
from quartermaster.store.migrate import upgrade

SEED = "20261123"
CONFIG = Path(__file__).parents[2] / ".ci" / "schemathesis.toml"


@pytest.fixture
def config(tmp_path):
    if not CONFIG.exists():
        pytest.skip("only in the checkout")
    return shutil.copy(CONFIG, tmp_path / "schemathesis.toml")


def fuzzed(tmp_path, config, address, *options):
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run",
            f"{address}/openapi.json", "--checks", "all", "--phases", "examples,fuzzing", "--seed", SEED, "--no-color",
            "--generation-database", "none", *options,
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"(\d+) generated", done.stdout)[1])


def test_generated_requests(tmp_path, config):
    with running_service(tmp_path, "--workers", "2") as service:
        assert fuzzed(tmp_path, config, service.address, "--max-examples", "40") >= 60
    assert "internal error" not in (tmp_path / "serve.log").read_text()


def test_generated_requests_to_what_remembers(tmp_path, config):
    url = f"sqlite:///{tmp_path / 'held.db'}"
    store = open_store(url)
    upgrade(store)
    secret, _ = store.transact(lambda transaction: make_key(transaction, "fuzz", ["admin"]))
    store.close()
    options = ("--database", url, "--every", "0", "--max-time-limit", "1")
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "first"}
    with running_service(tmp_path, *options, stateless=False) as service:
        path = f"{service.address}/v1/scopes/north/snapshots/first"
        assert httpx.put(path, json=PLAN_REQUEST["snapshot"], headers=headers).status_code == 201
        generated = fuzzed(
            tmp_path, config, service.address, "--max-examples", "3", "-H", f"Authorization: Bearer {secret}",
            "--exclude-path", "/v1/plan", "--exclude-path", "/v1/evaluate",
        )  # fmt: skip
    assert generated >= 100
    log = (tmp_path / "serve.log").read_text()
    assert "internal error" not in log
    assert secret not in log
