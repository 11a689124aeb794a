"""Generated requests against the real server: no server error, no break of the contract. `.ci/long` sends more."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from service_process import running_service

SEED = "20261123"
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 422]  # ids that refer to nothing follow the schema and are refused all the same
"""


def test_generated_requests(tmp_path):
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with running_service(tmp_path, "--workers", "2") as service:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run",
                f"{service.address}/openapi.json", "--checks", "all", "--phases", "examples,fuzzing",
                "--max-examples", "40", "--seed", SEED, "--no-color", "--generation-database", "none",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) >= 60
    assert "internal error" not in (tmp_path / "serve.log").read_text()
