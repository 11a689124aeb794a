"""What the README tells newcomers to type works as it is written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from command_line import CommandLine

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
INSTALLS = [line for block in SHELL for line in block.splitlines() if line.startswith("python3.11 -m venv")]
COMMANDS = [line for block in SHELL for line in block.splitlines() if line.startswith("quartermaster ")]


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    return CommandLine(monkeypatch, capsys)


def test_two_commands_one_line_each():
    demo, tests = INSTALLS
    assert demo.endswith("&& .venv/bin/quartermaster demo")
    assert "&& .venv-test/bin/pytest " in tests
    for line in INSTALLS:
        assert "pip install" in line
        assert "-c .ci/constraints.txt" in line
        assert " -e " not in line  # a wheel is what users get


def test_ci_runs_both_word_for_word():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    wanted = re.findall(r"grep -m1 '([^']+)' README.md", script)
    found = [next(line for line in README.splitlines() if re.search(pattern, line)) for pattern in wanted]
    assert sorted(found) == sorted(INSTALLS)


def test_constraints_are_plain_pins():
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 50
    for line in pins:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)


def test_the_commands_work_in_their_order(command):
    assert len(COMMANDS) >= 5
    for line in COMMANDS:
        done = command(*shlex.split(line)[1:])
        assert done.code == 0, (line, done.err)


def test_every_command_is_described():
    from typer.main import get_command

    from quartermaster.cli.app import app

    described = set(re.findall(r"^\| `quartermaster (\w+)", README, re.MULTILINE))
    assert described == set(get_command(app).commands)


def test_the_demo_in_small(command):
    line = INSTALLS[0].rpartition("&& .venv/bin/quartermaster ")[2]
    done = command(*shlex.split(line), "--orders", "40", "--nodes", "6", "--time-limit", "10")
    assert done.code == 0
    shown = README.partition("```text\n")[2].partition("```")[0]
    for words in (
        "What the optimal plan saves over each rule",
        "Key figures",
        "Backorders by reason",
        "fewest_shipments",
    ):
        assert words in shown
        assert words in done.out


def test_the_python_works(command):
    assert command("init", "day").code == 0
    assert len(PYTHON) == 4
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 (it is our own page)
    assert json.loads(Path("out/plan.json").read_text())["status"] == "optimal"
    assert list(json.loads(Path("request.json").read_text())) == ["snapshot"]


def test_pictures_and_files_it_names_exist():
    named = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert named
    for name in [
        *named,
        "solver_models/README.md",
        ".ci/run",
        ".ci/long",
        "LICENSE",
        "CHANGELOG.md",
        "benchmarks",
        "notebooks",
    ]:
        assert (ROOT / name).exists(), name
