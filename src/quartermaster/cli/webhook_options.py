"""Options about webhooks: which hosts may be told, and the key from which secrets are derived."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WebhookHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--webhook-host",
        envvar="QUARTERMASTER_WEBHOOK_HOSTS",
        metavar="HOST[:PORT]",
        help="Host to which events may be sent; may be given several times. Without any, none is sent.",
        rich_help_panel="Webhooks",
    ),
]
"""The option ``--webhook-host``."""
WebhookPrivateHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--webhook-private-host",
        envvar="QUARTERMASTER_WEBHOOK_PRIVATE_HOSTS",
        metavar="HOST[:PORT]",
        help="The same for a host that may be at a private address.",
        rich_help_panel="Webhooks",
    ),
]
"""The option ``--webhook-private-host``."""
WebhookKey = Annotated[
    Path | None,
    typer.Option(
        "--webhook-key-file",
        envvar="QUARTERMASTER_WEBHOOK_KEY_FILE",
        metavar="FILE",
        help="File with the key from which secrets of webhooks are derived.",
        rich_help_panel="Webhooks",
    ),
]
"""The option ``--webhook-key-file``."""
