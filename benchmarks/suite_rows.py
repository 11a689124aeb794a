"""The results of the suite as Markdown: the optimum, the plain models beside it, the special cases, and limits kept."""

from __future__ import annotations

from statistics import mean
from typing import Any

from quartermaster.bench.outcome import Outcome, outcome_of, plain_words, saving, worst
from quartermaster.bench.results import Run
from quartermaster.policy import RULES

NONE = "–"
"""What a cell shows where there is no figure."""
PLAIN = {"scip": "SCIP", "highs": "HiGHS", "cp_sat": "CP-SAT"}
"""Solvers of plain models, by their names in results."""


def optima(runs: list[Run]) -> str:
    """Write one row per family, and below it each aim that was missed.

    Parameters
    ----------
    runs
        Of the suite.
    """
    head = ["orders × nodes", "seeds", "certified gap", "gap", "limit s", "wall s", "CPU s", "peak MB"]
    rows = [[*head, *(f"over `{rule}`" for rule in RULES)]]
    notes = []
    for name, group in _grouped(runs).items():
        known = [(run, outcome) for run in group if (outcome := outcome_of(run)) is not None]
        if len(known) < len(group):
            notes += [f"{run['family']} seed {run['seed']}: no plan" for run in group if outcome_of(run) is None]
        if known:
            rows.append([name, *_figures([run for run, _ in known], [outcome for _, outcome in known])])
        notes += [
            f"{run['family']} seed {run['seed']}: {', '.join(outcome.missed)}"
            for run, outcome in known
            if outcome.missed
        ]
        notes += [
            f"{run['family']} seed {run['seed']}: `{plan['strategy']}` did not finish in the limit"
            for run in group
            for plan in run["plans"]
            if not plan["finished"]
        ]
        notes += [f"{run['family']} seed {run['seed']}: {error[:200]}" for run in group for error in run["errors"]]
    explained = (
        "Certified gap: by the lower bound that `quartermaster verify` recomputes from the plan's prices, without a "
        "solver; gap: by the better of that and the solver's own; both (total − bound) / total, the worst over the "
        "seeds. Seconds: the whole planning run of the optimum, with the rules it starts from; the mean. Peak: reading "
        "and planning, every process together. Over a rule: the share of its total (backorders included) that the "
        "optimum saves, the mean; a minus would be a loss."
    )
    parts = [markdown(rows), explained, _checked(runs)]
    if notes:
        parts.append("Aims missed, and what did not end well:\n\n" + "\n".join(f"- {note}" for note in notes))
    return "\n\n".join(part for part in parts if part)


def _figures(runs: list[Run], outcomes: list[Outcome]) -> list[str]:
    savings = [[saving(run, rule) for run in runs] for rule in RULES]
    return [
        str(len(runs)),
        percent(worst([outcome.certified_gap for outcome in outcomes]), 3),
        percent(worst([outcome.gap for outcome in outcomes]), 3),
        str(max(run["time_limit_seconds"] for run in runs)),
        f"{mean(outcome.wall_seconds for outcome in outcomes):,.1f}",
        f"{mean(outcome.cpu_seconds for outcome in outcomes):,.1f}",
        f"{max(outcome.memory_mb for outcome in outcomes):,.0f}",
        *(
            percent(mean(share for share in shares if share is not None), 1) if None not in shares else NONE
            for shares in savings
        ),
    ]


def plain_models(runs: list[Run]) -> str:
    """Write the plain models beside ours, one row per instance; empty where none was measured.

    Parameters
    ----------
    runs
        Of the suite.
    """
    rows = [["the same as one model", "columns", "limit s", "SCIP", "HiGHS", "CP-SAT", "most memory"]]
    for run in runs:
        answers = run["plain"]
        if not answers:
            continue
        columns = next((answer["size"]["columns"] for answer in answers if answer["size"]), None)
        memory = [answer["peak_memory_mb"] for answer in answers if answer["size"] and answer["size"]["built"]]
        rows.append(
            [
                f"{run['family']}, seed {run['seed']}",
                NONE if columns is None else f"{columns:,}",
                str(run["time_limit_seconds"]),
                *(plain_words(run, answer) for answer in answers),
                f"{max(memory):,.0f} MB" if memory else NONE,
            ]
        )
    if len(rows) == 1:
        return ""
    explained = (
        "The whole instance as one integer program of shipment columns (`quartermaster.bench.plain`), given to a "
        "solver of OR-Tools as it is, one thread: its cost beside the plan of the table above (+ = dearer), the gap it "
        "claims, and its seconds, without reading and listing the columns."
    )
    return f"{markdown(rows)}\n\n{explained}"


def special_cases(instances: list[dict[str, Any]]) -> str:
    """Write the special cases of `AllocationProblem`, one row per type, and the gaps of plain models beside them.

    Parameters
    ----------
    instances
        Of ``special_cases.json``: each with ``type``, ``sites``, ``jobs``, and in ``runs`` what ``ours`` and perhaps
        solvers of the plain model came to (``gap``, ``cpu_seconds``, ``termination``).
    """
    kinds: dict[str, list[dict[str, Any]]] = {}
    for instance in instances:
        kinds.setdefault(str(instance["type"]), []).append(instance)
    solvers = [name for name in PLAIN if any(name in instance["runs"] for instance in instances)]
    plain = [f"{PLAIN[name]} alone" for name in solvers]
    rows = [["special case", "instances", "proven optimal", "largest gap", "most CPU s", *plain]]
    for kind, own in kinds.items():
        runs = [instance["runs"]["ours"] for instance in own]
        rows.append(
            [
                kind,
                str(len(runs)),
                str(sum(run["termination"] == "optimal" for run in runs)),
                percent(worst([_gap(run) for run in runs]), 3),
                f"{max(float(run['cpu_seconds']) for run in runs):.1f}",
                *(_alone([instance["runs"][name] for instance in own if name in instance["runs"]]) for name in solvers),
            ]
        )
    if not kinds:
        return ""
    explained = (
        "Generalised assignment, types a to e, and single-source facility location, through `solver_models.solve`: one "
        "core, 20 seconds each. A solver alone: the gap it claims for the plain model of the largest instances under "
        "the same limit."
    )
    return f"{markdown(rows)}\n\n{explained if solvers else explained.partition(' A solver alone')[0]}"


def _gap(run: dict[str, Any]) -> float | None:
    return None if run["gap"] is None else float(run["gap"])


def _alone(runs: list[dict[str, Any]]) -> str:
    return percent(worst([_gap(run) for run in runs]), 3) if runs else NONE


def deadlines(runs: list[dict[str, Any]]) -> str:
    """Write how time limits were kept, one row per family and limit.

    Parameters
    ----------
    runs
        Of ``deadlines.json``: ``family``, ``limit``, ``wall``, ``total``, ``cheapest``, ``rule_finished``, ``gap``.
    """
    rows = [["limit kept", "plans", "late", "most over it", "rule finished", "dearer than it", "mean gap"]]
    for family, limit in sorted({(str(run["family"]), float(run["limit"])) for run in runs}):
        own = [run for run in runs if (run["family"], float(run["limit"])) == (family, limit)]
        late = sum(run["wall"] - limit > max(0.5, 0.1 * limit) for run in own)
        dearer = sum(run["rule_finished"] and run["total"] > run["cheapest"] for run in own)
        gaps = [float(run["gap"]) for run in own if run["gap"] is not None]
        rows.append(
            [
                f"{family}, {limit:g} s",
                str(len(own)),
                str(late),
                f"{max(run['wall'] - limit for run in own):+.2f} s",
                str(sum(run["rule_finished"] for run in own)),
                str(dearer),
                percent(sum(gaps) / len(gaps) if gaps else None, 2),
            ]
        )
    explained = (
        "Plans within short limits, each checked by its evaluation; late: more than 0.5 s and more than 10 % after the "
        "limit, counted from the end of reading; the rule is `cheapest`."
    )
    return f"{markdown(rows)}\n\n{explained}" if runs else ""


def _grouped(runs: list[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        size = f": {run['orders']:,} × {run['nodes']:,}" if "orders" in run else ""
        groups.setdefault(f"{run['family']}{size}", []).append(run)
    return groups


def _checked(runs: list[Run]) -> str:
    checks = [run["verify"] for run in runs if run["verify"]]
    if not checks:
        return ""
    violations = sum(check["violations"] for check in checks)
    slowest = max(check["wall_seconds"] for check in checks)
    return f"`verify` of {len(checks)} plans: {violations} violations; the longest took {slowest:.1f} s."


def percent(share: float | None, places: int) -> str:
    """Write a share as per cent.

    Parameters
    ----------
    share
        Fraction; None = no figure.
    places
        Decimals.
    """
    return NONE if share is None else f"{100 * share:.{places}f} %"


def markdown(rows: list[list[str]]) -> str:
    """Write a table; the first row is its head, all columns but the first are figures.

    Parameters
    ----------
    rows
        Cells.
    """
    ruled = [rows[0], ["---", *["---:"] * (len(rows[0]) - 1)], *rows[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in ruled)
