"""``quartermaster worker``: planning on many machines over PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm
from quartermaster.cli.database import DEFAULT_DATABASE, Database, opened
from quartermaster.cli.logs import Format, Level, LogFormat, LogLevel
from quartermaster.cli.options import PolicyPath, TimeLimit, policy_of


def worker(
    policy: PolicyPath = None,
    time_limit: TimeLimit = None,
    every_minutes: Annotated[
        float, typer.Option(min=0.1, max=1440.0, help="Time between two runs of the schedule.")
    ] = 15.0,
    every_orders: Annotated[
        int, typer.Option(min=0, help="New orders for which a run does not wait; 0 = it always waits.")
    ] = 0,
    planners: Annotated[int, typer.Option(min=1, max=64, help="Scopes planned side by side.")] = 1,
    schedule: Annotated[
        bool, typer.Option("--schedule/--no-schedule", help="Ask for runs by itself, or make others' only.")
    ] = True,
    once: Annotated[bool, typer.Option("--once", help="Leave when nothing is queued any more.")] = False,
    database: Database = DEFAULT_DATABASE,
    log_format: Format = LogFormat.AUTO,
    log_level: Level = LogLevel.INFO,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Make the plans that wait in a PostgreSQL database, beside the service and other workers.

    A scope is planned by one worker at a time; what one leaves when it dies, the next takes up.

    [bold]Examples[/bold]

    - QUARTERMASTER_DATABASE_URL=postgresql://qm@db/qm quartermaster worker --planners 2

    - quartermaster worker --database postgresql://qm@db/qm --every-minutes 5 --policy policy.toml
    """
    chosen = policy_of(policy, time_limit=time_limit)
    with opened(database) as store:
        from quartermaster.scheduling.settings import RunSettings
        from quartermaster.scheduling.worker import RunQueue
        from quartermaster.service.logs import configure_logs

        configure_logs(log_format, log_level)
        settings = RunSettings(policy=chosen, every_minutes=every_minutes, every_orders=every_orders, planners=planners)
        RunQueue(store, settings, timetable=schedule).work(once=once)
