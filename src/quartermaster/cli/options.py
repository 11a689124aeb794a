"""Options and arguments that several commands share, each written once, and the policy they amount to."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from quartermaster.io import Reading
    from quartermaster.policy import Policy

SnapshotPath = Annotated[
    Path,
    typer.Argument(
        metavar="SNAPSHOT", help="Folder of CSV or Parquet files with snapshot.toml, or one JSON document.",
        show_default=False,
    ),
]  # fmt: skip
PolicyPath = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="Policy file (TOML); every key has a default.", show_default=False),
]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time-limit", metavar="SECONDS", help="Wall clock of the planning run, in place of the policy's.",
        show_default=False,
    ),
]  # fmt: skip


class NegativeStock(StrEnum):
    """What a negative stock on hand is read as."""

    REJECT = "reject"
    AS_ZERO = "as-zero"


Stock = Annotated[
    NegativeStock,
    typer.Option("--negative-stock", help="What a negative on_hand is: a problem, or 0 with a warning."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse weights that are merely suspect, too.")]
Quarantine = Annotated[bool, typer.Option("--quarantine", help="Leave out orders with problems, use the rest.")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Do not write report.html.")]


def policy_of(path: Path | None, *, strategy: str | None = None, time_limit: str | None = None) -> Policy:
    """Read the policy file, if any, and let the command line's own words win over it.

    Parameters
    ----------
    path
        Policy file; None = every default.
    strategy
        Strategy in place of the policy's.
    time_limit
        Seconds in place of the policy's, as typed.

    Raises
    ------
    InputError
        If the file, the strategy or the limit is not valid.
    """
    from dataclasses import replace

    from quartermaster import api
    from quartermaster.policy import Policy, policy_document, policy_from_mapping

    policy = Policy() if path is None else api.read_policy(path)
    if time_limit is not None:
        document = policy_document(policy)
        document["solver"]["time_limit_seconds"] = time_limit
        policy = policy_from_mapping(document)
    return policy if strategy is None else replace(policy, strategy=strategy)


def gap_of(text: str) -> Decimal:
    """Read the wanted gap as an exact fraction.

    Parameters
    ----------
    text
        As typed, such as ``0.01``.

    Raises
    ------
    typer.BadParameter
        If it is not a fraction from 0 to 1.
    """
    try:
        gap = Decimal(text)
    except InvalidOperation:
        gap = Decimal(-1)
    if gap.is_nan() or not 0 <= gap <= 1:  # NaN cannot be compared
        raise typer.BadParameter(f"{text!r} is not a fraction from 0 to 1")
    return gap


def read(
    path: Path,
    *,
    quarantine: bool = False,
    strict: bool = False,
    negative_stock: NegativeStock = NegativeStock.REJECT,
) -> Reading:
    """Read a snapshot as the common options ask for.

    Parameters
    ----------
    path
        Folder or document.
    quarantine
        Leave bad orders out.
    strict
        Refuse suspect weights.
    negative_stock
        What a negative stock on hand is read as.

    Raises
    ------
    InputError
        If it is not valid; carries every problem.
    """
    from quartermaster import io

    as_zero = negative_stock is NegativeStock.AS_ZERO
    return io.read_input(path, io.ReadOptions(quarantine=quarantine, strict=strict, negative_stock_as_zero=as_zero))
