"""The typer application: its commands, its group, and the run of it."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from quartermaster.cli.commands.bench import bench
from quartermaster.cli.commands.compare import compare
from quartermaster.cli.commands.db import db
from quartermaster.cli.commands.demo import demo
from quartermaster.cli.commands.evaluate import evaluate
from quartermaster.cli.commands.init import init
from quartermaster.cli.commands.keys import keys
from quartermaster.cli.commands.plan import plan
from quartermaster.cli.commands.prices import prices
from quartermaster.cli.commands.replay import replay
from quartermaster.cli.commands.serve import serve
from quartermaster.cli.commands.validate import validate
from quartermaster.cli.commands.verify import verify
from quartermaster.cli.commands.webhooks import webhooks
from quartermaster.cli.commands.worker import worker
from quartermaster.cli.conduct import Conduct, drop_stream, settle_streams
from quartermaster.cli.exits import ExitCode, settle


class Group(TyperGroup):
    """The command group, which turns whatever a command raises into its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; a wrong usage stays typer's to show (exit code 2)."""
        conduct = ctx.ensure_object(Conduct)
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if hasattr(error, "format_message"):  # typer's usage errors; where their class lives differs by version
                raise
            raise typer.Exit(settle(error, conduct)) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"quartermaster {version('quartermaster')}")
        raise typer.Exit(ExitCode.DONE)


app = typer.Typer(
    name="quartermaster",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def quartermaster(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Plan which node ships which order line, at least cost, with a proof of how good the plan is.

    Start with [bold]quartermaster demo[/bold], or with [bold]quartermaster init day[/bold] for your own files.

    Exit codes: 0 done, 1 internal error, 2 bad input or usage, 3 the plan misses --require-gap, 4 evaluate or verify
    found violations.
    """


app.command()(demo)
app.command()(plan)
app.command()(validate)
app.command()(init)
app.command()(evaluate)
app.command()(verify)
app.command()(prices)
app.command()(compare)
app.command()(replay)
app.command()(serve)
app.command()(worker)
app.add_typer(db)
app.add_typer(keys)
app.add_typer(webhooks)
app.command()(bench)


def run() -> None:
    """Run the application on the process's arguments and leave with its exit code."""
    settle_streams()
    try:
        app(prog_name="quartermaster")
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:  # the reader (`| head`) left first; that is no fault worth a word
                drop_stream(stream)
