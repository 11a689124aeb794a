"""Running the application with uvicorn."""

from __future__ import annotations

import os
import sys
import threading
from decimal import Decimal

from quartermaster.errors import InputError, Problem
from quartermaster.service.settings import MIB, ServiceSettings

_LOCAL = ("127.0.0.1", "::1", "localhost")


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    max_time_limit_seconds: float = 60.0,
    max_body_mib: int = 64,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    host, port
        Address to listen on.
    workers
        Requests worked on at the same time.
    max_time_limit_seconds
        Longest time limit a caller may ask for, seconds.
    max_body_mib
        Largest request body, MiB.

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
        raise InputError([Problem("service_missing", detail)]) from None
    try:
        settings = ServiceSettings(
            workers=workers,
            max_time_limit_seconds=Decimal(str(max_time_limit_seconds)),
            max_body_bytes=max_body_mib * MIB,
        )
    except (ValueError, ArithmeticError) as error:
        raise InputError([Problem("out_of_range", str(error), file="serve")]) from None
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
    if threading.active_count() > 1:
        # A plan is still being made for a caller who is gone. It can be stopped by nothing but the end of the process.
        sys.stderr.flush()
        os._exit(0)
