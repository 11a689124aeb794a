"""The planning process: reads a frozen scope and a policy from a folder, plans, and leaves the plan there.

It says how far it is on its standard output, a JSON object a line. SIGTERM asks it for the best plan so far, which it
heeds from the word `stoppable` on: its first rule has then planned every order. It ends with its parent: when its input
closes, and on Linux when the kernel says so.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from time import monotonic
from typing import BinaryIO

SNAPSHOT, POLICY, PLAN, REPORT = "snapshot.json", "policy.json", "plan", "report.html"
"""What is in the folder: written by the parent, the first two; by this process, the others."""
TELL_SECONDS = 0.2
"""Shortest time between two words on the same phase."""


def main(parent: int, folder: str, report: bool, memory_bytes: int = 0) -> None:
    """Plan what is in a folder.

    Parameters
    ----------
    parent
        Process id of the parent.
    folder
        The folder.
    report
        Whether to make report.html, where the extra for it is installed.
    memory_bytes
        Memory that this process may take; 0 = no limit.
    """
    from quartermaster.solver_processes.worker import end_with, limit_memory, take_streams

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to deal with
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    end_with(parent)
    limit_memory(memory_bytes)
    orders, words = take_streams()
    threading.Thread(target=_end_at_end_of, args=(orders,), daemon=True).start()
    _plan(Path(folder), report, stopped, words)


def _plan(folder: Path, report: bool, stopped: threading.Event, words: BinaryIO) -> None:
    from quartermaster import api, io
    from quartermaster.errors import InputError
    from quartermaster.policy import policy_from_mapping

    policy = policy_from_mapping(io.parse_document((folder / POLICY).read_bytes()))
    snapshot = io.read_document(io.parse_document((folder / SNAPSHOT).read_bytes())).snapshot
    said: dict[str, float] = {}
    planned = threading.Event()

    def progress(phase: str, share: float) -> None:
        now = monotonic()
        if now - said.get(phase, -TELL_SECONDS) >= TELL_SECONDS:
            said[phase] = now
            _say(words, phase=phase, share=round(share, 4))
        if phase.startswith("rule ") and share >= 1.0 and not planned.is_set():
            planned.set()
            _say(words, stoppable=True)

    def stop() -> bool:
        return stopped.is_set() and planned.is_set()

    _say(words, phase="begin", share=0.0)
    plan = api.plan(snapshot, policy, progress=progress, stop=stop)
    unfinished = folder / f".{PLAN}"
    plan.write(unfinished)
    unfinished.rename(folder / PLAN)
    _say(words, planned=True)
    if report and not stopped.is_set():
        try:
            page = api.report_html(snapshot, plan).encode()
        except InputError:  # the extra is not installed
            return
        unfinished = folder / f".{REPORT}"
        unfinished.write_bytes(page)
        unfinished.rename(folder / REPORT)


def _say(words: BinaryIO, **fields: object) -> None:
    words.write(json.dumps(fields).encode() + b"\n")
    words.flush()


def _end_at_end_of(orders: BinaryIO) -> None:
    orders.read()
    os._exit(0)
