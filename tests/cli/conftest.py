"""A small day in a folder, and the command line to run on it."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from quartermaster.demo import demo_snapshot
from quartermaster.io import write_snapshot


@pytest.fixture(scope="session")
def day(tmp_path_factory):
    """Forty orders, six nodes; never written to."""
    folder = tmp_path_factory.mktemp("cli") / "day"
    write_snapshot(demo_snapshot(orders=40, nodes=6, skus=40, seed=2), folder)
    return folder


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run a command; the current folder is a fresh one."""
    monkeypatch.chdir(tmp_path)
    return CommandLine(monkeypatch, capsys)
