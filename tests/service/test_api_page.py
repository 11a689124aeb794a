"""The API page says what is served, and its five minutes can be followed word by word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from service_process import running_service

from quartermaster.service import api_page

PAGE = api_page.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_is_served():
    assert api_page.page(PAGE) == PAGE, "run `python -m quartermaster.service.api_page`"


def test_a_changed_page_is_seen(tmp_path, monkeypatch):
    changed = tmp_path / "API.md"
    changed.write_text(PAGE.replace("must be given", "may be given"), encoding="utf-8")
    monkeypatch.setattr(api_page, "PAGE", changed)
    assert api_page.main(["--check"]) == 1
    assert api_page.main([]) == 0
    assert api_page.main(["--check"]) == 0


def commands() -> list[str]:
    """Every command of the five minutes but the one that serves."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.partition("## How it works")[0], re.DOTALL)
    served, *rest = [line for block in blocks for line in block.splitlines()]
    assert served == "quartermaster serve --insecure-local --every 0"
    return rest


@pytest.fixture
def shell(tmp_path):
    """Runs a command as a reader would, in a folder of its own; gives what it prints."""
    bin_folder = Path(sys.executable).parent

    def run(command: str) -> str:
        environment = {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(tmp_path)}
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    return run


def test_the_five_minutes(tmp_path, shell):
    database = f"sqlite:///{tmp_path / 'quartermaster.db'}"
    options = ("--insecure-local", "--every", "0", "--database", database)
    with running_service(tmp_path, *options, stateless=False) as service:
        address, plan_id, told = service.address.removeprefix("http://"), "", []
        for command in commands():
            text = shell(command.replace("127.0.0.1:8000", address).replace("PLAN", plan_id or "PLAN"))
            if command.startswith("curl"):
                told.append(json.loads(text))
                plan_id = plan_id or told[-1].get("plan_id", "")
                if command.endswith("/plans/PLAN"):
                    until = time.monotonic() + 120
                    while json.loads(shell(f"curl -s {address}/v1/scopes/north/plans/{plan_id}"))["state"] in (
                        "queued",
                        "running",
                    ):
                        assert time.monotonic() < until
                        time.sleep(0.2)
        snapshot, queued, _, allocations, events = told
    assert snapshot["version"] == "day-1"
    assert queued["state"] == "queued"
    assert len(allocations["rows"]) == 5
    assert [event["sequence"] for event in events["events"]] == [1, 2, 3, 4, 5]
