"""The command line: parse, call the public API, print. No rule of the plan lives here."""

from __future__ import annotations


def main() -> None:
    """Run the ``quartermaster`` command and leave with its exit code (see `quartermaster.cli.exits`)."""
    from quartermaster.cli.app import (
        run,
    )  # typer is imported only when a command runs, not on `import quartermaster.cli`

    run()
