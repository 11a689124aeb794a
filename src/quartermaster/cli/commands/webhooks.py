"""``quartermaster webhooks``: who is told of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.database import DEFAULT_DATABASE, Database, opened
from quartermaster.cli.webhook_options import WebhookKey

if TYPE_CHECKING:
    from pathlib import Path

    from quartermaster.store.webhooks import Webhook

webhooks = typer.Typer(
    name="webhooks",
    no_args_is_help=True,
    help="Say who is told of the events of a scope.\n\n[bold]Examples[/bold]\n\n"
    "- quartermaster webhooks create shop --scope north --url https://shop.example/events "
    "--webhook-key-file webhooks.key\n\n- quartermaster webhooks list",
)
WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, of your choice.", show_default=False)]
ScopeId = Annotated[str, typer.Option("--scope", help="The scope whose events it is told of.", show_default=False)]


@webhooks.command()
def create(
    webhook: WebhookId,
    scope: ScopeId,
    url: Annotated[str, typer.Option(help="Where events are sent, https://HOST/….", show_default=False)],
    kind: Annotated[
        list[str] | None,
        typer.Option("--type", help="Type of event; may be given several times. Without, every type."),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Tell of all that ever happened, not only of what does from now on.")
    ] = False,
    webhook_key_file: WebhookKey = None,
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Make a webhook and print the secret by which its events are signed, this once: it is not kept.

    The secret is derived from the key in the file, which is made where it is not there. `quartermaster serve` needs the
    same file, and must be told by --webhook-host that the host is allowed.

    [bold]Examples[/bold]

    - quartermaster webhooks create shop --scope north --url https://shop.example/events --webhook-key-file webhooks.key
    """
    with opened(database) as store:
        from secrets import token_hex

        from quartermaster.service.webhooks.secrets import digest, secret_of
        from quartermaster.store.webhooks import make_webhook

        _see(url)
        salt = token_hex(16)
        secret = secret_of(_key(webhook_key_file), scope, webhook, salt)
        made = store.transact(
            lambda transaction: make_webhook(
                transaction,
                scope,
                webhook,
                url=url,
                types=kind or (),
                salt=salt,
                secret_sha256=digest(secret),
                from_start=from_start,
            )
        )
    if json:
        print_json({"secret": secret, **_document(made)})
    else:
        typer.echo(secret)
        typer.echo("Keep it now: it is not shown again.", err=True)


@webhooks.command("list")
def list_webhooks(
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """List the webhooks: how far each was told, and why not further.

    [bold]Examples[/bold]

    - quartermaster webhooks list --json
    """
    with opened(database) as store:
        from quartermaster.store.webhooks import every_webhook, waiting_events

        with store.read() as transaction:
            waiting = waiting_events(transaction)
            found = [
                {**_document(one), "waiting": waiting[one.scope_id, one.webhook_id]}
                for one in every_webhook(transaction)
            ]
    if json:
        print_json(found)
        return
    from quartermaster.cli.records import show_records

    show_records("webhooks", found)


@webhooks.command()
def resume(
    webhook: WebhookId,
    scope: ScopeId,
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Try a webhook again at once, one that was given up too; it goes on after the last event that it has taken.

    [bold]Examples[/bold]

    - quartermaster webhooks resume shop --scope north
    """
    with opened(database) as store:
        from quartermaster.store.webhooks import resume_webhook

        resumed = store.transact(lambda transaction: resume_webhook(transaction, scope, webhook))
    if json:
        print_json(_document(resumed))
    else:
        typer.echo(f"{webhook} is told again, after event {resumed.after}.")


@webhooks.command()
def remove(
    webhook: WebhookId,
    scope: ScopeId,
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Remove a webhook, for good.

    [bold]Examples[/bold]

    - quartermaster webhooks remove shop --scope north
    """
    with opened(database) as store:
        from quartermaster.store.webhooks import remove_webhook

        store.transact(lambda transaction: remove_webhook(transaction, scope, webhook))
    if json:
        print_json({"removed": webhook})
    else:
        typer.echo(f"Removed {webhook}.")


def _key(path: Path | None) -> bytes:
    from quartermaster.errors import InputError, Problem
    from quartermaster.service.webhooks.secrets import make_key, read_key

    if path is None:
        raise InputError([Problem("secret_file", "give --webhook-key-file FILE; it is made where it is not there")])
    return read_key(path) if path.exists() else make_key(path)


def _see(url: str) -> None:
    """See that a URL could be sent to; whether its host is allowed is for the service to say."""
    from quartermaster.errors import InputError, Problem
    from quartermaster.service.webhooks.targets import TargetRefused, readable_url

    try:
        readable_url(url)
    except TargetRefused as refused:
        raise InputError([Problem("out_of_range", f"--url {refused}")]) from None


def _document(one: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": one.webhook_id,
        "scope": one.scope_id,
        "url": one.url,
        "types": list(one.types),
        "state": one.state,
        "after": one.after,
        "failures": one.failures,
        "failure": one.failure,
    }
