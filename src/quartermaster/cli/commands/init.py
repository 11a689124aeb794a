"""``quartermaster init``: a small commented snapshot and policy to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, console


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.", show_default=False)],
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Write a small commented snapshot and policy to start from.

    [bold]Examples[/bold]

    - quartermaster init day
    """
    from quartermaster.io.template import write_template

    write_template(folder)
    console().print(f"Wrote {folder}. Next: quartermaster validate {folder}", markup=False)
