"""What a replay leaves: tables by window and in total, a document, and its seconds apart."""

from __future__ import annotations

import csv
import io as text_io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from quartermaster.domain.money import money_text
from quartermaster.domain.plan import relative_gap
from quartermaster.errors import InputError
from quartermaster.io.atomic_files import write_files
from quartermaster.policy import policy_document
from quartermaster.replay.bound import Clairvoyant
from quartermaster.replay.figures import TERMS, PolicyReplay, WindowFigures
from quartermaster.replay.picture import draw
from quartermaster.replay.run import Replay

COUNTS = tuple(WindowFigures().counts())
PICTURES = ("replay.svg", "replay.png")
"""Written where the extra ``report`` is installed."""


def write_replay(replay: Replay, folder: Path) -> tuple[str, ...]:
    """Write windows.csv, totals.csv, replay.json, run.json and the pictures.

    Equal input gives equal bytes of all but run.json, which holds the seconds, as long as no clock ended a search.

    Parameters
    ----------
    replay
        What was found.
    folder
        Where; made when missing.

    Returns
    -------
    tuple of str
        Names of the files.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    contents = {
        "windows.csv": _csv(_window_rows(replay)),
        "totals.csv": _csv(total_rows(replay)),
        "replay.json": _json(document(replay)),
        "run.json": _json(_run(replay)),
    }
    try:
        svg, png = draw(replay)
        contents.update(zip(PICTURES, (svg, png), strict=True))
    except InputError as error:
        if any(problem.code != "report_missing" for problem in error.problems):
            raise
    write_files(folder, contents, stale=[name for name in PICTURES if name not in contents])
    return tuple(contents)


def total_rows(replay: Replay) -> list[dict[str, Any]]:
    """List the totals of every policy and seed: counts, money as decimal text, rates and regret of 6 places.

    Parameters
    ----------
    replay
        What was found.
    """
    return [_totals(held, replay.bound) for held in replay.policies]


def regret(held: PolicyReplay, bound: Clairvoyant | None) -> Decimal | None:
    """Compute cost / clairvoyant bound - 1, rounded up to 9 places; None without a bound above 0.

    Parameters
    ----------
    held
        A policy's replay.
    bound
        The bound.
    """
    if bound is None or bound.bound_micro <= 0:
        return None
    return relative_gap(held.total.total_micro, bound.bound_micro, bound.bound_micro)


def document(replay: Replay) -> dict[str, Any]:
    """Write a replay as replay.json has it, without its windows.

    Parameters
    ----------
    replay
        What was found.
    """
    stream, bound = replay.stream, replay.bound
    return {
        "snapshot_sha256": replay.snapshot_sha256,
        "currency": stream.snapshot.currency,
        "begin": _instant(stream.begin),
        "end": _instant(stream.closes(stream.n_windows - 1)),
        "window_minutes": int(stream.window.total_seconds()) // 60,
        "windows": stream.n_windows,
        "patience": replay.knobs.patience,
        "hold_cost": format(replay.knobs.hold_cost, "f"),
        "release": replay.knobs.release,
        "stability": format(replay.knobs.stability, "f"),
        "until_arrival": replay.knobs.until_arrival,
        "policy": policy_document(replay.policy),
        "version": version("quartermaster"),
        "deterministic": replay.deterministic,
        "clairvoyant": None
        if bound is None
        else {
            "bound": money_text(bound.bound_micro),
            "claimed_bound": money_text(bound.claimed_micro),
            "total": money_text(bound.total_micro),
            "gap": None if bound.gap is None else format(bound.gap, "f"),
            "deterministic": bound.deterministic,
        },
        "policies": total_rows(replay),
    }


def _totals(held: PolicyReplay, bound: Clairvoyant | None) -> dict[str, Any]:
    total = held.total
    found = regret(held, bound)
    return {
        "policy": held.policy,
        "seed": held.seed,
        **total.counts(),
        "fill_rate": _ratio(total.units_served, total.units_ordered, 1),
        **_money(total),
        "regret": "" if found is None else format(found, "f"),
        "deterministic": "true" if held.deterministic else "false",
    }


def _window_rows(replay: Replay) -> Iterable[dict[str, Any]]:
    stream, bound = replay.stream, replay.bound
    for held in replay.policies:
        spent = came = due = 0
        for number, figures in enumerate(held.windows):
            spent += figures.total_micro
            came += held.came_micro[number]
            due += 0 if bound is None else int(bound.window_micro[number])
            yield {
                "policy": held.policy,
                "seed": held.seed,
                "window": number + 1,
                "opens": _instant(stream.opens(number)),
                "closes": _instant(stream.closes(number)),
                **figures.counts(),
                "fill_rate": _ratio(figures.units_served, figures.units_served + figures.units_short, 1),
                **_money(figures),
                "total_so_far": money_text(spent),
                "came_so_far": money_text(came),
                "clairvoyant_so_far": "" if bound is None else money_text(due),
                "regret_so_far": "" if bound is None else money_text(came - due),
            }


def _money(figures: WindowFigures) -> dict[str, str]:
    return {
        **{term: money_text(figures.cost_micro[term]) for term in TERMS},
        "total": money_text(figures.total_micro),
    }


def _ratio(part: int, whole: int, of_nothing: int) -> str:
    share = Decimal(part) / Decimal(whole) if whole else Decimal(of_nothing)
    return format(share.quantize(Decimal("0.000001")), "f")


def _run(replay: Replay) -> dict[str, Any]:
    return {
        "clairvoyant_seconds": None if replay.bound is None else round(replay.bound.seconds, 3),
        "policies": [
            {
                "policy": held.policy,
                "seed": held.seed,
                "seconds": round(held.seconds_in_all, 3),
                "window_seconds": [round(part, 4) for part in held.seconds],
            }
            for held in replay.policies
        ],
    }


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def _csv(rows: Iterable[dict[str, Any]]) -> bytes:
    written = text_io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(written, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return written.getvalue().encode("utf-8")
