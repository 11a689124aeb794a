"""Options of commands that run for long: how they log."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class LogFormat(StrEnum):
    """How a line of the log is written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on things are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Format = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        envvar="QUARTERMASTER_LOG_FORMAT",
        help="Lines on stderr: text for people, json, or auto: text on a terminal, json otherwise.",
        rich_help_panel="Log",
    ),
]
"""The option ``--log-format``."""
Level = Annotated[
    LogLevel,
    typer.Option(
        "--log-level",
        envvar="QUARTERMASTER_LOG_LEVEL",
        help="The least weight that is logged.",
        rich_help_panel="Log",
    ),
]
"""The option ``--log-level``."""
