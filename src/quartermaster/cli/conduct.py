"""How one run of the command line speaks: to which stream, in which form, and how much of a fault it shows."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 120
"""Columns a table takes where the stream is no terminal, so that files and logs do not depend on a window."""


class ErrorsForm(StrEnum):
    """How problems of the input are written to stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class Conduct:
    """What the options common to all commands ask for; filled in while the command line is parsed."""

    errors: ErrorsForm = ErrorsForm.TEXT
    debug: bool = False


def _conduct(context: typer.Context) -> Conduct:
    conduct = context.ensure_object(Conduct)
    context.find_root().obj = conduct
    return conduct


def _remember_errors(context: typer.Context, value: ErrorsForm) -> ErrorsForm:
    _conduct(context).errors = value
    return value


def _remember_debug(context: typer.Context, value: bool) -> bool:
    _conduct(context).debug |= value
    return value


Errors = Annotated[
    ErrorsForm,
    typer.Option(
        "--errors",
        callback=_remember_errors,
        is_eager=True,
        help="How problems of the input are written to stderr: text, or one JSON problem object.",
        rich_help_panel="Every command",
    ),
]
"""The option ``--errors`` of every command that reads input."""

Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        callback=_remember_debug,
        is_eager=True,
        help="Show the traceback of an internal error.",
        rich_help_panel="Every command",
    ),
]
"""The option ``--debug`` of every command."""

Json = Annotated[bool, typer.Option("--json", help="Print the machine form on stdout, and nothing else there.")]
"""The option ``--json`` of every command that prints figures."""


def console(*, stderr: bool = False) -> Console:
    """Make the console of a stream; colours, boxes and width follow what the stream can show.

    Parameters
    ----------
    stderr
        Write to stderr instead of stdout.
    """
    from rich.console import Console  # takes longer than everything else a start imports

    class PipedConsole(Console):
        """A console that leaves a closed pipe to the one place that maps errors to exit codes."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    return PipedConsole(stderr=stderr, width=None if stream.isatty() else PIPED_WIDTH, highlight=False)


def print_json(document: Any) -> None:
    """Print a document as JSON on stdout; ASCII only, so that any terminal and pipe carries it.

    Parameters
    ----------
    document
        Anything `json` can write.
    """
    import json

    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def settle_streams() -> None:
    """Make stdout and stderr safe: present, and never failing on a character they cannot encode."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with the stream closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (lives as long as the process)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_stream(stream: Any) -> None:
    """Point a stream whose reader has gone at nothing, so that flushing it at exit says nothing.

    Parameters
    ----------
    stream
        ``sys.stdout`` or ``sys.stderr``.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # no file behind it: nothing to flush either
        return
