"""Running the application with uvicorn."""

from __future__ import annotations

import sys
from decimal import Decimal

from quartermaster.errors import InputError, Problem
from quartermaster.service.settings import ServiceSettings

_LOCAL = ("127.0.0.1", "::1", "localhost")


def serve(*, host: str = "127.0.0.1", port: int = 8000, workers: int = 1, max_time_limit_seconds: float = 60.0) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    host, port
        Address to listen on.
    workers
        Requests worked on at the same time.
    max_time_limit_seconds
        Longest time limit a caller may ask for, seconds.

    Raises
    ------
    InputError
        If a limit is not valid, or the extra with the server is not installed.
    """
    try:
        import uvicorn

        from quartermaster.service.app import create_app
    except ImportError:
        detail = "the server is an extra: pip install 'quartermaster[service]'"
        raise InputError([Problem("missing_field", detail)]) from None
    try:
        settings = ServiceSettings(workers=workers, max_time_limit_seconds=Decimal(str(max_time_limit_seconds)))
    except (ValueError, ArithmeticError) as error:
        raise InputError([Problem("out_of_range", str(error), column="max-time-limit")]) from None
    if host not in _LOCAL:
        sys.stderr.write(
            f"quartermaster: listening on {host}, and there is no login: whoever reaches this address can plan\n"
        )
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        server_header=False,
        log_level="info",
        access_log=False,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 2**10,  # above our own caps, so that those answer
    )
