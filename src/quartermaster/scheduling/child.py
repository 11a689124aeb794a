"""Planning in a process of its own, as its parent sees it: started, listened to, asked to stop, and ended for certain.

What plans may hang, crash or take all memory; the parent then has the rule `cheapest` plan, in another such process,
and says so. Nothing comes back only where that fails too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, BinaryIO, cast

from quartermaster.errors import SolverError
from quartermaster.policy import Policy, policy_document
from quartermaster.scheduling.child_side import PLAN, POLICY, REPORT, SNAPSHOT
from quartermaster.scheduling.settings import RunSettings
from quartermaster.solver_processes.child import program_command

RULE = "cheapest"
"""The rule whose plan is taken where no other can be had."""
LOOK_SECONDS = 0.5
"""Longest time between two questions whether to go on."""
LEAVE_SECONDS = 5.0
"""Time in which a process that has closed its output leaves, which tells why."""
LONGEST_WORD = 2**16
"""Bytes of the longest line that is listened to."""
ERRORS = "errors.txt"


class Wish(Enum):
    """What is wanted of a planning process."""

    GO_ON = "go on"
    STOP = "stop"
    """With the best plan so far; remembered until there is one: a signal would end a process that still loads."""
    END = "end"
    """At once, with nothing."""


@dataclass(frozen=True, slots=True)
class Made:
    """What planning left.

    Parameters
    ----------
    parts
        Files of the plan, by name.
    fallback
        Why it is the plan of a rule that was not asked for; empty where it is what was asked for.
    """

    parts: Mapping[str, bytes]
    fallback: str = ""


Ask = Callable[[Mapping[str, Any]], Wish]
"""Told how far planning is, answers what is wanted."""


def planning_command(folder: Path, settings: RunSettings) -> Sequence[str]:
    """Return the command that plans what is in a folder.

    Parameters
    ----------
    folder, settings
        Where, and what it may take.
    """
    call = f"main({os.getpid()}, {str(folder)!r}, {settings.report}, {settings.memory_bytes})"
    return program_command(f"from quartermaster.scheduling.child_side import main; {call}")


def plan_apart(
    content: bytes,
    policy: Policy,
    settings: RunSettings,
    ask: Ask,
    command: Callable[[Path, RunSettings], Sequence[str]] = planning_command,
) -> Made | None:
    """Plan a frozen scope in a process of its own.

    Parameters
    ----------
    content
        The document to plan.
    policy
        How.
    settings
        How long.
    ask
        Called at least every half second.
    command
        Gives the command to run for a folder and settings.

    Returns
    -------
    Made or None
        None where it was ended at once.

    Raises
    ------
    SolverError
        If neither the plan asked for nor that of the rule could be made; says how both ended.
    """
    failure = ""
    for strategy in dict.fromkeys((policy.strategy, RULE)):
        with tempfile.TemporaryDirectory(prefix="quartermaster-") as name:
            folder = Path(name)
            (folder / SNAPSHOT).write_bytes(content)
            document = policy_document(replace(policy, strategy=strategy))
            (folder / POLICY).write_text(json.dumps(document), encoding="utf-8")
            try:
                asked = _unhurried(ask) if strategy == RULE else ask
                ended = _Planning(command(folder, settings), folder, policy, settings, asked).follow()
            except OSError as error:
                ended = f"could not be started: {error}"
            if ended is None:
                return None
            if (folder / PLAN).is_dir():
                return Made(_parts(folder), failure)
        said = f"planning by {strategy} {ended}"
        failure = f"{failure}; {said}" if failure else said
    raise SolverError(failure)


def _unhurried(ask: Ask) -> Ask:
    """Leave the rule the time it takes where a stop is wanted: it has no plan before its whole one, and is the last."""

    def asked(progress: Mapping[str, Any]) -> Wish:
        wish = ask(progress)
        return Wish.GO_ON if wish is Wish.STOP else wish

    return asked


def _parts(folder: Path) -> dict[str, bytes]:
    files = [*sorted((folder / PLAN).iterdir()), folder / REPORT]
    return {path.name: path.read_bytes() for path in files if path.is_file()}


class _Planning:
    """A planning process under way."""

    def __init__(self, command: Sequence[str], folder: Path, policy: Policy, settings: RunSettings, ask: Ask) -> None:
        self._settings, self._ask, self._folder = settings, ask, folder
        limit = float(policy.solver.time_limit_seconds)
        self._allowed = limit + max(settings.grace_seconds, 0.1 * limit)
        self._words: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._told: dict[str, Any] = {"phase": "start", "share": 0.0}
        with (folder / ERRORS).open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, process_group=0
            )
        self._begun = monotonic()
        self._stop_at: float = self._begun + settings.start_seconds
        self._kill_at = self._stop_at + settings.stop_seconds
        self._stoppable = self._wished = self._stopped = False
        threading.Thread(target=self._listen, daemon=True).start()

    def follow(self) -> str | None:
        """Follow the process to its end; say how it ended, or None where that was wanted at once."""
        try:
            while True:
                word = self._next_word()
                if word is None:
                    return self._ending()
                self._take(word)
                now = monotonic()
                wish = self._ask({**self._told, "seconds": round(now - self._begun, 1)})
                if wish is Wish.END:
                    return None
                if now >= self._kill_at:
                    return "was ended: it did not stop in time"
                self._wished |= wish is Wish.STOP
                by_wish = self._wished and self._stoppable and now < self._stop_at
                if not self._stopped and (by_wish or now >= self._stop_at):
                    self._stopped = True
                    if by_wish:  # it may first end the round it is in
                        self._kill_at = min(self._kill_at, now + self._settings.patience_seconds)
                    self._process.send_signal(signal.SIGTERM)
        finally:
            self._end()

    def _next_word(self) -> dict[str, Any] | None:
        """Wait a moment for a word; empty where none came, None where no more will come."""
        try:
            return self._words.get(timeout=LOOK_SECONDS)
        except Empty:
            return {}

    def _take(self, word: dict[str, Any]) -> None:
        if word.get("stoppable"):
            self._stoppable = True
        elif word.get("planned"):
            self._told = {"phase": "report", "share": 0.0}
            self._stop_at = self._kill_at = monotonic() + self._settings.report_seconds
        elif "phase" in word:
            self._told = {"phase": str(word["phase"]), "share": word.get("share", 0.0)}
            if word["phase"] == "begin" and not self._stopped:
                self._stop_at = monotonic() + self._allowed
                self._kill_at = self._stop_at + self._settings.stop_seconds

    def _listen(self) -> None:
        stream = cast(BinaryIO, self._process.stdout)
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(LONGEST_WORD):
                with contextlib.suppress(ValueError):
                    word = json.loads(line)
                    if isinstance(word, dict):
                        self._words.put(word)
        self._words.put(None)

    def _ending(self) -> str:
        try:
            status = self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            return "was ended: it said nothing more"
        if status >= 0:
            last = (self._folder / ERRORS).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            return f"left with exit code {status}" + "".join(f": {line[:300]}" for line in last)
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name}"
        return f"was ended by signal {-status}"

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                cast(BinaryIO, stream).close()
