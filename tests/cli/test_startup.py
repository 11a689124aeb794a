"""The command line starts quickly, because nothing heavy is imported before a command runs."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

COMMANDS = (
    "demo", "plan", "validate", "init", "evaluate", "compare", "serve", "bench", "worker", "db", "keys", "webhooks",
)  # fmt: skip
HEAVY = (
    "structlog",
    "httpx",
    "sqlalchemy",
    "procrastinate",
    "numpy",
    "pandas",
    "scipy",
    "ortools",
    "fastapi",
    "uvicorn",
    "altair",
    "geopy",
    "zipcodes",
)
RUN = "from quartermaster.cli import main; main()"


def run(*arguments, **kwargs):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, **kwargs)


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_imports_nothing_heavy_and_shows_an_example(command):
    done = run("-X", "importtime", "-c", RUN, *command, "--help")
    assert done.returncode == 0
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "typer" in imported  # or the list would prove nothing
    assert imported.isdisjoint(HEAVY)
    assert f"quartermaster {command[0] if command else 'demo'}" in done.stdout


def processor_seconds(*arguments) -> float:
    """The least processor time of a few runs of Python."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(*arguments).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seconds)


def test_help_costs_little_beside_what_prints_it():
    printing = processor_seconds("-c", "import typer, rich.console, rich.panel, rich.table, rich.markdown")
    assert processor_seconds("-c", RUN, "--help") <= 2.5 * printing  # 1.7 times, as measured


def test_version_is_the_packages():
    from importlib.metadata import version

    assert run("-c", RUN, "--version").stdout.strip() == f"quartermaster {version('quartermaster')}"
