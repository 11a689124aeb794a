"""``quartermaster db``: the database of the service, brought up to date, checked and copied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.database import DEFAULT_DATABASE, Database, opened
from quartermaster.cli.exits import ExitCode

db = typer.Typer(
    name="db",
    no_args_is_help=True,
    help="Bring the database of the service up to date, check it, copy it.\n\n"
    "[bold]Examples[/bold]\n\n- quartermaster db upgrade\n\n- quartermaster db check --json",
)


@db.command()
def upgrade(
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Make or change the tables, in one transaction; a database that is up to date stays as it is.

    [bold]Examples[/bold]

    - quartermaster db upgrade

    - QUARTERMASTER_DATABASE_URL=postgresql://qm@db/qm quartermaster db upgrade
    """
    with opened(database, up_to_date=False) as store:
        from quartermaster.store import migrate

        before = migrate.revision(store)
        now = migrate.upgrade(store)
    if json:
        print_json({"before": before, "revision": now})
    else:
        typer.echo(f"At revision {now}; nothing to do." if before == now else f"Now at revision {now}.")


@db.command()
def check(
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Check tables and content: every unit of stock and of orders must be accounted for. Leaves with 4 where it is not.

    [bold]Examples[/bold]

    - quartermaster db check

    - quartermaster db check --database sqlite:////var/lib/quartermaster/qm.db --json
    """
    with opened(database, up_to_date=False) as store:
        from quartermaster.store import migrate

        wrong = migrate.check(store)
    if json:
        print_json({"ok": not wrong, "wrong": wrong})
    else:
        typer.echo("\n".join(wrong) if wrong else "Nothing wrong: everything adds up.")
    if wrong:
        raise typer.Exit(ExitCode.VIOLATIONS)


@db.command()
def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not be there yet.", show_default=False)],
    database: Database = DEFAULT_DATABASE,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Copy an SQLite database as it is now. PostgreSQL is copied by its own pg_dump.

    The service must not be running: SQLite serves one process.

    [bold]Examples[/bold]

    - quartermaster db backup monday.db
    """
    with opened(database, up_to_date=False) as store:
        from quartermaster.store import migrate

        migrate.backup(store, path)
    if json:
        print_json({"backup": str(path)})
    else:
        typer.echo(f"Copied to {path}.")
