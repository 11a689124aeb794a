"""The service as its users run it: a process of its own, on a free port."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60


@dataclass(frozen=True)
class RunningService:
    """Address and process of a service."""

    address: str
    pid: int


@contextmanager
def running_service(folder: Path, *options: str, stateless: bool = True) -> Iterator[RunningService]:
    """Run ``quartermaster serve`` until the block ends, then stop it as Ctrl-C does; one that does not stop fails."""
    log_path = folder / "serve.log"
    program = "from quartermaster.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", *(["--stateless"] if stateless else []), "--port", "0", *options]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield RunningService(address_of(process, log_path), process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=30)
        assert code == 0, log_path.read_text()  # stopping it is how it ends
        assert "Traceback" not in log_path.read_text()


def address_of(process: subprocess.Popen[bytes], log_path: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"http://[0-9.]+:[0-9]+", log_path.read_text())
        if found:
            return found[0]
        assert process.poll() is None, log_path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"no address within {START_SECONDS} s: {log_path.read_text()}")
