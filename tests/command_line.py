"""Running the command line in this process and in one of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from quartermaster.cli import main

RUN = (sys.executable, "-c", "from quartermaster.cli import main; main()")
"""The command in a process of its own, however the package is installed."""


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


class CommandLine:
    """Runs commands in this process.

    Parameters
    ----------
    monkeypatch, capsys
        The fixtures of the test.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Done:
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "argv", ["quartermaster", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err or "--debug" in arguments
        return Done(int(left.value.code or 0), out, err)


def run_apart(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own.

    Parameters
    ----------
    arguments
        Of the command.
    options
        Of `subprocess.run`.
    """
    command: Sequence[str] = [*RUN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **options)
