"""``quartermaster replay``: a stream of orders through time under policies side by side."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.interrupts import leave_at_once
from quartermaster.cli.options import NegativeStock, PolicyPath, Stock, Strict, TimeLimit, policy_of, read
from quartermaster.cli.progress import progress_bar

DEFAULT_OUT = Path("replay")
MOST_MONEY = 10**9
"""Dearest price of holding or moving an order."""


def amount_of(text: str) -> Decimal:
    """Read an amount of money of at most 6 decimals.

    Parameters
    ----------
    text
        As typed, such as ``0.25``.

    Raises
    ------
    typer.BadParameter
        If it is not one.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 6):
        raise typer.BadParameter(f"{text!r} is not an amount from 0 to {MOST_MONEY} with at most 6 decimals")
    return amount


def replay(
    stream: Annotated[
        Path,
        typer.Argument(
            metavar="STREAM",
            help="Snapshot whose as_of is the end of the stream: every order with ordered_at, opening stock, "
            "replenishment.",
            show_default=False,
        ),
    ],
    policy: PolicyPath = None,
    window: Annotated[
        str, typer.Option(metavar="LENGTH", help="Orders are planned when a window closes: 15m, 4h, 1d.")
    ] = "1d",
    policies: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Such as optimal,cheapest: optimal, optimal+prices, the named rules, router, router+refreshed, hold, "
            "replan. Default: all that the stream has what it needs for.",
            show_default=False,
        ),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT",
            help="When the first window opens. Default: when the first order comes.",
            show_default=False,
        ),
    ] = None,
    patience: Annotated[
        int, typer.Option(min=0, max=10**6, help="Windows in which an order that is not served whole is tried again.")
    ] = 0,
    hold_cost: Annotated[
        Decimal, typer.Option(parser=amount_of, metavar="MONEY", help="Per order and window that hold lets it wait.")
    ] = Decimal(0),
    release: Annotated[
        int, typer.Option(min=0, max=10**6, help="Windows for which replan may still change an allocation.")
    ] = 1,
    stability: Annotated[
        Decimal, typer.Option(parser=amount_of, metavar="MONEY", help="Per order of which replan moves an allocation.")
    ] = Decimal(0),
    until_arrival: Annotated[
        bool, typer.Option("--until-arrival", help="Price stock only for the days before the next arrival of anything.")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How many seeds of the solver; rules run once.")] = 1,
    workers: Annotated[
        str, typer.Option(metavar="WHERE", help="Processes side by side, or a cluster: dask://local, dask://host:port.")
    ] = "1",
    bound: Annotated[bool, typer.Option("--bound/--no-bound", help="Compute the clairvoyant bound too.")] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the results. Default: replay; with --json nothing is written unless it is given.",
            show_default=False,
        ),
    ] = None,
    time_limit: TimeLimit = None,
    negative_stock: Stock = NegativeStock.REJECT,
    strict: Strict = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Run a stream of orders through time under policies side by side: cost, fill, splits, late, regret.

    [bold]Examples[/bold]

    - quartermaster replay weeks --policy policy.toml --window 15m

    - quartermaster replay weeks --policies optimal,cheapest --window 4h --workers 2 --json
    """  # fmt: skip
    from quartermaster.cli.replay_table import show_replay
    from quartermaster.io.instants import microseconds, parse_instant
    from quartermaster.io.texts import Refused
    from quartermaster.replay import Knobs, document, parse_window, replay_stream, write_replay

    length = parse_window(window)
    try:
        opens = None if begin is None else parse_instant(begin)
        if opens is not None:
            microseconds(opens)  # within the years that are known
    except Refused as refused:
        raise typer.BadParameter(f"{begin!r} {refused.detail}", param_hint="--begin") from None
    chosen = policy_of(policy, time_limit=time_limit)
    checked = read(stream, strict=strict, negative_stock=negative_stock).snapshot
    with leave_at_once(), progress_bar(wanted=not json) as progress:
        found = replay_stream(
            checked,
            chosen,
            window=length,
            policies=None if policies is None else policies.replace(",", " ").split(),
            begin=opens,
            knobs=Knobs(
                patience=patience,
                hold_cost=hold_cost,
                release=release,
                stability=stability,
                until_arrival=until_arrival,
            ),
            seeds=seeds,
            workers=workers,
            bound=bound,
            progress=progress,
        )
    folder = DEFAULT_OUT if out is None and not json else out
    if folder is not None:
        write_replay(found, folder)
    if json:
        print_json(document(found))
    else:
        show_replay(found, folder)
