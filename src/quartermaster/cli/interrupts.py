"""Ctrl-C while a solver works: it does not look up until it is done, and may lose the interrupt on its way back."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

from quartermaster.cli.exits import ExitCode, tell_interrupted

GRACE_SECONDS = 0.5
"""Time in which Python itself may end the command the usual way, before the process is left."""
_SHOW_CURSOR = "\x1b[?25h"


@contextlib.contextmanager
def leave_at_once() -> Iterator[None]:
    """Make Ctrl-C end the process within a second while the block runs; files are whole or not there at any time."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(read_end, ended), daemon=True)
    before = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(write_end)  # ends the watcher


def _watch(read_end: int, ended: threading.Event) -> None:
    """Wait for the number of a signal; leave on SIGINT, end when the other side is closed."""
    with os.fdopen(read_end, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            if number[0] == signal.SIGINT and not ended.wait(GRACE_SECONDS):
                if sys.stderr.isatty():
                    sys.stderr.write(_SHOW_CURSOR)
                tell_interrupted()
                os._exit(ExitCode.INTERRUPTED)
