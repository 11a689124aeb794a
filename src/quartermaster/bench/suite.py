"""The whole suite: every instance generated, measured and written down, whatever any one of them does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quartermaster.bench.checkout import Checkout
from quartermaster.bench.children import Heard, listen
from quartermaster.bench.families import FAMILIES, Family
from quartermaster.bench.measure import commit, load_average, today
from quartermaster.bench.plain import SOLVERS
from quartermaster.bench.results import Run, read_runs, sorted_runs, write_results
from quartermaster.policy import OPTIMAL, RULES

REAL_DAY = "real day"
"""Family name of the real day in results."""
REAL_DAY_SECONDS = 120
REAL_DAY_POLICY = {"backorder": {"cost_per_unit": 30}}
PLAIN_SEED = 1
"""The plain models are measured on this seed only: they take the whole limit, whatever the seed."""

Told = Callable[[str, float], None]
"""Told what is being measured, and the share of the suite that is done."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to measure, and how.

    Parameters
    ----------
    seeds
        Seeds by family name.
    plain
        Also give the plain model to each solver.
    time_limit
        Seconds in place of each family's own; None = its own.
    rules
        Named rules in place of each family's own; None = its own.
    threads
        Of the policy.
    real_day
        Folder of the real day's data and its seeds; None = leave it out.
    keep
        Leave out what the results file already has.
    scripts
        Scripts of the checkout to run after the instances.
    """

    seeds: dict[str, tuple[int, ...]]
    plain: bool = False
    time_limit: int | None = None
    rules: tuple[str, ...] | None = None
    threads: int = 1
    real_day: tuple[Path, tuple[int, ...]] | None = None
    keep: bool = False
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance to measure.

    Parameters
    ----------
    family
        Its sizes, limit and rules; of the real day only name, limit and rules are used.
    seed
        Its seed.
    generator
        Module and arguments that write it, but for the folder, which comes last.
    policy
        Sections of the policy it is planned by.
    folder
        Where the generator is run; None = here.
    """

    family: Family
    seed: int
    generator: tuple[str, ...]
    policy: dict[str, Any]
    folder: Path | None = None


def run_suite(choice: Choice, out: Path, told: Told, checkout: Checkout | None = None) -> dict[str, Any]:
    """Measure everything that is chosen; the results file is written after each instance.

    Parameters
    ----------
    choice
        What.
    out
        The results file.
    told
        Told of progress.
    checkout
        Needed for the real day and the scripts.

    Returns
    -------
    dict
        The content of the results file, without its provenance.
    """
    runs = {(run["family"], run["seed"]): run for run in (read_runs(out) if choice.keep else [])}
    due = list(instances(choice, checkout))
    for number, instance in enumerate(due):
        key = instance.family.name, instance.seed
        if key in runs and not runs[key]["errors"] and (runs[key].get("plain") or not _plain_solvers(choice, instance)):
            continue
        told(f"{key[0]} seed {key[1]}", number / len(due))
        runs[key] = measured(instance, choice)
        write_results(out, {"runs": sorted_runs(runs.values())})
    content: dict[str, Any] = {"runs": sorted_runs(runs.values())}
    if checkout is not None and choice.scripts:
        content["scripts"] = {}
        for script in choice.scripts:
            told(script.replace("_", " "), 1.0)
            content["scripts"][script] = checkout.run(script)
    write_results(out, content)
    told("done", 1.0)
    return content


def instances(choice: Choice, checkout: Checkout | None) -> Iterator[Instance]:
    """List the instances of a choice, small families first.

    Parameters
    ----------
    choice
        What.
    checkout
        Needed for the real day.
    """
    solver = {"solver": {"threads": choice.threads}}
    for family in FAMILIES.values():
        for seed in choice.seeds.get(family.name, ()):
            generator = ("quartermaster.bench.folder", family.name, str(seed))
            yield Instance(_adapted(family, choice), seed, generator, solver)
    if choice.real_day is not None and checkout is not None:
        data, seeds = choice.real_day
        family = Family(REAL_DAY, 0, 0, 0, 0.0, time_limit_seconds=REAL_DAY_SECONDS, rules=RULES)
        for seed in seeds:
            build = ("benchmarks.real_day", "--data", str(data.resolve()), "--write-seed", str(seed), "--folder")
            yield Instance(_adapted(family, choice), seed, build, {**REAL_DAY_POLICY, **solver}, checkout.root)


def measured(instance: Instance, choice: Choice) -> Run:
    """Generate and measure one instance, each in a process of its own.

    Parameters
    ----------
    instance, choice
        Which one, and how.
    """
    family, errors = instance.family, []
    run: Run = {
        "family": family.name,
        "seed": instance.seed,
        "date": today(),
        "commit": commit(),
        "load_average": load_average(),
        "scarce": family.scarce,
        "time_limit_seconds": family.time_limit_seconds,
        "threads": choice.threads,
    }
    with tempfile.TemporaryDirectory(prefix="quartermaster-bench-") as folder:
        written = listen(instance.generator[0], (*instance.generator[1:], folder), folder=instance.folder)
        order = {"folder": folder, "seconds": family.time_limit_seconds, "policy": instance.policy}
        heard, plain = Heard(), list[dict[str, Any]]()
        if not written.error:
            strategies = [OPTIMAL, *family.rules]
            heard = listen("quartermaster.bench.instance", [json.dumps({**order, "strategies": strategies})])
            plain = [_plain(order, solver) for solver in _plain_solvers(choice, instance)]
    errors += [f"{step}: {error}" for step, error in (("generate", written.error), ("plan", heard.error)) if error]
    errors += [f"{failure['step']}: {failure['error']}" for failure in heard.named("failed")]
    read = _first(heard.named("read"))
    return {
        **run,
        **(read.pop("rows") if read else {}),
        "generate": _first(written.named("generate")),
        "read": read,
        "plans": heard.named("plan"),
        "verify": _first(heard.named("verify")),
        "plain": plain,
        "errors": errors,
    }


def _plain(order: dict[str, Any], solver: str) -> dict[str, Any]:
    heard = listen("quartermaster.bench.plain", [json.dumps({**order, "solver": solver})])
    size, answer = _first(heard.named("size")) or {}, _first(heard.named("answer"))
    if answer is None:  # it was ended, or it fell: its memory is what was seen of it
        watched = [event["tree_memory_mb"] for event in heard.events]
        answer = {"total": None, "bound": None, "peak_memory_mb": max([heard.last_memory_mb, *watched])}
    return {"solver": solver, "size": size, **answer, "error": heard.error}


def _plain_solvers(choice: Choice, instance: Instance) -> tuple[str, ...]:
    return SOLVERS if choice.plain and instance.seed == PLAIN_SEED else ()


def _adapted(family: Family, choice: Choice) -> Family:
    rules = family.rules if choice.rules is None else choice.rules
    seconds = family.time_limit_seconds if choice.time_limit is None else choice.time_limit
    return replace(family, rules=rules, time_limit_seconds=seconds)


def _first(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    return next(iter(events), None)
