"""Logs: one line for each thing that happens, JSON or for people, and nothing in it that is secret or of a person.

Modules log through the standard library, with facts as `extra`, as libraries do. What becomes of a record is decided
here, by structlog, for our own records and for those of the libraries beneath.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

LOG = logging.getLogger("quartermaster.service")
OURS = ("quartermaster", "uvicorn")
"""Loggers whose level is chosen; all others speak from warnings on."""
HIDDEN = "***"
LONGEST = 2_000
"""Characters of the longest text that is logged."""
DEEPEST = 4
"""Levels of nested values that are logged."""
MOST_FRAMES = 30
"""Places of a fault that are logged, at the most: the innermost."""
_NO_FIELDS = frozenset({
    "address", "authorization", "body", "city", "content", "cookie", "document", "email", "headers", "lat",
    "latitude", "lon", "longitude", "name", "password", "phone", "postal_code", "query", "secret", "street",
    "token", "url", "zip",
})  # fmt: skip
"""Fields whose values are never logged: they are secret, or of a person, or may hold either."""
_SECRETS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\b(qm_[0-9a-f]{16})\.[\w-]+"), rf"\1.{HIDDEN}"),
    (re.compile(r"\bwhsec_[\w+/=-]+"), f"whsec_{HIDDEN}"),
    (re.compile(r"\b(bearer|basic)\s+[^\s,;\"']+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^\s/:@]*):\S+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(password|passwd|pwd|secret|token|api_?key)(\s*[=:]\s*)\S+", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?<![:*\w])[\w.+-]+@[\w-]+\.[\w.-]+"), HIDDEN),
)
"""Secrets and addresses that may stand in any text: our keys, logins, passwords of URLs and settings, e-mail."""
_CONTROLS = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Characters that would begin a line, colour a terminal or turn its writing around."""


def configure_logs(form: str = "auto", level: str = "info") -> None:
    """Send everything that is logged in this process to stderr, one line each.

    Parameters
    ----------
    form
        ``text`` for people, ``json``, or ``auto``: for people where stderr is a terminal.
    level
        From which weight on the service and its server log: ``debug``, ``info``, ``warning`` or ``error``.
    """
    people = form == "text" or (form == "auto" and sys.stderr.isatty())
    renderer: Processor = structlog.processors.JSONRenderer()
    if people:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        ],
        processors=[
            with_place_of_fault,
            without_secrets,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Stderr)]:
        root.removeHandler(handler)
    own = _Stderr()
    own.setFormatter(formatter)
    root.addHandler(own)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.captureWarnings(True)
    threading.excepthook = _log_fault_of_thread


def with_place_of_fault(_: Any, __: str, event: EventDict) -> EventDict:
    """Say of an exception its classes and where it was raised, never its text: that may hold what was asked.

    Parameters
    ----------
    event
        The record.
    """
    error = event.pop("exc_info", None)
    error = error[1] if isinstance(error, tuple) else error
    event.pop("stack_info", None)
    if isinstance(error, BaseException):
        event["fault"] = " from ".join(_kinds(error))
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        event["fault_at"] = [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def without_secrets(_: Any, __: str, event: EventDict) -> EventDict:
    """Hide what is secret or of a person, and write what would break a line as an escape.

    Parameters
    ----------
    event
        The record.
    """
    event.pop("color_message", None)  # uvicorn says everything twice
    return {name: _safe(name, value, DEEPEST) for name, value in event.items() if not name.startswith("_")} | {
        name: value for name, value in event.items() if name.startswith("_")
    }


class _Stderr(logging.StreamHandler[Any]):
    """Writes to what stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _safe(name: str, value: Any, levels: int) -> Any:
    if name.lower() in _NO_FIELDS:
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if levels and isinstance(value, Mapping):
        return {_safe_text(str(key)): _safe(str(key), one, levels - 1) for key, one in value.items()}
    if levels and isinstance(value, list | tuple | set | frozenset):
        return [_safe("", one, levels - 1) for one in value]
    return _safe_text(str(value))


def _safe_text(text: str) -> str:
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    text = text.translate(_CONTROLS)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _kinds(error: BaseException) -> list[str]:
    """Return the class of an exception, with its code where it has one, and those of its causes."""
    kinds: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < DEEPEST:
        code = getattr(seen, "code", None)
        kinds.append(type(seen).__name__ + (f" ({code})" if isinstance(code, str) else ""))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return kinds


def _module(path: str) -> str:
    """Return the end of a path: enough to find a file, without where this installation is."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _log_fault_of_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_type is SystemExit or told.exc_value is None:
        return
    found: tuple[type[BaseException], BaseException, TracebackType | None]
    found = (told.exc_type, told.exc_value, told.exc_traceback)
    LOG.error("a thread ended in a fault", exc_info=found)
