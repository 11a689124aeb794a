"""Exit codes, and which error ends with which: the one place that maps them."""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum

from quartermaster.cli.conduct import Conduct, drop_stream
from quartermaster.errors import InputError, StoreError


class ExitCode(IntEnum):
    """What the command line ends with (interface.md section 6; 130 and 141 as shells have them)."""

    DONE = 0
    BUG = 1
    BAD_INPUT = 2
    GAP_MISSED = 3
    VIOLATIONS = 4
    INTERRUPTED = 130
    PIPE_CLOSED = 141


def settle(error: BaseException, conduct: Conduct) -> ExitCode:
    """Tell the user what ended the command and return its exit code.

    Parameters
    ----------
    error
        What the command raised.
    conduct
        Form of the problems, and whether a traceback is wanted.
    """
    if isinstance(error, InputError):
        from quartermaster.cli.problems import show_problems

        show_problems(error.problems, conduct.errors)
        return ExitCode.BAD_INPUT
    if isinstance(error, StoreError):
        sys.stderr.write(f"quartermaster: {error}\n")
        return ExitCode.BAD_INPUT
    if isinstance(error, KeyboardInterrupt):
        tell_interrupted()
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        drop_stream(sys.stdout)
        return ExitCode.PIPE_CLOSED
    if conduct.debug:
        traceback.print_exception(error)
    reason = " ".join(str(error).split())[:300]
    sys.stderr.write(
        f"quartermaster: internal error ({type(error).__name__}: {reason}). This is our bug, not your input: please "
        f"report it to the project's issue tracker with the output of the same command and --debug.\n"
    )
    return ExitCode.BUG


def tell_interrupted() -> None:
    """Say that the command was interrupted."""
    sys.stderr.write("\nquartermaster: interrupted; nothing more is written\n")
    sys.stderr.flush()
