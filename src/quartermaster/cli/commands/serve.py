"""``quartermaster serve``: the planning API over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm
from quartermaster.cli.database import DEFAULT_DATABASE, Database, private_files
from quartermaster.cli.logs import Format, Level, LogFormat, LogLevel
from quartermaster.cli.webhook_options import WebhookHosts, WebhookKey, WebhookPrivateHosts


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 = any free one.", min=0, max=65535)] = 8000,
    database: Database = DEFAULT_DATABASE,
    stateless: Annotated[bool, typer.Option("--stateless", help="Remember nothing: no database, no login.")] = False,
    insecure_local: Annotated[
        bool, typer.Option("--insecure-local", help="Ask nobody for a key; on loopback addresses only.")
    ] = False,
    every: Annotated[float, typer.Option(help="Minutes between two runs; 0 = only what is asked for.", min=0)] = 15.0,
    orders: Annotated[int, typer.Option(help="New orders for which a run does not wait; 0 = it waits.", min=0)] = 0,
    workers: Annotated[int, typer.Option(help="Plans made at the same time.", min=1, max=64)] = 1,
    max_time_limit: Annotated[float, typer.Option(help="Longest time limit a caller may ask for, seconds.")] = 60.0,
    max_body: Annotated[
        int, typer.Option(help="Largest body of snapshots and feeds, MiB; others: 8.", min=1, max=1024)
    ] = 64,
    stop: Annotated[
        float, typer.Option("--stop-seconds", min=0, help="Time for requests under way when asked to end, seconds.")
    ] = 10.0,
    webhook_host: WebhookHosts = None,
    webhook_private_host: WebhookPrivateHosts = None,
    webhook_key_file: WebhookKey = None,
    log_format: Format = LogFormat.AUTO,
    log_level: Level = LogLevel.INFO,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Answer over HTTP and run the schedule, in one process; the contract is at /openapi.json.

    Callers need keys, see `quartermaster keys create`. With --stateless only POST /v1/plan and POST /v1/evaluate are
    answered, to everybody who reaches the address.

    [bold]Examples[/bold]

    - quartermaster serve --insecure-local

    - quartermaster serve --stateless --port 9000 --workers 2
    """
    from quartermaster.service.server import serve as run_server
    from quartermaster.service.webhooks.settings import WebhookSettings

    with private_files():
        run_server(
            host=host,
            port=port,
            workers=workers,
            max_time_limit_seconds=max_time_limit,
            max_body_mib=max_body,
            database=None if stateless else database,
            insecure_local=insecure_local,
            every_minutes=every,
            every_orders=orders,
            stop_seconds=stop,
            log_format=log_format,
            log_level=log_level,
            webhooks=WebhookSettings(
                hosts=frozenset(webhook_host or ()),
                private_hosts=frozenset(webhook_private_host or ()),
                insecure_local=insecure_local,
            ),
            webhook_key=webhook_key_file,
        )
