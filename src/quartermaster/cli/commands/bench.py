"""``quartermaster bench``: the benchmark suite on this machine."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from quartermaster.cli.conduct import Debug, Errors, ErrorsForm, Json, print_json
from quartermaster.cli.progress import Progress, progress_bar


class Suite(StrEnum):
    """The suites by how long they take."""

    SMOKE = "smoke"
    STANDARD = "standard"
    FULL = "full"


def bench(
    suite: Annotated[
        Suite,
        typer.Option(
            help="smoke: a minute; standard: up to 100 000 orders, an hour or two; full: a million orders too."
        ),
    ] = Suite.SMOKE,
    families: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="In place of the suite's, such as M2,L: tiny, S, S-opening, M2, M, L, XL, or L-typical and the like.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="NUMBERS", help="Seeds in place of each family's own, such as 1,2,3.", show_default=False),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Also give seed 1 as one model to SCIP, HiGHS and CP-SAT, under the same limit."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Data of the real day, which a checkout can build.", show_default=False),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Named rules beside the optimum, in place of each family's own; none = none.",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        int | None, typer.Option(min=1, help="Seconds of each plan, in place of each family's own.", show_default=False)
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Threads of each plan.")] = 1,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Results file, written after each instance.")] = Path(
        "quartermaster-bench.json"
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Measure only what the results file does not have yet.")] = False,
    json: Json = False,
    errors: Errors = ErrorsForm.TEXT,
    debug: Debug = False,
) -> None:
    """Measure cost, proof, seconds and memory on generated instances, each in a process of its own.

    [bold]Examples[/bold]

    - quartermaster bench

    - quartermaster bench --families M --seeds 1 --plain

    - quartermaster bench --suite standard --plain --data data --out results.json --keep
    """  # fmt: skip
    from quartermaster.bench.checkout import SCRIPTS, find_checkout
    from quartermaster.bench.families import FAMILIES, SUITES, families_named
    from quartermaster.bench.measure import provenance
    from quartermaster.bench.suite import Choice, run_suite
    from quartermaster.cli.bench_table import show_results

    own = dict(SUITES[suite])
    if families is not None:
        try:
            named = families_named(_words(families))
        except KeyError as error:
            known = ", ".join(FAMILIES)
            raise typer.BadParameter(
                f"no family is called {error}; known are {known}", param_hint="--families"
            ) from None
        own = {family.name: SUITES["full"].get(family.name, (1,)) for family in named}
    if seeds is not None:
        own = dict.fromkeys(own, _seeds(seeds))
    checkout = find_checkout()
    if data is not None and checkout is None:
        raise typer.BadParameter(
            "the real day is built by benchmarks/real_day.py, which an installed package does not carry: run the "
            "command in a checkout of the repository", param_hint="--data",
        )  # fmt: skip
    if data is not None and not data.is_dir():
        raise typer.BadParameter(f"{data} is no folder", param_hint="--data")
    choice = Choice(
        seeds=own,
        plain=plain,
        time_limit=time_limit,
        rules=None if rules is None else _rules(rules),
        threads=threads,
        real_day=None if data is None else (data, _seeds(seeds or "1,2,3")),
        keep=keep,
        scripts=SCRIPTS[suite] if families is None and checkout is not None else (),
    )
    _check_writable(out)
    if any(FAMILIES[name].parquet for name in own) and find_spec("pyarrow") is None:
        raise typer.BadParameter(
            "L and XL are read from Parquet: pip install 'quartermaster[parquet]'", param_hint="--families"
        )
    with progress_bar(wanted=not json) as progress:
        content = run_suite(choice, out, _told(progress), checkout)
    if json:
        print_json({**provenance(), **content})
    else:
        show_results(content, out)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _seeds(text: str) -> tuple[int, ...]:
    if not _words(text) or not all(word.isascii() and word.isdecimal() for word in _words(text)):
        raise typer.BadParameter(f"{text!r} is not a list of whole numbers such as 1,2,3", param_hint="--seeds")
    return tuple(int(word) for word in _words(text))


def _rules(text: str) -> tuple[str, ...]:
    from quartermaster.policy import RULES

    named = tuple(_words(text)) if text != "none" else ()
    for name in named:
        if name not in RULES:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(RULES)}", param_hint="--rules")
    return named


def _check_writable(out: Path) -> None:
    """See before the first hour of work that its results can be written."""
    if out.is_dir() or not out.resolve().parent.is_dir():
        raise typer.BadParameter(f"{out} cannot be written: its folder is not there, or it is one", param_hint="--out")


def _told(progress: Progress | None) -> Progress:
    """Say on stderr what is being measured: as bars on a terminal, else a line each."""
    begun: list[str] = []

    def told(what: str, share: float) -> None:
        if progress is None:
            sys.stderr.write(f"bench: {100 * share:3.0f} % {what}\n")
            sys.stderr.flush()
            return
        if begun:
            progress(begun[-1], 1.0)
        begun.append(what)
        progress(what, 0.0)

    return told
