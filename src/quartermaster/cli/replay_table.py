"""What a replay found, as a table for a terminal."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rich.table import Table

from quartermaster.cli.conduct import console
from quartermaster.cli.tables import MISSING, money, percent
from quartermaster.domain.money import from_micro
from quartermaster.replay import Replay, regret


def show_replay(replay: Replay, folder: Path | None) -> None:
    """Print one row per policy and seed, the bound, and where the files are.

    Parameters
    ----------
    replay
        What was found.
    folder
        Where it was written; None = nowhere.
    """
    stream, bound, screen = replay.stream, replay.bound, console()
    currency = stream.snapshot.currency
    screen.print(
        f"Stream of {len(stream.snapshot.orders):,} orders in {stream.n_windows:,} windows of {stream.window}, "
        f"from {stream.begin.isoformat()} to {stream.closes(stream.n_windows - 1).isoformat()}",
        markup=False,
    )
    screen.print(_policies(replay, currency))
    if bound is not None:
        screen.print(
            f"Clairvoyant bound: {money(from_micro(bound.bound_micro))} {currency}, certified: no policy costs "
            f"less. The relaxed plan that it is the bound of costs {money(from_micro(bound.total_micro))}; "
            f"{bound.seconds:.1f} s.",
            markup=False,
        )
    if not replay.deterministic:
        screen.print("Note: a time limit ended a search; another run may give other figures", markup=False)
    if folder is not None:
        screen.print(f"Replay: {folder}", markup=False, soft_wrap=True)


def _policies(replay: Replay, currency: str) -> Table:
    table = Table(title="Policies through the stream", title_justify="left", title_style="bold")
    seeds = len({held.seed for held in replay.policies}) > 1
    table.add_column("policy")
    headings = (f"total {currency}", "serving", "backorder", "hold, move", "regret", "fill", "splits", "late", "s")
    for heading in (*(["seed"] if seeds else []), *headings):
        table.add_column(heading, justify="right")
    for held in replay.policies:
        total = held.total
        cost = {term: from_micro(micro) for term, micro in total.cost_micro.items()}
        extra = cost["hold"] + cost["stability"]
        ordered = Decimal(total.units_ordered)
        table.add_row(
            held.policy,
            *([str(held.seed)] if seeds else []),
            money(from_micro(total.total_micro)),
            money(from_micro(total.total_micro) - cost["backorder"] - extra),
            money(cost["backorder"]),
            money(extra) if extra else MISSING,
            percent(regret(held, replay.bound), 2),
            percent(total.units_served / ordered if ordered else None),
            f"{total.split_orders:,}",
            f"{total.late_shipments:,}",
            f"{held.seconds_in_all:.1f}",
        )
    return table
