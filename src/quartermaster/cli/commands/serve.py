"""``quartermaster serve``: the planning API over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; there is no login, so keep it local.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 = any free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Plans made at the same time.", min=1, max=64)] = 1,
    max_time_limit: Annotated[float, typer.Option(help="Longest time limit a caller may ask for, seconds.")] = 60.0,
    max_body: Annotated[int, typer.Option(help="Largest request body, MiB.", min=1, max=1024)] = 64,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Answer POST /v1/plan, POST /v1/evaluate and GET /healthz; the contract is at /openapi.json.

    [bold]Examples[/bold]

    - quartermaster serve

    - quartermaster serve --port 9000 --workers 2
    """
    from quartermaster.service.server import serve as run_server

    run_server(host=host, port=port, workers=workers, max_time_limit_seconds=max_time_limit, max_body_mib=max_body)
