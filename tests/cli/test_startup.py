"""The command line starts quickly, because nothing heavy is imported before a command runs."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

COMMANDS = ("demo", "plan", "validate", "init", "evaluate", "compare", "serve", "bench", "worker", "db", "keys")
HEAVY = (
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


def test_help_takes_half_a_second_at_most():
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("-c", RUN, "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) <= 0.5  # of the processor: how long it waits for one is not ours


def test_version_is_the_packages():
    from importlib.metadata import version

    assert run("-c", RUN, "--version").stdout.strip() == f"quartermaster {version('quartermaster')}"
