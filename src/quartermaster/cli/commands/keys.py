"""``quartermaster keys``: who may call the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.database import DEFAULT_DATABASE, Database, opened

if TYPE_CHECKING:
    from quartermaster.store.keys import Key

DAY_SECONDS = 86_400

keys = typer.Typer(
    name="keys",
    no_args_is_help=True,
    help="Make, list and revoke the keys of the service.\n\n"
    "[bold]Examples[/bold]\n\n- quartermaster keys create --name shop --action plan\n\n- quartermaster keys list",
)


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="Whose key it is, for people.", show_default=False)],
    action: Annotated[
        list[str], typer.Option(help="read, plan, commit or admin; may be given several times.", show_default=False)
    ],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="Scope it sees; may be given several times. Without, it sees every scope.", show_default=False
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3_650, help="Days it is good for; none = until it is revoked.")
    ] = None,
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept.

    [bold]Examples[/bold]

    - quartermaster keys create --name shop --action read --action plan --scope north

    - quartermaster keys create --name operations --action admin --days 90 --json
    """
    with opened(database) as store:
        from quartermaster.store.instants import SECOND
        from quartermaster.store.keys import make_key

        lifetime = None if days is None else days * DAY_SECONDS * SECOND
        secret, key = store.transact(lambda transaction: make_key(transaction, name, action, scope or (), lifetime))
    if json:
        print_json({"key": secret, **_document(key)})
    else:
        typer.echo(secret)
        typer.echo("Keep it now: it is not shown again.", err=True)


@keys.command("list")
def list_keys(
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """List the keys, without what is secret of them.

    [bold]Examples[/bold]

    - quartermaster keys list --json
    """
    with opened(database) as store:
        from quartermaster.store.keys import every_key

        with store.read() as transaction:
            found = [_document(key) for key in every_key(transaction)]
    if json:
        print_json(found)
        return
    from quartermaster.cli.records import show_records

    show_records("keys", found)


@keys.command()
def revoke(
    key_id: Annotated[
        str, typer.Argument(metavar="KEY", help="Its id: the part before the point.", show_default=False)
    ],
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Revoke a key, for good.

    [bold]Examples[/bold]

    - quartermaster keys revoke qm_0123456789abcdef
    """
    with opened(database) as store:
        from quartermaster.store.keys import revoke_key

        key = store.transact(lambda transaction: revoke_key(transaction, key_id))
    if json:
        print_json(_document(key))
    else:
        typer.echo(f"Revoked {key.key_id} ({key.name}).")


def _document(key: Key) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "actions": list(key.actions),
        "scopes": list(key.scope_ids),
        "expires_at": _written(key.expires_at),
        "revoked_at": _written(key.revoked_at),
        "last_used_at": _written(key.last_used_at),
    }


def _written(instant: int | None) -> str | None:
    if instant is None:
        return None
    from quartermaster.store.instants import time_of

    return time_of(instant).isoformat(timespec="seconds")
